import Checkpoints
import Foundation
import Inference
import Kernels
import Models

/// A Hugging Face checkpoint as a folder that training writes: all of it, or nothing.
///
///     config.json  generation_config.json  tokenizer.json  tokenizer_config.json  ...
///     model.safetensors
struct CheckpointFolder {
    /// The weights' file.
    static let weights = "model.safetensors"

    let path: String

    /// Puts a finished folder in place of what is at `path`.
    ///
    /// - Parameters:
    ///   - files: Contents by name.
    ///   - tensors: The weights.
    /// - Throws: `TrainingError.file` where the disk fails; what was there is still there then.
    func write(
        files: [String: Data], tensors: [(name: String, tensor: TensorView)]
    ) throws(TrainingError) {
        let manager = FileManager.default
        let partial = "\(path).partial"
        do {
            if manager.fileExists(atPath: partial) { try manager.removeItem(atPath: partial) }
            try manager.createDirectory(atPath: partial, withIntermediateDirectories: true)
            for (name, data) in files {
                try data.write(to: URL(fileURLWithPath: "\(partial)/\(name)"))
            }
            // transformers asks for the name of the framework that the tensors come from.
            try SafetensorsWriter.write(
                tensors, metadata: ["format": "pt"], to: "\(partial)/\(Self.weights)")
            if manager.fileExists(atPath: path) { try manager.removeItem(atPath: path) }
            try manager.moveItem(atPath: partial, toPath: path)
        } catch {
            throw .file(path: path, reason: "cannot be written: \(error)")
        }
    }

    /// Writes a network with the words of the checkpoint that it started from.
    ///
    /// - Parameters:
    ///   - network: Whose layout the parameters have.
    ///   - buffer: The parameters; nil for the network's own.
    ///   - companions: What goes beside the weights.
    ///   - type: The element type of the file, as the companions have it.
    /// - Throws: `TrainingError.file` naming what cannot be written.
    func write(
        _ network: TrainableNetwork, _ buffer: FloatBuffer? = nil,
        companions: CheckpointCompanions, as type: ElementType = StartingPoint.resultType
    ) throws(TrainingError) {
        let files = companions.files.map { ($0.key.rawValue, Data($0.value)) }
        do {
            try write(
                files: Dictionary(uniqueKeysWithValues: files),
                tensors: try network.tensors(of: buffer, as: type))
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
    }

    /// JSON as the files of a checkpoint hold it.
    static func json(_ object: [String: Any], path: String) throws(TrainingError) -> Data {
        do {
            return try JSONSerialization.data(
                withJSONObject: object,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
    }
}
