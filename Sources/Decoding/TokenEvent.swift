/// What the engine says about one sequence, in order.
public enum TokenEvent: Sendable, Equatable {
    /// The sequence left the queue: its pages are reserved and its prompt is being computed.
    case admitted
    /// So many tokens of the prompt were found in the prefix cache and not computed. Sent once,
    /// before the first token, if there were any.
    case reused(tokens: Int)
    /// Log-probabilities of the prompt, one per prompt token; the first is `nil`. Sent once,
    /// before the first token, when the request asked for it.
    case prompt([TokenLogprob?])
    /// What a probe asked for: the hidden state of the prompt's last position behind the final
    /// norm, `[hiddenSize]`. Sent once, and no token follows.
    case hidden([Float])
    /// The thought is closed for this reason: the closer's tokens follow.
    case closing(ThoughtCeiling)
    /// One new token, drawn or forced.
    case token(id: Int32, logprob: TokenLogprob?)
    /// So many tokens were guessed and checked together, and so many of them were drawn. Sent once,
    /// before the last event, if there were any.
    case drafted(tokens: Int, accepted: Int)
    /// The last event.
    case finished(FinishReason)
}

/// Why a sequence ended.
public enum FinishReason: String, Sendable, Equatable {
    /// A stop id was drawn, or the submitter ended it.
    case stop
    /// The ceiling on new tokens was reached, or that on a thought which nothing is to follow.
    case length
    /// No time was left for another token.
    case deadline
    /// The submitter went away or cancelled.
    case cancelled
    /// The engine is shutting down.
    case shutdown
}

/// A token's natural-log probability under the model (before temperature and cuts), with the
/// likeliest alternatives, most likely first.
public struct TokenLogprob: Sendable, Equatable {
    /// The token.
    public var id: Int32
    /// Natural logarithm of its probability.
    public var logprob: Float
    /// The likeliest tokens and their log-probabilities.
    public var top: [Alternative]

    /// One candidate.
    public struct Alternative: Sendable, Equatable {
        /// The token.
        public var id: Int32
        /// Natural logarithm of its probability.
        public var logprob: Float

        /// A candidate and its log-probability.
        public init(id: Int32, logprob: Float) {
            self.id = id
            self.logprob = logprob
        }
    }

    /// A token, its log-probability and its rivals.
    public init(id: Int32, logprob: Float, top: [Alternative]) {
        self.id = id
        self.logprob = logprob
        self.top = top
    }
}
