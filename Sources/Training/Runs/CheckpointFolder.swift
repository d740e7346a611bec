import Checkpoints
import Foundation
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
    ///   - start: The folder that configuration and tokenizer are taken from.
    ///   - type: The element type of the file.
    ///   - card: The text of `README.md`; nil for none.
    /// - Throws: `TrainingError.file` naming what is missing or cannot be written.
    func write(
        _ network: TrainableNetwork, _ buffer: FloatBuffer? = nil, like start: String,
        as type: ElementType, card: String? = nil
    ) throws(TrainingError) {
        var files: [String: Data] = [:]
        for file in CompanionFile.allCases {
            files[file.rawValue] = FileManager.default.contents(
                atPath: "\(start)/\(file.rawValue)")
        }
        let name = CompanionFile.configuration.rawValue
        guard let configuration = files[name] else {
            throw .file(path: start, reason: "\(name): expected beside the weights, found nothing")
        }
        files[name] = try Self.naming(type, in: configuration, path: "\(start)/\(name)")
        files["README.md"] = card.map { Data($0.utf8) }
        do {
            try write(files: files, tensors: try network.tensors(of: buffer, as: type))
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
    }

    /// A `config.json` with the element type that the weights now have.
    private static func naming(
        _ type: ElementType, in configuration: Data, path: String
    ) throws(TrainingError) -> Data {
        let names: [ElementType: String] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16"]
        guard
            var object = try? JSONSerialization.jsonObject(with: configuration) as? [String: Any],
            let name = names[type]
        else { throw .file(path: path, reason: "is no JSON object") }
        object["dtype"] = nil
        object["quantization_config"] = nil
        object["torch_dtype"] = name
        return try json(object, path: path)
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
