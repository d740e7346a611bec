/// A tensor that a network is made of, whatever a file calls it.
///
/// The one table between the names of Hugging Face checkpoints, those of GGUF, the fields of
/// ``Weights``, and the shapes that a config implies.
enum WeightSlot: Hashable, Sendable {
    /// `[vocabularySize, hiddenSize]`.
    case embedding
    /// `[vocabularySize, hiddenSize]`; absent where the embedding serves.
    case output
    /// `[hiddenSize]`.
    case outputNorm
    /// A tensor of one layer.
    case layer(Int, Part)

    /// The tensors of a layer.
    enum Part: CaseIterable, Sendable {
        case attentionNorm, query, key, value, attentionOutput
        case queryBias, keyBias, valueBias, attentionOutputBias
        case queryNorm, keyNorm
        case feedForwardNorm, gate, up, down
        case gateBias, upBias, downBias
    }

    /// How files name tensors.
    enum Naming: Sendable {
        /// `model.layers.0.self_attn.q_proj.weight`.
        case huggingFace
        /// `blk.0.attn_q.weight`.
        case gguf
    }

    /// Every tensor that a network of this shape has, outermost first.
    static func all(of config: ModelConfig) -> [WeightSlot] {
        let parts = Part.allCases.filter { $0.exists(in: config) }
        let layers = (0..<config.layerCount).flatMap { layer in
            parts.map { WeightSlot.layer(layer, $0) }
        }
        return [.embedding] + layers + [.outputNorm] + (config.tiesEmbeddings ? [] : [.output])
    }

    /// The name of the tensor in a file.
    func name(_ naming: Naming) -> String {
        switch (self, naming) {
        case (.embedding, .huggingFace): "model.embed_tokens.weight"
        case (.embedding, .gguf): "token_embd.weight"
        case (.output, .huggingFace): "lm_head.weight"
        case (.output, .gguf): "output.weight"
        case (.outputNorm, .huggingFace): "model.norm.weight"
        case (.outputNorm, .gguf): "output_norm.weight"
        case (.layer(let index, let part), .huggingFace):
            "model.layers.\(index).\(part.huggingFaceName)"
        case (.layer(let index, let part), .gguf): "blk.\(index).\(part.ggufName)"
        }
    }

    /// The dimensions that the config implies, outermost first: `[outFeatures, inFeatures]`.
    func shape(in config: ModelConfig) -> [Int] {
        switch self {
        case .embedding, .output: [config.vocabularySize, config.hiddenSize]
        case .outputNorm: [config.hiddenSize]
        case .layer(_, let part): part.shape(in: config)
        }
    }
}

extension WeightSlot.Part {
    fileprivate func exists(in config: ModelConfig) -> Bool {
        switch self {
        case .queryBias, .keyBias, .valueBias: config.hasQueryKeyValueBias
        case .attentionOutputBias: config.hasOutputBias
        case .queryNorm, .keyNorm: config.hasQueryKeyNorm
        case .gateBias, .upBias, .downBias: config.hasFeedForwardBias
        default: true
        }
    }

    fileprivate func shape(in config: ModelConfig) -> [Int] {
        switch self {
        case .attentionNorm, .feedForwardNorm, .attentionOutputBias, .downBias:
            [config.hiddenSize]
        case .query: [config.queryWidth, config.hiddenSize]
        case .key, .value: [config.keyValueWidth, config.hiddenSize]
        case .attentionOutput: [config.hiddenSize, config.queryWidth]
        case .queryBias: [config.queryWidth]
        case .keyBias, .valueBias: [config.keyValueWidth]
        case .queryNorm, .keyNorm: [config.headSize]
        case .gate, .up: [config.intermediateSize, config.hiddenSize]
        case .down: [config.hiddenSize, config.intermediateSize]
        case .gateBias, .upBias: [config.intermediateSize]
        }
    }

    fileprivate var huggingFaceName: String {
        switch self {
        case .attentionNorm: "input_layernorm.weight"
        case .query: "self_attn.q_proj.weight"
        case .key: "self_attn.k_proj.weight"
        case .value: "self_attn.v_proj.weight"
        case .attentionOutput: "self_attn.o_proj.weight"
        case .queryBias: "self_attn.q_proj.bias"
        case .keyBias: "self_attn.k_proj.bias"
        case .valueBias: "self_attn.v_proj.bias"
        case .attentionOutputBias: "self_attn.o_proj.bias"
        case .queryNorm: "self_attn.q_norm.weight"
        case .keyNorm: "self_attn.k_norm.weight"
        case .feedForwardNorm: "post_attention_layernorm.weight"
        case .gate: "mlp.gate_proj.weight"
        case .up: "mlp.up_proj.weight"
        case .down: "mlp.down_proj.weight"
        case .gateBias: "mlp.gate_proj.bias"
        case .upBias: "mlp.up_proj.bias"
        case .downBias: "mlp.down_proj.bias"
        }
    }

    fileprivate var ggufName: String {
        switch self {
        case .attentionNorm: "attn_norm.weight"
        case .query: "attn_q.weight"
        case .key: "attn_k.weight"
        case .value: "attn_v.weight"
        case .attentionOutput: "attn_output.weight"
        case .queryBias: "attn_q.bias"
        case .keyBias: "attn_k.bias"
        case .valueBias: "attn_v.bias"
        case .attentionOutputBias: "attn_output.bias"
        case .queryNorm: "attn_q_norm.weight"
        case .keyNorm: "attn_k_norm.weight"
        case .feedForwardNorm: "ffn_norm.weight"
        case .gate: "ffn_gate.weight"
        case .up: "ffn_up.weight"
        case .down: "ffn_down.weight"
        case .gateBias: "ffn_gate.bias"
        case .upBias: "ffn_up.bias"
        case .downBias: "ffn_down.bias"
        }
    }
}
