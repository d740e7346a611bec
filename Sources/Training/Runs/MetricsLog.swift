import Evaluation
import Foundation

/// The numbers of a run, a JSON line a step, for programs that watch or draw it.
final class MetricsLog {
    private let path: String
    private let handle: FileHandle

    /// Opens or makes the file, without the lines of steps that the run's state knows nothing of.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - step: The last step that counts; what was written after it is made again.
    /// - Throws: `TrainingError.file` where it cannot be read and written.
    init(path: String, lastStep step: Int) throws(TrainingError) {
        self.path = path
        if !FileManager.default.fileExists(atPath: path) {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw .file(path: path, reason: "cannot be made")
            }
        }
        guard let handle = FileHandle(forUpdatingAtPath: path) else {
            throw .file(path: path, reason: "cannot be read and written")
        }
        self.handle = handle
        do {
            let data = try handle.readToEnd() ?? Data()
            var kept = 0
            while let end = data[kept...].firstIndex(of: 0x0A) {
                let line = try? JSONDecoder().decode(Line.self, from: data[kept..<end])
                guard let line, line.step <= step else { break }
                kept = end + 1
            }
            try handle.truncate(atOffset: UInt64(kept))
            try handle.seekToEnd()
        } catch {
            throw .file(path: path, reason: "cannot be read and written")
        }
    }

    private struct Line: Decodable {
        var step: Int
    }

    /// Appends a step.
    func append(_ metrics: TrainingMetrics) throws(TrainingError) {
        do {
            try handle.write(contentsOf: Data((metrics.json + "\n").utf8))
        } catch {
            throw .file(path: path, reason: "cannot be written: \(SystemReason.of(error))")
        }
    }
}
