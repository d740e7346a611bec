/// One sequence for the engine: ids in, ids out.
public struct SequenceRequest: Sendable {
    /// The family member that decodes it.
    public var member = 0
    /// Prompt ids, at least one.
    public var prompt: [Int32]
    /// Ceiling on new tokens, at least 1; `prompt.count + maximumTokens` fits the context.
    public var maximumTokens: Int
    /// How its thought is kept within ceilings; nil draws freely up to `maximumTokens`.
    public var thought: ThoughtControl?
    /// When the sequence ends at the latest.
    public var deadline: ContinuousClock.Instant?
    /// How tokens are drawn.
    public var sampling = SamplingParameters()
    /// Sampling one of these ends the sequence with `.stop`; the id is counted and reported.
    public var stopIDs: Set<Int32> = []
    /// How many alternatives to report with each token; `nil` reports no log-probabilities,
    /// 0 the chosen token's alone.
    public var topLogprobs: Int?
    /// Also report the log-probability of every prompt token given those before it.
    public var promptLogprobs = false

    /// A request for at most `maximumTokens` tokens after `prompt`.
    public init(prompt: [Int32], maximumTokens: Int) {
        self.prompt = prompt
        self.maximumTokens = maximumTokens
    }
}
