/// How the next token is drawn from the logits.
///
/// Applied in this order: logit bias, repetition / presence / frequency penalties, temperature,
/// top-k, top-p, min-p. `temperature == 0` is greedy: the lowest id among the highest logits.
public struct SamplingParameters: Sendable, Equatable {
    /// Divides the logits; 0 is greedy.
    public var temperature: Float = 1
    /// Keeps the k likeliest; 0 keeps all.
    public var topK: Int = 0
    /// Keeps the smallest set whose probability reaches p, in (0, 1].
    public var topP: Float = 1
    /// Drops tokens less likely than this share of the likeliest, in [0, 1].
    public var minP: Float = 0
    /// Divides positive and multiplies negative logits of tokens in prompt or output; 1 is off.
    public var repetitionPenalty: Float = 1
    /// Subtracted once from the logits of tokens in the output.
    public var presencePenalty: Float = 0
    /// Subtracted per occurrence in the output.
    public var frequencyPenalty: Float = 0
    /// Added to the logits of these ids.
    public var logitBias: [Int32: Float] = [:]
    /// Seeds the sequence's own generator; `nil` draws a seed from the system.
    public var seed: UInt64?

    /// Plain sampling: temperature 1, nothing cut.
    public init() {}
}
