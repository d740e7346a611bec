import Checkpoints
import Foundation
import Kernels

/// A copy of a safetensors fixture in a folder of its own, to be changed and thrown away.
final class ScratchCheckpoint {
    private let folder: URL
    private var tensors: [(name: String, tensor: TensorView)]

    var path: String { folder.path }

    init(_ fixture: Fixture) throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-models-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: fixture.folder.appendingPathComponent("config.json"),
            to: folder.appendingPathComponent("config.json"))
        let source = try Checkpoint.open(path: fixture.path)
        tensors = source.tensorNames.compactMap { name in
            source.tensor(named: name).map { (name, $0) }
        }
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    subscript(name: String) -> TensorView? {
        get { tensors.first { $0.name == name }?.tensor }
        set {
            tensors.removeAll { $0.name == name }
            if let newValue { tensors.append((name, newValue)) }
        }
    }

    /// Replaces text in config.json.
    func editConfig(_ old: String, to new: String) throws {
        let file = folder.appendingPathComponent("config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        precondition(text.contains(old), "no \(old)")
        try text.replacingOccurrences(of: old, with: new)
            .write(to: file, atomically: true, encoding: .utf8)
    }

    /// Writes the tensors and opens the result.
    func open() throws -> Checkpoint {
        let file = folder.appendingPathComponent("model.safetensors").path
        try SafetensorsWriter.write(tensors, to: file)
        return try Checkpoint.open(path: folder.path)
    }
}
