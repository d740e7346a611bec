import Checkpoints
import Testing

@testable import Models

@Suite struct ModelConfigGGUFTests {
    private static let good: [String: JSONValue] = [
        "general.architecture": .string("llama"), "llama.block_count": .integer(2),
        "llama.context_length": .integer(8192), "llama.embedding_length": .integer(576),
        "llama.feed_forward_length": .integer(1536), "llama.attention.head_count": .integer(9),
        "llama.attention.head_count_kv": .integer(3),
        "llama.attention.layer_norm_rms_epsilon": .double(1e-5),
        "llama.rope.freq_base": .double(100_000), "llama.rope.dimension_count": .integer(64),
    ]

    private static func config(
        _ changes: [String: JSONValue] = [:], architecture: String = "llama",
        tensors: Set<String> = []
    ) throws -> ModelConfig {
        var values: [String: JSONValue] = [:]
        for (key, value) in good.merging(changes, uniquingKeysWith: { $1 }) {
            values[key.replacing("llama.", with: "\(architecture).")] = value
        }
        values["general.architecture"] =
            changes["general.architecture"] ?? .string(architecture)
        let lookup = values
        return try ModelConfig(
            gguf: ConfigFields(file: "model.gguf", lookup: { lookup[$0] }), tokenCount: 49_152,
            hasTensor: { tensors.contains($0) })
    }

    @Test func `llama turns neighbours and may lack an output matrix`() throws {
        let config = try Self.config()
        #expect(config.architecture == .llama)
        #expect(config.rotary.pairing == .neighbours)
        #expect(config.rotary.theta == 100_000)
        #expect(config.vocabularySize == 49_152)
        #expect(config.headSize == 64)
        #expect(config.tiesEmbeddings)
        #expect(!config.hasQueryKeyValueBias)
        let other = try Self.config(tensors: ["output.weight", "blk.0.attn_q.bias"])
        #expect(!other.tiesEmbeddings)
        #expect(other.hasQueryKeyValueBias)
    }

    @Test func `qwen2 and qwen3 turn halves`() throws {
        let qwen2 = try Self.config(architecture: "qwen2")
        #expect(qwen2.rotary.pairing == .halves)
        #expect(qwen2.hasQueryKeyValueBias)
        let qwen3 = try Self.config(
            [
                "llama.attention.key_length": .integer(128),
                "llama.attention.value_length": .integer(128),
                "llama.rope.dimension_count": .integer(128),
            ], architecture: "qwen3")
        #expect(qwen3.headSize == 128)
        #expect(qwen3.hasQueryKeyNorm)
        #expect(!qwen3.hasQueryKeyValueBias)
    }

    @Test func `scaling keys mean what llama.cpp makes of them`() throws {
        let factor: [String: JSONValue] = ["llama.rope.scaling.factor": .double(4)]
        #expect(try Self.config(factor).rotary.scaling == .linear(factor: 4))
        let older: [String: JSONValue] = ["llama.rope.scale_linear": .double(2)]
        #expect(try Self.config(older).rotary.scaling == .linear(factor: 2))
        let none = factor.merging(["llama.rope.scaling.type": .string("none")]) { $1 }
        #expect(try Self.config(none).rotary.scaling == .none)
        let yarn = factor.merging([
            "llama.rope.scaling.type": .string("yarn"),
            "llama.rope.scaling.original_context_length": .integer(2048),
        ]) { $1 }
        guard case .yarn(let numbers) = try Self.config(yarn).rotary.scaling else {
            Issue.record("no YaRN")
            return
        }
        #expect(numbers.originalContextLength == 2048)
        #expect(abs(numbers.attentionFactor - 1.138_629_4) < 1e-6)
    }

    @Test(arguments: [
        ("general.architecture", JSONValue.string("mamba")),
        ("general.architecture", .integer(3)), ("llama.block_count", .integer(0)),
        ("llama.block_count", .integer(1_000_000)), ("llama.embedding_length", .integer(-576)),
        ("llama.embedding_length", .integer(577)), ("llama.context_length", .double(8192)),
        ("llama.feed_forward_length", .string("an array of uint32")),
        ("llama.attention.head_count", .integer(Int.max)),
        ("llama.attention.head_count_kv", .integer(4)),
        ("llama.attention.layer_norm_rms_epsilon", .double(-1)),
        ("llama.rope.freq_base", .double(0)), ("llama.rope.dimension_count", .integer(32)),
        ("llama.attention.key_length", .integer(63)), ("llama.vocab_size", .integer(0)),
        ("llama.rope.scaling.type", .string("longrope")), ("llama.expert_count", .integer(8)),
        ("llama.rope.scaling.factor", .double(-2)),
    ])
    func `a value out of bounds is refused by its key`(key: String, value: JSONValue) throws {
        let error = try #require(throws: ModelError.self) { try Self.config([key: value]) }
        let related = [key, "llama.attention.head_count", "llama.rope.dimension_count"]
        #expect(related.contains { error.description.contains($0) }, "\(error)")
        #expect(error.description.hasPrefix("model.gguf: "))
    }

    @Test(arguments: [
        "general.architecture", "llama.block_count", "llama.context_length",
        "llama.embedding_length", "llama.feed_forward_length", "llama.attention.head_count",
        "llama.attention.layer_norm_rms_epsilon",
    ])
    func `a key that shapes the network must be there`(key: String) throws {
        let error = try #require(throws: ModelError.self) { try Self.config([key: .null]) }
        guard case .missingField("model.gguf", key, _) = error else {
            Issue.record("\(error)")
            return
        }
    }
}
