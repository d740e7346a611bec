public import Checkpoints
public import Kernels
import Models
import Tokenization

/// The files that go beside the weights of a Hugging Face folder, for a checkpoint of any format.
///
/// A folder's files are taken as they are, but for what `config.json` says of the weights; those of
/// a GGUF file are made from its metadata.
public struct CheckpointCompanions: Sendable {
    /// Contents by file.
    public private(set) var files: [CompanionFile: [UInt8]] = [:]

    /// Collects or makes the files.
    ///
    /// - Parameters:
    ///   - checkpoint: An opened checkpoint whose words can be read.
    ///   - type: The element type of the weights that they shall describe: f32, f16 or bf16.
    /// - Throws: `ModelLoadingError`, `.notExportable` for what such files cannot say.
    public init(_ checkpoint: Checkpoint, type: ElementType) throws(ModelLoadingError) {
        do {
            let config = try ModelConfig(checkpoint)
            var configuration: JSONObject
            if let gguf = checkpoint.gguf {
                configuration = try Self.configuration(config, checkpoint.location)
                let words = try Words(gguf, config, path: checkpoint.location)
                for (name, value) in words.ids { configuration[name] = value }
                files = try words.files(path: checkpoint.location)
            } else {
                configuration = try copyFiles(of: checkpoint)
            }
            configuration["tie_word_embeddings"] = .bool(config.tiesEmbeddings)
            configuration["quantization_config"] = nil
            configuration["dtype"] = nil
            configuration["torch_dtype"] = .string(Self.name(type))
            files[.configuration] = Array(JSONValue.object(configuration).text.utf8)
        } catch let error as ModelLoadingError {
            throw error
        } catch {
            throw .checkpoint("\(error)")
        }
    }

    /// Takes all files and gives back the configuration.
    private mutating func copyFiles(of checkpoint: Checkpoint) throws -> JSONObject {
        for file in CompanionFile.allCases { files[file] = try checkpoint.bytes(of: file) }
        guard files[.tokenizer] != nil else {
            throw ModelLoadingError.noTokenizer(path: checkpoint.location)
        }
        guard case .object(let object)? = try checkpoint.json(.configuration)?.value else {
            throw ModelLoadingError.notExportable(
                path: checkpoint.location, reason: "config.json: expected an object")
        }
        return object
    }

    private static func configuration(
        _ config: ModelConfig, _ path: String
    ) throws(ModelLoadingError) -> JSONObject {
        do throws(ModelError) {
            return try config.huggingFaceFile()
        } catch {
            throw .notExportable(path: path, reason: "\(error)")
        }
    }

    private static func name(_ type: ElementType) -> String {
        switch type {
        case .f32: "float32"
        case .f16: "float16"
        case .bf16: "bfloat16"
        default: preconditionFailure("\(type) weights in a Hugging Face folder")
        }
    }
}

/// The words of a GGUF file on their way into JSON files.
private struct Words {
    let vocabulary: GGUFVocabulary
    let template: String?
    let contextLength: Int
    let stopIDs: [Int]

    init(_ gguf: GGUFMetadata, _ config: ModelConfig, path: String) throws(CheckpointError) {
        vocabulary = try GGUFVocabulary(gguf, path: path)
        template = try gguf.string("tokenizer.chat_template")
        contextLength = config.contextLength
        var stopIDs: [Int] = []
        for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            guard let id = try gguf.unsigned("tokenizer.ggml.\(key)"), !stopIDs.contains(id) else {
                continue
            }
            stopIDs.append(id)
        }
        self.stopIDs = stopIDs
    }

    /// The special tokens as configurations name them.
    var ids: [(name: String, value: JSONValue)] {
        func id(_ id: Int32?) -> JSONValue { id.map { .integer(Int($0)) } ?? .null }
        let stops: JSONValue =
            switch stopIDs.count {
            case 0: .null
            case 1: .integer(stopIDs[0])
            default: .array(stopIDs.map { .integer($0) })
            }
        return [
            ("bos_token_id", id(vocabulary.bosID)), ("eos_token_id", stops),
            ("pad_token_id", id(vocabulary.padID)),
        ]
    }

    func files(path: String) throws(ModelLoadingError) -> [CompanionFile: [UInt8]] {
        var generation = JSONObject()
        for (name, value) in ids where value != .null { generation[name] = value }
        do throws(TokenizationError) {
            return [
                .generationConfiguration: Array(JSONValue.object(generation).text.utf8),
                .tokenizer: try vocabulary.tokenizerJSON(),
                .tokenizerConfiguration: try vocabulary.tokenizerConfigurationJSON(
                    chatTemplate: template, contextLength: contextLength),
            ]
        } catch {
            throw .notExportable(path: path, reason: "\(error)")
        }
    }
}
