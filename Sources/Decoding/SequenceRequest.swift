public import Grammars

/// One sequence for the engine: ids in, ids out.
public struct SequenceRequest: Sendable {
    /// The family member that decodes it.
    public var member = 0
    /// Prompt ids, at least one.
    public var prompt: [Int32]
    /// Ceiling on new tokens, at least 1; `prompt.count + maximumTokens` fits the context.
    public var maximumTokens: Int
    /// New tokens that it will likely take, where somebody can tell; decides when it is begun.
    public var expectedTokens: Int?
    /// Who asks, where that is known.
    ///
    /// Clients take turns in the queue; those without a name are one.
    public var client: String?
    /// How tokens are drawn.
    public var sampling = SamplingParameters()
    /// Sampling one of these ends the sequence with `.stop`; the id is counted and reported.
    public var stopIDs: Set<Int32> = []
    /// How many alternatives to report with each token; `nil` reports no log-probabilities,
    /// 0 the chosen token's alone.
    public var topLogprobs: Int?
    /// Also report the log-probability of every prompt token given those before it.
    public var promptLogprobs = false

    /// The form that the answer keeps to, `nil` for a free one.
    ///
    /// A thought is always free. The sequence ends with `.stop` when the answer can only end. The grammar is over this
    /// model's vocabulary.
    public var grammar: TokenGrammar?
    /// What the thought may cost; `nil` tells no thought from an answer.
    public var thought: ThoughtControl?
    /// When the sequence ends with `.deadline` at the latest, in the queue too; its thought is
    /// closed before, in time for the answer that is kept back.
    public var deadline: ContinuousClock.Instant?
    /// What must live until the sequence has left the engine, such as a hold on its weights.
    public var hold: (any AnyObject & Sendable)?
    /// Whether the prompt's hidden state is wanted and nothing else: `.hidden` then comes in place
    /// of a token, and ends it.
    var isProbe = false

    /// New tokens that it is expected to take, its ceiling where nobody can tell.
    var likelyTokens: Int { min(max(expectedTokens ?? .max, 1), maximumTokens) }

    /// A request for at most `maximumTokens` tokens after `prompt`.
    public init(prompt: [Int32], maximumTokens: Int) {
        self.prompt = prompt
        self.maximumTokens = maximumTokens
    }

    /// A request for the hidden state behind `prompt` as `member` computes it.
    ///
    /// The prompt's full pages stay in the prefix cache, for a request that the same member
    /// answers afterwards.
    public static func probe(_ prompt: [Int32], member: Int) -> SequenceRequest {
        var request = SequenceRequest(prompt: prompt, maximumTokens: 1)
        request.member = member
        request.isProbe = true
        return request
    }
}
