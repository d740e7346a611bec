public import Checkpoints

extension ModelConfig {
    /// Reads a `config.json` of transformers 4 or 5.
    ///
    /// Fields that transformers would fill in may be absent, with the same defaults; the sizes
    /// that shape the weights must be there.
    ///
    /// - Parameters:
    ///   - json: The parsed file.
    ///   - file: The name that errors carry.
    /// - Throws: `ModelError` naming the field, what was expected and what is there.
    public init(huggingFace json: JSONValue, file: String) throws(ModelError) {
        guard case .object(let object) = json else {
            throw .invalidField(
                file: file, field: "(top level)", expected: "an object", found: json.kind)
        }
        let fields = ConfigFields(file: file, lookup: { object[$0] })
        let architecture = try Self.architecture(fields)
        try Self.refuseWhatIsNotBuilt(fields)

        self.architecture = architecture
        vocabularySize = try fields.integer("vocab_size", in: Bounds.vocabulary)
        hiddenSize = try fields.integer("hidden_size", in: Bounds.hidden)
        intermediateSize = try fields.integer("intermediate_size", in: Bounds.intermediate)
        layerCount = try fields.integer("num_hidden_layers", in: Bounds.layers)
        headCount = try fields.integer("num_attention_heads", in: Bounds.heads)
        keyValueHeadCount = try fields.integer(
            "num_key_value_heads", in: Bounds.heads, default: headCount)
        guard headCount % keyValueHeadCount == 0 else {
            throw fields.invalid(
                "num_key_value_heads", "a divisor of num_attention_heads (\(headCount))",
                found: "\(keyValueHeadCount)")
        }
        headSize = try Self.headSize(
            fields, architecture: architecture, hiddenSize: hiddenSize, headCount: headCount)
        normEpsilon = Float(
            try fields.number("rms_norm_eps", in: Bounds.epsilon, default: 1e-6))
        tiesEmbeddings = try fields.boolean("tie_word_embeddings", default: false)

        let attentionBias = try fields.boolean("attention_bias", default: false)
        hasQueryKeyValueBias = architecture == .qwen2 || (attentionBias && architecture != .mistral)
        hasOutputBias = attentionBias && (architecture == .llama || architecture == .qwen3)
        hasFeedForwardBias =
            try fields.boolean("mlp_bias", default: false) && architecture == .llama
        hasQueryKeyNorm = architecture == .qwen3

        let positions = try fields.integer(
            "max_position_embeddings", in: Bounds.context,
            default: architecture.defaultContextLength)
        let rotary = try RotaryEmbedding(huggingFace: fields, contextLength: positions)
        self.rotary = rotary
        contextLength = rotary.contextLength(declared: positions)
        windows = try Self.windows(fields, architecture: architecture, layerCount: layerCount)
    }

    private static func architecture(_ fields: ConfigFields) throws(ModelError) -> Architecture {
        let known = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        if let names = try fields.strings("architectures"), !names.isEmpty {
            guard names.count == 1, let architecture = Architecture(rawValue: names[0]) else {
                throw fields.unsupported(
                    "architectures", "one of \(known)", found: names.joined(separator: ", "))
            }
            // transformers goes by the type alone: where the two differ, nobody knows the weights.
            if let type = try fields.string("model_type"), type != architecture.modelType {
                throw fields.unsupported(
                    "model_type", "\"\(architecture.modelType)\", as architectures has it",
                    found: "\"\(type)\"")
            }
            return architecture
        }
        guard let type = try fields.string("model_type") else {
            throw fields.missing("architectures", "one of \(known)")
        }
        guard let architecture = Architecture.allCases.first(where: { $0.modelType == type }) else {
            let types = Architecture.allCases.map(\.modelType).joined(separator: ", ")
            throw fields.unsupported("model_type", "one of \(types)", found: "\"\(type)\"")
        }
        return architecture
    }

    private static func refuseWhatIsNotBuilt(_ fields: ConfigFields) throws(ModelError) {
        let activation = try fields.string("hidden_act") ?? "silu"
        guard activation == "silu" || activation == "swish" else {
            throw fields.unsupported("hidden_act", "\"silu\"", found: "\"\(activation)\"")
        }
        if let quantization = try fields.object("quantization_config") {
            let method = try quantization.string("quant_method") ?? "a quantisation"
            throw fields.unsupported(
                "quantization_config", "weights in f32, f16 or bf16", found: "\"\(method)\"")
        }
    }

    private static func headSize(
        _ fields: ConfigFields, architecture: Architecture, hiddenSize: Int, headCount: Int
    ) throws(ModelError) -> Int {
        let size: Int
        if fields.has("head_dim") {
            size = try fields.integer("head_dim", in: Bounds.headSize)
        } else if architecture == .qwen3 {
            size = 128
        } else {
            guard hiddenSize % headCount == 0 else {
                throw fields.invalid(
                    "num_attention_heads", "a divisor of hidden_size (\(hiddenSize))",
                    found: "\(headCount)")
            }
            size = hiddenSize / headCount
        }
        guard size % 2 == 0, Bounds.headSize.contains(size) else {
            throw fields.invalid(
                "head_dim", "an even number in 2...\(Bounds.headSize.upperBound)", found: "\(size)")
        }
        return size
    }

    private static func windows(
        _ fields: ConfigFields, architecture: Architecture, layerCount: Int
    ) throws(ModelError) -> [Int?] {
        let window: Int?
        switch architecture {
        case .llama:
            return [Int?](repeating: nil, count: layerCount)
        case .mistral:
            return [Int?](repeating: try Self.window(fields), count: layerCount)
        case .qwen2, .qwen3:
            // Qwen writes a window and switches it off.
            let isOn = try fields.boolean("use_sliding_window", default: false)
            window = isOn ? try Self.window(fields) : nil
        }
        if let types = try fields.strings("layer_types") {
            return try windows(fields, types: types, window: window, layerCount: layerCount)
        }
        guard let window else { return [Int?](repeating: nil, count: layerCount) }
        let fullLayerCount = try fields.integer(
            "max_window_layers", in: 0...Bounds.layers.upperBound, default: 28)
        return (0..<layerCount).map { $0 >= fullLayerCount ? window : nil }
    }

    /// The window: transformers reads an absent field as 4,096 and `null` as none.
    private static func window(_ fields: ConfigFields) throws(ModelError) -> Int? {
        if case .null? = fields.lookup("sliding_window") { return nil }
        return try fields.integer("sliding_window", in: Bounds.context, default: 4_096)
    }

    private static func windows(
        _ fields: ConfigFields, types: [String], window: Int?, layerCount: Int
    ) throws(ModelError) -> [Int?] {
        guard types.count == layerCount else {
            throw fields.invalid(
                "layer_types", "num_hidden_layers (\(layerCount)) entries", found: "\(types.count)")
        }
        var windows: [Int?] = []
        for type in types {
            switch type {
            case "full_attention":
                windows.append(nil)
            case "sliding_attention":
                guard let window else {
                    throw fields.invalid(
                        "layer_types", "full_attention alone, for sliding_window is off",
                        found: "\"\(type)\"")
                }
                windows.append(window)
            default:
                throw fields.unsupported(
                    "layer_types", "full_attention or sliding_attention", found: "\"\(type)\"")
            }
        }
        return windows
    }
}

extension ModelConfig.Architecture {
    /// What transformers assumes where `max_position_embeddings` is absent.
    fileprivate var defaultContextLength: Int {
        switch self {
        case .llama: 2_048
        case .qwen2, .qwen3: 32_768
        case .mistral: 131_072
        }
    }
}
