import Checkpoints

extension ModelConfig {
    /// Reads the metadata of a GGUF file whose `general.architecture` is llama, qwen2 or qwen3.
    ///
    /// Two things GGUF does not say in metadata are read off the tensors: whether the output
    /// matrix is the embedding, and which projections have biases.
    ///
    /// - Parameters:
    ///   - fields: The metadata, by full key.
    ///   - tokenCount: Entries of the file's vocabulary, where it has one.
    ///   - hasTensor: Whether the file holds a tensor of that name.
    /// - Throws: `ModelError` naming the key, what was expected and what is there.
    init(
        gguf fields: ConfigFields, tokenCount: Int?, hasTensor: (String) -> Bool
    ) throws(ModelError) {
        let architectures: [Architecture] = [.llama, .qwen2, .qwen3]
        let known = architectures.map(\.modelType).joined(separator: ", ")
        guard let name = try fields.string("general.architecture") else {
            throw fields.missing("general.architecture", "one of \(known)")
        }
        guard let architecture = architectures.first(where: { $0.modelType == name }) else {
            throw fields.unsupported(
                "general.architecture", "one of \(known)", found: "\"\(name)\"")
        }
        let lookup = fields.lookup
        let own = ConfigFields(
            file: fields.file, prefix: "\(name).", lookup: { lookup("\(name).\($0)") })
        let experts = try own.integer("expert_count", in: 0...Bounds.heads.upperBound, default: 0)
        guard experts == 0 else {
            throw own.unsupported("expert_count", "0", found: "\(experts)")
        }

        self.architecture = architecture
        vocabularySize = try own.integer(
            "vocab_size", in: Bounds.vocabulary, default: tokenCount)
        guard Bounds.vocabulary.contains(vocabularySize) else {
            throw own.invalid(
                "vocab_size", "a number in \(Bounds.vocabulary)", found: "\(vocabularySize)")
        }
        hiddenSize = try own.integer("embedding_length", in: Bounds.hidden)
        intermediateSize = try own.integer("feed_forward_length", in: Bounds.intermediate)
        layerCount = try own.integer("block_count", in: Bounds.layers)
        headCount = try own.integer("attention.head_count", in: Bounds.heads)
        keyValueHeadCount = try own.integer(
            "attention.head_count_kv", in: Bounds.heads, default: headCount)
        guard headCount % keyValueHeadCount == 0 else {
            throw own.invalid(
                "attention.head_count_kv", "a divisor of attention.head_count (\(headCount))",
                found: "\(keyValueHeadCount)")
        }
        headSize = try Self.headSize(own, hiddenSize: hiddenSize, headCount: headCount)
        contextLength = try own.integer("context_length", in: Bounds.context)
        normEpsilon = Float(try own.number("attention.layer_norm_rms_epsilon", in: Bounds.epsilon))
        tiesEmbeddings = !hasTensor("output.weight")
        hasQueryKeyValueBias = architecture == .qwen2 || hasTensor("blk.0.attn_q.bias")
        hasOutputBias = hasTensor("blk.0.attn_output.bias")
        hasFeedForwardBias = hasTensor("blk.0.ffn_gate.bias")
        hasQueryKeyNorm = architecture == .qwen3
        rotary = try RotaryEmbedding(
            gguf: own, contextLength: contextLength,
            // The converter reorders the rows of q and k for this architecture alone.
            pairing: architecture == .llama ? .neighbours : .halves)
        windows = [Int?](repeating: nil, count: layerCount)
    }

    private static func headSize(
        _ fields: ConfigFields, hiddenSize: Int, headCount: Int
    ) throws(ModelError) -> Int {
        let size: Int
        if fields.has("attention.key_length") {
            size = try fields.integer("attention.key_length", in: Bounds.headSize)
        } else {
            guard hiddenSize % headCount == 0 else {
                throw fields.invalid(
                    "attention.head_count", "a divisor of embedding_length (\(hiddenSize))",
                    found: "\(headCount)")
            }
            size = hiddenSize / headCount
        }
        guard size % 2 == 0, Bounds.headSize.contains(size) else {
            throw fields.invalid(
                "attention.key_length", "an even number in 2...\(Bounds.headSize.upperBound)",
                found: "\(size)")
        }
        for other in ["attention.value_length", "rope.dimension_count"] {
            let found = try fields.integer(other, in: Bounds.headSize, default: size)
            guard found == size else {
                throw fields.unsupported(other, "the head size, \(size)", found: "\(found)")
            }
        }
        return size
    }
}

extension RotaryEmbedding {
    /// Reads the `rope.` keys of a GGUF file.
    init(gguf fields: ConfigFields, contextLength: Int, pairing: Pairing) throws(ModelError) {
        let theta = try fields.number(
            "rope.freq_base", in: ModelConfig.Bounds.theta, default: 10_000)
        self.init(
            theta: theta, scaling: try Self.scaling(fields, contextLength: contextLength),
            pairing: pairing)
    }

    private static func scaling(
        _ fields: ConfigFields, contextLength: Int
    ) throws(ModelError) -> Scaling {
        let factors = ModelConfig.Bounds.factor
        // Files older than rope.scaling.* keep a linear factor under another key; 0 means none.
        let key = fields.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
        let stated = try fields.number(key, in: 0...factors.upperBound, default: 0)
        let factor = stated == 0 ? 1 : stated
        switch try fields.string("rope.scaling.type") ?? "linear" {
        case "none":
            return .none
        case "linear":
            return factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            let fast = try fields.number("rope.scaling.yarn_beta_fast", in: 1e-3...1e6, default: 32)
            let slow = try fields.number("rope.scaling.yarn_beta_slow", in: 1e-3...1e6, default: 1)
            let weight = try fields.number(
                "rope.scaling.attn_factor", in: 0...1_000,
                default: fields.number("rope.scaling.yarn_attn_factor", in: 0...1_000, default: 1))
            return .yarn(
                YaRN(
                    factor: factor,
                    originalContextLength: try fields.integer(
                        "rope.scaling.original_context_length", in: ModelConfig.Bounds.context,
                        default: contextLength),
                    betaFast: fast, betaSlow: slow, truncates: true,
                    attentionFactor: weight * YaRN.attentionFactor(factor)))
        case let other:
            throw fields.unsupported(
                "rope.scaling.type", "none, linear or yarn", found: "\"\(other)\"")
        }
    }
}
