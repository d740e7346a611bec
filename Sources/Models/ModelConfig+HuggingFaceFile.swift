public import Checkpoints

extension ModelConfig {
    /// The `config.json` of this network, but for its special tokens and its element type.
    ///
    /// Read again it gives an equal config, where pairs of a head are its halves. The spelling is
    /// that of transformers 4, which 5 and other servers read as well.
    ///
    /// - Returns: The file's members.
    /// - Throws: `ModelError.unsupported` for what no such file can say.
    public func huggingFaceFile() throws(ModelError) -> JSONObject {
        try refuseWhatCannotBeSaid()
        var object = JSONObject()
        object["architectures"] = .array([.string(architecture.rawValue)])
        object["model_type"] = .string(architecture.modelType)
        object["vocab_size"] = .integer(vocabularySize)
        object["hidden_size"] = .integer(hiddenSize)
        object["intermediate_size"] = .integer(intermediateSize)
        object["num_hidden_layers"] = .integer(layerCount)
        object["num_attention_heads"] = .integer(headCount)
        object["num_key_value_heads"] = .integer(keyValueHeadCount)
        object["head_dim"] = .integer(headSize)
        object["hidden_act"] = "silu"
        object["rms_norm_eps"] = .double(Self.shortest(normEpsilon))
        object["max_position_embeddings"] = .integer(contextLength)
        object["rope_theta"] = .double(rotary.theta)
        object["rope_scaling"] = try rotary.huggingFaceScaling(headSize: headSize)
        object["tie_word_embeddings"] = .bool(tiesEmbeddings)
        switch architecture {
        case .llama:
            object["attention_bias"] = .bool(hasQueryKeyValueBias)
            object["mlp_bias"] = .bool(hasFeedForwardBias)
        case .qwen3:
            object["attention_bias"] = .bool(hasQueryKeyValueBias)
        case .qwen2, .mistral:
            break
        }
        addWindows(to: &object)
        object["attention_dropout"] = 0.0
        object["initializer_range"] = 0.02
        object["use_cache"] = true
        return object
    }

    /// The number that was meant: 1e-6 as f32 is 9.99999997e-7 as f64.
    private static func shortest(_ value: Float) -> Double {
        Double("\(value)") ?? Double(value)
    }

    private func addWindows(to object: inout JSONObject) {
        let window = windows.lazy.compactMap(\.self).first
        switch architecture {
        case .llama:
            break
        case .mistral:
            object["sliding_window"] = window.map { .integer($0) } ?? .null
        case .qwen2, .qwen3:
            object["use_sliding_window"] = .bool(window != nil)
            object["sliding_window"] = window.map { .integer($0) } ?? .null
            object["max_window_layers"] = .integer(
                windows.firstIndex { $0 != nil } ?? layerCount)
            object["layer_types"] = .array(
                windows.map { $0 == nil ? "full_attention" : "sliding_attention" })
        }
    }

    private func refuseWhatCannotBeSaid() throws(ModelError) {
        func expect(_ isRight: Bool, _ field: String, _ expected: String, _ found: String)
            throws(ModelError)
        {
            guard isRight else {
                throw .unsupported(
                    file: "config.json of \(architecture.rawValue)", field: field,
                    expected: expected, found: found)
            }
        }
        func biases(_ isThere: Bool) -> String { isThere ? "biases" : "none" }
        let all = hasQueryKeyValueBias
        switch architecture {
        case .llama, .qwen3:
            try expect(
                hasOutputBias == all, "attention_bias",
                "biases on all projections of attention or on none",
                "queries, keys, values: \(biases(all)), output: \(biases(hasOutputBias))")
        case .qwen2, .mistral:
            try expect(
                all == (architecture == .qwen2), "biases of queries, keys and values",
                biases(!all), biases(all))
            try expect(!hasOutputBias, "bias of attention's output", "none", "one")
        }
        try expect(
            architecture == .llama || !hasFeedForwardBias, "mlp_bias", "none", "biases")
        try expect(
            hasQueryKeyNorm == (architecture == .qwen3), "norms of queries and keys",
            architecture == .qwen3 ? "norms" : "none", hasQueryKeyNorm ? "norms" : "none")
        let sizes = Set(windows)
        switch architecture {
        case .llama: try expect(sizes == [nil], "sliding_window", "none", "\(windows)")
        case .mistral:
            try expect(sizes.count == 1, "sliding_window", "one for all layers", "\(windows)")
        case .qwen2, .qwen3:
            try expect(
                sizes.subtracting([nil]).count <= 1, "sliding_window", "one size", "\(windows)")
        }
    }
}
