import Foundation

/// Where a run keeps what it needs to go on, and what it came to.
struct RunFolder {
    let path: String

    /// Makes a folder where none is, and finds out whether files can be put into it.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - result: What will appear at the end, in this folder or elsewhere; nil for nothing.
    /// - Throws: `TrainingError.file` where the one or the other could not be written.
    init(_ path: String, result: String? = nil) throws(TrainingError) {
        self.path = path
        try Self.make(path)
        guard let result else { return }
        try Self.make(URL(fileURLWithPath: result).deletingLastPathComponent().path)
    }

    private static func make(_ path: String) throws(TrainingError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .file(path: path, reason: "no such folder is there, and none can be made")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            throw .file(path: path, reason: "cannot be written to")
        }
    }

    var state: String { "\(path)/state.safetensors" }
    var metrics: String { "\(path)/metrics.jsonl" }
}
