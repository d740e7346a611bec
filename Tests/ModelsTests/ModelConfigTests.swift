import Models
import Testing

@Suite struct ModelConfigTests {
    /// A good config as JSON members, in which a test replaces or removes one.
    private static let good: [(key: String, value: String)] = [
        ("architectures", #"["Qwen2ForCausalLM"]"#), ("model_type", #""qwen2""#),
        ("vocab_size", "256"), ("hidden_size", "64"), ("intermediate_size", "96"),
        ("num_hidden_layers", "3"), ("num_attention_heads", "4"), ("num_key_value_heads", "2"),
        ("hidden_act", #""silu""#), ("rms_norm_eps", "1e-6"), ("rope_theta", "1e6"),
        ("max_position_embeddings", "4096"), ("tie_word_embeddings", "true"),
        ("use_sliding_window", "false"), ("sliding_window", "4096"), ("max_window_layers", "28"),
        ("bos_token_id", "151643"), ("eos_token_id", "151643"),
    ]

    private static func config(_ changes: [String: String?] = [:]) throws -> ModelConfig {
        var members = good.filter { !changes.keys.contains($0.key) }
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            if let value { members.append((key, value)) }
        }
        let text = members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",")
        return try ModelConfig(huggingFace: json("{\(text)}"), file: "config.json")
    }

    @Test func `a Qwen2 config has biases on q, k and v alone`() throws {
        let config = try Self.config()
        #expect(config.architecture == .qwen2)
        #expect(config.headSize == 16)
        #expect(config.queryWidth == 64)
        #expect(config.keyValueWidth == 32)
        #expect(config.tiesEmbeddings)
        #expect(config.hasQueryKeyValueBias)
        #expect(!config.hasOutputBias && !config.hasFeedForwardBias && !config.hasQueryKeyNorm)
        #expect(config.rotary.theta == 1e6)
        #expect(config.rotary.scaling == .none)
        #expect(config.windows == [nil, nil, nil])
    }

    @Test func `model_type serves where architectures is absent`() throws {
        let config = try Self.config(["architectures": nil, "model_type": #""qwen3""#])
        #expect(config.architecture == .qwen3)
        #expect(config.headSize == 128)
        #expect(config.hasQueryKeyNorm)
    }

    @Test func `optional fields have transformers' defaults`() throws {
        let config = try Self.config([
            "num_key_value_heads": nil, "rope_theta": nil,
            "rms_norm_eps": nil, "tie_word_embeddings": nil,
            "max_position_embeddings": nil, "hidden_act": nil,
        ])
        #expect(config.keyValueHeadCount == 4)
        #expect(config.rotary.theta == 10_000)
        #expect(config.normEpsilon == 1e-6)
        #expect(!config.tiesEmbeddings)
        #expect(config.contextLength == 32_768)
    }

    @Test func `a window acts on the layers that the config names`() throws {
        let on = ["use_sliding_window": "true", "sliding_window": "7"]
        let byCount = try Self.config(on.merging(["max_window_layers": "1"]) { $1 })
        #expect(byCount.windows == [nil, 7, 7])
        let types = #"["sliding_attention", "full_attention", "sliding_attention"]"#
        let byType = try Self.config(on.merging(["layer_types": types]) { $1 })
        #expect(byType.windows == [7, nil, 7])
        let mistral = try Self.config([
            "architectures": #"["MistralForCausalLM"]"#, "model_type": nil, "sliding_window": "9",
        ])
        #expect(mistral.windows == [9, 9, 9])
        let absent = try Self.config([
            "architectures": #"["MistralForCausalLM"]"#, "model_type": nil, "sliding_window": nil,
        ])
        #expect(absent.windows == [4096, 4096, 4096])
        let null = try Self.config([
            "architectures": #"["MistralForCausalLM"]"#, "model_type": nil,
            "sliding_window": "null",
        ])
        #expect(null.windows == [nil, nil, nil])
        let llama = try Self.config([
            "architectures": #"["LlamaForCausalLM"]"#, "model_type": nil,
            "use_sliding_window": "true",
        ])
        #expect(llama.windows == [nil, nil, nil])
    }

    @Test func `both spellings of rope scaling mean the same`() throws {
        let older = try Self.config([
            "rope_theta": "5e5", "rope_scaling": #"{"type": "linear", "factor": 4}"#,
        ])
        let newer = try Self.config([
            "rope_theta": nil,
            "rope_parameters": #"{"rope_type": "linear", "factor": 4.0, "rope_theta": 5e5}"#,
        ])
        #expect(older.rotary == newer.rotary)
        #expect(older.rotary.scaling == .linear(factor: 4))
    }

    @Test func `YaRN lengthens the context`() throws {
        let config = try Self.config([
            "rope_scaling": """
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096}
            """
        ])
        #expect(config.contextLength == 16_384)
    }

    @Test(arguments: [
        ("vocab_size", "0"), ("vocab_size", "-1"), ("vocab_size", "1e9"),
        ("vocab_size", "99999999999999999999"), ("vocab_size", #""256""#), ("vocab_size", "true"),
        ("hidden_size", "64.5"), ("hidden_size", "64.0"), ("hidden_size", "1000000000"),
        ("hidden_size", "66"), ("intermediate_size", "[]"), ("num_hidden_layers", "100000"),
        ("num_attention_heads", "0"), ("num_attention_heads", "5"), ("num_attention_heads", "64"),
        ("num_key_value_heads", "3"), ("num_key_value_heads", "8"), ("head_dim", "15"),
        ("head_dim", "0"), ("head_dim", "9223372036854775807"), ("rms_norm_eps", "-1"),
        ("rms_norm_eps", "2"), ("rope_theta", "0"), ("rope_theta", "1e300"),
        ("max_position_embeddings", "0"), ("tie_word_embeddings", "1"), ("hidden_act", "3"),
        ("layer_types", #"["full_attention"]"#), ("architectures", #""Qwen2ForCausalLM""#),
        ("architectures", "[1]"), ("rope_scaling", "[]"), ("rope_parameters", "3"),
        ("use_sliding_window", #""no""#), ("model_type", "3"),
        ("layer_types", #"["full_attention", "full_attention", "sliding_attention"]"#),
    ])
    func `a number out of bounds or of a wrong kind is refused by name`(
        field: String, value: String
    ) throws {
        let error = try #require(throws: ModelError.self) { try Self.config([field: value]) }
        #expect(error.description.hasPrefix("config.json: "))
        // A size that does not divide is reported at the field that divides it.
        let related = [field, "num_attention_heads", "num_key_value_heads", "head_dim"]
        #expect(related.contains { error.description.contains($0) })
        #expect(!error.description.contains("\n"))
    }

    @Test(arguments: [
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads",
    ])
    func `a size that shapes weights must be there`(field: String) throws {
        for value in [nil, "null"] {
            let error = try #require(throws: ModelError.self) { try Self.config([field: value]) }
            guard case .missingField("config.json", field, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test(arguments: [
        ("architectures", #"["GPT2LMHeadModel"]"#), ("architectures", #"["Qwen2MoeForCausalLM"]"#),
        ("model_type", #""gpt_neox""#), ("model_type", #""llama""#),
        ("hidden_act", #""gelu""#), ("rope_scaling", #"{"rope_type": "longrope", "factor": 2}"#),
        ("quantization_config", #"{"quant_method": "gptq"}"#), ("partial_rotary_factor", "0.5"),
        ("layer_types", #"["full_attention", "full_attention", "linear_attention"]"#),
    ])
    func `what is not built is refused as unsupported`(field: String, value: String) throws {
        var changes: [String: String?] = [field: value]
        if field == "partial_rotary_factor" {
            changes["rope_scaling"] = #"{"type": "linear", "factor": 2}"#
        }
        let error = try #require(throws: ModelError.self) { try Self.config(changes) }
        guard case .unsupported = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(arguments: [
        #"{"rope_type": "yarn"}"#, #"{"rope_type": "linear", "factor": 0}"#,
        #"{"rope_type": "linear", "factor": "4"}"#, #"{"type": 3}"#,
        #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}"#,
        #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1}"#,
        #"{"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 0}"#,
        #"{"rope_type": "yarn", "factor": 2, "attention_factor": -1}"#,
        #"{"rope_type": "yarn", "factor": 2, "truncate": 1}"#,
    ])
    func `broken rope scaling is refused with its path`(scaling: String) throws {
        let error = try #require(throws: ModelError.self) {
            try Self.config(["rope_scaling": scaling])
        }
        #expect(error.description.contains("rope_scaling."))
    }

    @Test func `a config that is no object is refused`() throws {
        for text in ["[]", "3", "null"] {
            let value = try json(text)
            #expect(throws: ModelError.self) {
                try ModelConfig(huggingFace: value, file: "config.json")
            }
        }
    }
}
