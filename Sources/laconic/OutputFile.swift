import Evaluation
import Foundation

/// A file that a command makes.
enum OutputFile {
    /// Writes it as a whole: where the disk is full or fails, what was at the path is still there,
    /// and nothing else is.
    ///
    /// - Parameters:
    ///   - data: Its bytes.
    ///   - path: Where it goes; a device or a pipe is written to as it is.
    /// - Throws: `EvaluationError.file` naming the path and the system's reason.
    static func write(_ data: Data, to path: String) throws(EvaluationError) {
        var status = stat()
        // Renaming would put a file in place of /dev/stdout.
        let isPlain = unsafe stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
        do {
            try data.write(to: URL(fileURLWithPath: path), options: isPlain ? .atomic : [])
        } catch {
            throw .file(path: path, reason: "cannot be written: \(SystemReason.of(error))")
        }
    }
}
