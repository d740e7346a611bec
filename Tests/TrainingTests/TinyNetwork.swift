import Checkpoints
import Foundation
import Kernels
import Models
import TestSupport

/// Networks of a few thousand parameters.
enum TinyNetwork {
    static let pools = Result { try [1, 2, 3].map { try WorkerPool(threadCount: $0) } }

    /// A Qwen2 of one layer, or more, with two heads.
    static func config(
        vocabularySize: Int = 16, hiddenSize: Int = 8, layers: Int = 1
    ) throws -> ModelConfig {
        let text = """
            {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
            "hidden_size": \(hiddenSize), "intermediate_size": \(hiddenSize * 3 / 2),
            "num_hidden_layers": \(layers), "num_attention_heads": 2, "num_key_value_heads": 1,
            "vocab_size": \(vocabularySize), "max_position_embeddings": 256,
            "rope_theta": 10000.0, "rms_norm_eps": 1e-6, "tie_word_embeddings": true}
            """
        return try ModelConfig(
            huggingFace: JSONValue(parsing: Array(text.utf8).span, file: "config.json"),
            file: "config.json")
    }

    /// A network with parameters of a seed, on 1, 2 or 3 threads.
    static func network(
        _ config: ModelConfig, rows: Int, threads: Int = 2, seed: UInt64 = 1
    ) throws -> TrainableNetwork {
        let kernels = try KernelContext(pool: pools.get()[threads - 1])
        let network = TrainableNetwork(config: config, kernels: kernels, rowCapacity: rows)
        network.initialize(seed: seed)
        return network
    }
}

extension FloatBuffer {
    /// A copy of everything.
    var all: [Float] { floats(0..<count) }

    /// Every element's bits.
    var bits: [UInt32] { all.map(\.bitPattern) }
}

/// `count` numbers of SplitMix64 over [-1, 1), as `make_optimizer.py` draws them.
func uniform(seed: UInt64, count: Int) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.next() >> 40) * 0x1p-23 - 1 }
}
