import Foundation

/// Where a run keeps what it needs to go on, and what it came to.
struct RunFolder {
    let path: String

    init(_ path: String) throws(TrainingError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .file(path: path, reason: "cannot be made")
        }
    }

    var state: String { "\(path)/state.safetensors" }
    var metrics: String { "\(path)/metrics.jsonl" }
}
