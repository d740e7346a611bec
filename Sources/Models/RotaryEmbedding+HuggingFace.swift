extension RotaryEmbedding {
    /// Reads `rope_theta` and `rope_scaling` (transformers 4) or `rope_parameters` (5).
    init(huggingFace fields: ConfigFields, contextLength: Int) throws(ModelError) {
        let theta = try fields.number("rope_theta", in: ModelConfig.Bounds.theta, default: 10_000)
        // The newer file keeps theta inside; where both spellings stand, transformers reads the older.
        let older = try fields.object("rope_scaling")
        let newer = try fields.object("rope_parameters")
        guard let rope = older ?? newer else {
            self.init(theta: theta, scaling: .none, pairing: .halves)
            return
        }
        self.init(
            theta: try rope.number("rope_theta", in: ModelConfig.Bounds.theta, default: theta),
            scaling: try Self.scaling(rope, fields, contextLength: contextLength),
            pairing: .halves)
        let partial = try rope.number(
            "partial_rotary_factor", in: 0...1,
            default: fields.number("partial_rotary_factor", in: 0...1, default: 1))
        guard partial == 1 else {
            throw rope.unsupported("partial_rotary_factor", "1", found: "\(partial)")
        }
    }

    /// How long sequences may be: at least what YaRN stretches its original context to.
    ///
    /// Qwen's instructions add YaRN to a config and leave `max_position_embeddings` as it was.
    func contextLength(declared: Int) -> Int {
        guard case .yarn(let yarn) = scaling else { return declared }
        let stretched = Double(yarn.originalContextLength) * yarn.factor
        let limit = Double(ModelConfig.Bounds.context.upperBound)
        return max(declared, Int(min(stretched, limit)))
    }

    private static func scaling(
        _ rope: ConfigFields, _ fields: ConfigFields, contextLength: Int
    ) throws(ModelError) -> Scaling {
        let factors = ModelConfig.Bounds.factor
        let key = rope.has("rope_type") ? "rope_type" : "type"
        switch try rope.string(key) ?? "default" {
        case "default":
            return .none
        case "linear":
            return .linear(factor: try rope.number("factor", in: factors))
        case "dynamic":
            // Acts only beyond max_position_embeddings, which is where this program stops.
            _ = try rope.number("factor", in: factors)
            return .none
        case "llama3":
            let low = try rope.number("low_freq_factor", in: factors)
            let high = try rope.number("high_freq_factor", in: factors)
            guard high > low else {
                throw rope.invalid(
                    "high_freq_factor", "more than low_freq_factor (\(low))", found: "\(high)")
            }
            return .llama3(
                factor: try rope.number("factor", in: factors), lowFrequencyFactor: low,
                highFrequencyFactor: high,
                originalContextLength: try original(rope, fields, contextLength))
        case "yarn":
            return .yarn(try yarn(rope, fields, contextLength: contextLength))
        case let other:
            throw rope.unsupported(
                key, "default, linear, dynamic, llama3 or yarn", found: "\"\(other)\"")
        }
    }

    private static func original(
        _ rope: ConfigFields, _ fields: ConfigFields, _ contextLength: Int
    ) throws(ModelError) -> Int {
        let key = "original_max_position_embeddings"
        let outer = fields.has(key) ? fields : rope
        return try outer.integer(key, in: ModelConfig.Bounds.context, default: contextLength)
    }

    private static func yarn(
        _ rope: ConfigFields, _ fields: ConfigFields, contextLength: Int
    ) throws(ModelError) -> YaRN {
        let factors = ModelConfig.Bounds.factor
        let factor = try rope.number("factor", in: factors)
        // Python's `if mscale and mscale_all_dim`: both there and neither zero.
        let scale = try rope.number("mscale", in: 0...1_000, default: 0)
        let overallScale = try rope.number("mscale_all_dim", in: 0...1_000, default: 0)
        let inferred =
            scale != 0 && overallScale != 0
            ? YaRN.attentionFactor(factor, scale: scale)
                / YaRN.attentionFactor(factor, scale: overallScale)
            : YaRN.attentionFactor(factor)
        // Python's `or` reads a zero as absent.
        let fast = try rope.number("beta_fast", in: 0...1e6, default: 0)
        let slow = try rope.number("beta_slow", in: 0...1e6, default: 0)
        return YaRN(
            factor: factor,
            originalContextLength: try original(rope, fields, contextLength),
            betaFast: fast == 0 ? 32 : fast,
            betaSlow: slow == 0 ? 1 : slow,
            truncates: try rope.boolean("truncate", default: true),
            attentionFactor: try rope.number("attention_factor", in: 0...1_000, default: inferred))
    }
}
