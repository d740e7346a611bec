/// The shape of a decoder-only transformer: everything the forward pass needs besides weights.
///
/// Values are within the bounds of ``Bounds``; whoever builds one by hand answers for that.
/// Special token ids are left out on purpose: `config.json` is wrong about them for a whole family
/// of models (its `bos_token_id` is the end-of-sequence token of the R1 distillations).
public struct ModelConfig: Sendable, Equatable {
    /// The networks that are built, by the names that Hugging Face gives them.
    public enum Architecture: String, Sendable, CaseIterable {
        /// Biases on queries, keys and values.
        case qwen2 = "Qwen2ForCausalLM"
        /// Biases where the config says so.
        case llama = "LlamaForCausalLM"
        /// Llama with a sliding window on every layer.
        case mistral = "MistralForCausalLM"
        /// Queries and keys normalised per head, head size chosen freely.
        case qwen3 = "Qwen3ForCausalLM"

        /// The `model_type` of `config.json` and, except for Mistral, GGUF's `general.architecture`.
        public var modelType: String {
            switch self {
            case .qwen2: "qwen2"
            case .llama: "llama"
            case .mistral: "mistral"
            case .qwen3: "qwen3"
            }
        }
    }

    /// The largest numbers that are believed; beyond them a config is broken, not big.
    enum Bounds {
        static let vocabulary = 1...4_000_000
        static let hidden = 1...65_536
        static let intermediate = 1...1_048_576
        static let layers = 1...1_024
        static let heads = 1...4_096
        static let headSize = 2...1_024
        static let context = 1...134_217_728
        static let theta = 1.001...1e15
        static let epsilon = 0...1.0
        static let factor = 1e-3...1e6
    }

    /// Which network this is.
    public var architecture: Architecture
    /// Rows of the embedding; token ids are below it.
    public var vocabularySize: Int
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width of the feed-forward layer.
    public var intermediateSize: Int
    /// Transformer blocks.
    public var layerCount: Int
    /// Query heads of a layer; a multiple of `keyValueHeadCount`.
    public var headCount: Int
    /// Key and value heads of a layer.
    public var keyValueHeadCount: Int
    /// Values in a head; even.
    public var headSize: Int
    /// The longest sequence that the model was made for, in tokens.
    public var contextLength: Int
    /// What keeps a root-mean-square norm from dividing by zero.
    public var normEpsilon: Float
    /// Whether the logits come from the embedding matrix.
    public var tiesEmbeddings: Bool
    /// Whether query, key and value projections have biases.
    public var hasQueryKeyValueBias: Bool
    /// Whether the attention's output projection has a bias.
    public var hasOutputBias: Bool
    /// Whether the feed-forward projections have biases.
    public var hasFeedForwardBias: Bool
    /// Whether queries and keys are normalised per head.
    public var hasQueryKeyNorm: Bool
    /// How positions turn queries and keys.
    public var rotary: RotaryEmbedding
    /// Tokens a layer looks back on, itself included, `[layerCount]`; nil is all of them.
    public var windows: [Int?]

    /// Values that all query heads of a token hold.
    public var queryWidth: Int { headCount * headSize }

    /// Values that all key heads of a token hold; value heads hold as many.
    public var keyValueWidth: Int { keyValueHeadCount * headSize }
}
