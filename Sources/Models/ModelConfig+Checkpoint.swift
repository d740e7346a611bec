public import Checkpoints
import Kernels

extension ModelConfig {
    /// Reads the config of a checkpoint: its `config.json`, or the metadata of its GGUF file.
    ///
    /// - Parameter checkpoint: An opened checkpoint of either format.
    /// - Throws: `ModelError` naming the field, what was expected and what is there.
    public init(_ checkpoint: Checkpoint) throws(ModelError) {
        switch checkpoint.format {
        case .safetensors: self = try Self.huggingFace(checkpoint)
        case .gguf: self = try Self.gguf(checkpoint)
        }
    }

    private static func huggingFace(_ checkpoint: Checkpoint) throws(ModelError) -> ModelConfig {
        let name = CompanionFile.configuration.rawValue
        let node: JSONNode?
        do throws(CheckpointError) {
            node = try checkpoint.json(.configuration)
        } catch {
            throw .checkpoint(error)
        }
        guard let node else {
            throw .missingField(
                file: checkpoint.path(of: .configuration) ?? checkpoint.location, field: name,
                expected: "a file beside the weights")
        }
        var config = try ModelConfig(huggingFace: node.value, file: node.file)
        // A matrix of its own wins over the flag, as in transformers 5: the file knows better.
        if config.tiesEmbeddings {
            config.tiesEmbeddings =
                checkpoint.info(named: WeightSlot.output.name(.huggingFace)) == nil
        }
        return config
    }

    private static func gguf(_ checkpoint: Checkpoint) throws(ModelError) -> ModelConfig {
        guard let metadata = checkpoint.gguf else {
            throw .missingField(
                file: checkpoint.location, field: "general.architecture", expected: "metadata")
        }
        var config = try ModelConfig(
            gguf: ConfigFields(metadata, file: checkpoint.location),
            tokenCount: metadata.count("tokenizer.ggml.tokens"),
            hasTensor: { checkpoint.info(named: $0) != nil })
        try config.rotary.readDivisors(checkpoint, headSize: config.headSize)
        return config
    }
}

extension RotaryEmbedding {
    /// The tensor by which GGUF files carry Llama 3's stretching of frequencies.
    static let divisorsName = "rope_freqs.weight"

    fileprivate mutating func readDivisors(
        _ checkpoint: Checkpoint, headSize: Int
    ) throws(ModelError) {
        guard checkpoint.info(named: Self.divisorsName) != nil else { return }
        let values: [Float]
        do throws(CheckpointError) {
            values = try checkpoint.require(
                Self.divisorsName, shape: [headSize / 2], types: [.f32, .f16, .bf16]
            ).floats()
        } catch {
            throw .checkpoint(error)
        }
        for (index, value) in values.enumerated() where !(value > 1e-6 && value < 1e6) {
            throw .invalidField(
                file: checkpoint.location, field: "\(Self.divisorsName)[\(index)]",
                expected: "a number in 1e-6...1e6", found: "\(value)")
        }
        divisors = values
    }
}

extension ConfigFields {
    /// The metadata of a GGUF file, value by value as it is asked for.
    init(_ metadata: GGUFMetadata, file: String) {
        self.init(file: file) { key in
            guard metadata.contains(key) else { return nil }
            if let text = try? metadata.string(key) { return .string(text) }
            if let flag = try? metadata.bool(key) { return .bool(flag) }
            if let integer = try? metadata.integer(key) { return .integer(integer) }
            if let number = try? metadata.float(key) { return .double(number) }
            // Arrays, and numbers that are not finite: nothing that a field here may hold.
            return .string(metadata.typeName(key) ?? "something else")
        }
    }
}
