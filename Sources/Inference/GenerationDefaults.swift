import Decoding

/// How a checkpoint wants to be sampled and which ids end its output (`generation_config.json`).
struct GenerationDefaults: Sendable, Equatable {
    /// Divides the logits; 0 is greedy.
    ///
    /// Without a word from the checkpoint, 0.6 and 0.95: what DeepSeek advises for R1, whose
    /// distillations are what this server is for.
    var temperature: Float = 0.6
    /// Keeps the smallest set whose probability reaches p.
    var topP: Float = 0.95
    /// Keeps the k likeliest; 0 keeps all.
    var topK = 0
    /// Drops tokens less likely than this share of the likeliest.
    var minP: Float = 0
    /// Divides positive and multiplies negative logits of seen tokens.
    var repetitionPenalty: Float = 1
    /// End-of-sequence ids.
    var stopIDs: Set<Int32> = []

    /// The caller's fields over these.
    func sampling(_ overrides: SamplingOverrides) -> SamplingParameters {
        var sampling = SamplingParameters()
        sampling.temperature = overrides.temperature ?? temperature
        sampling.topK = overrides.topK ?? topK
        sampling.topP = overrides.topP ?? topP
        sampling.minP = overrides.minP ?? minP
        sampling.repetitionPenalty = overrides.repetitionPenalty ?? repetitionPenalty
        sampling.presencePenalty = overrides.presencePenalty ?? 0
        sampling.frequencyPenalty = overrides.frequencyPenalty ?? 0
        sampling.logitBias = overrides.logitBias
        sampling.seed = overrides.seed
        return sampling
    }
}
