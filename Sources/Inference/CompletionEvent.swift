// Passed on, so that readers of events need not see the engine.
@_exported public import enum Decoding.FinishReason
public import Routing

/// What happens to a completion, in order.
///
/// The texts of all `.delta`s of a sample, concatenated, are its reasoning and its answer; no
/// delta ends inside a code point.
public enum CompletionEvent: Sendable {
    /// The prompt is understood, the ceilings are set, the request waits or runs.
    case accepted(Accepted)
    /// The prompt's tokens, before the first delta, when the request asked for an echo; with
    /// log-probabilities the prompt has to be computed first.
    case echo([TokenReport])
    /// Some text of one sample.
    case delta(Delta)
    /// The ceilings were changed while it ran.
    case revised(EffectiveBudget)
    /// Another member goes on; what was said so far has become part of the thought.
    case escalated(Accepted)
    /// One sample ended.
    case finished(Finished)

    /// What was decided before the first token.
    public struct Accepted: Sendable {
        /// The checkpoint that answers.
        public var model: String
        /// Tokens in the prompt, and of the words that closed its thought if they did.
        public var promptTokens: Int
        /// The ceilings of each sample, after clamping to the context.
        public var effective: EffectiveBudget
        /// Whether the prompt ends inside the thought.
        public var startsInReasoning: Bool
        /// Who was chosen and why; nil where nothing was to be chosen or enforced.
        public var route: Route?
        /// What its tokens cost; nil where the operator set no price.
        public var price: Price?
        /// What its budget can be changed by while it runs.
        public var handle: GenerationHandle?
        /// How long it waited for the checkpoint's weights; nothing where they were in memory.
        public var loading = Duration.zero
        /// New tokens of a member that tried before.
        public var earlierTokens = 0
        /// What those and their prompt cost; nil where the operator set no price.
        public var earlierCost: Double? = 0

        /// What was decided.
        public init(
            model: String, promptTokens: Int, effective: EffectiveBudget,
            startsInReasoning: Bool, route: Route? = nil, price: Price? = nil,
            handle: GenerationHandle? = nil
        ) {
            self.model = model
            self.promptTokens = promptTokens
            self.effective = effective
            self.startsInReasoning = startsInReasoning
            self.route = route
            self.price = price
            self.handle = handle
        }
    }

    /// A piece of one sample; either text may be empty.
    public struct Delta: Sendable {
        /// Which sample, from 0.
        public var sample: Int
        /// Text of the thought, tags excluded.
        public var reasoning: String
        /// Text of the answer.
        public var content: String
        /// Tokens that this piece accounts for, when the request asked for them or for logprobs.
        public var tokens: [TokenReport]
        /// New tokens since the piece before, text held back included.
        public var tokenCount = 0
        /// Those of them inside the thought.
        public var reasoningCount = 0

        /// A piece of sample `sample`.
        public init(sample: Int, reasoning: String, content: String, tokens: [TokenReport]) {
            self.sample = sample
            self.reasoning = reasoning
            self.content = content
            self.tokens = tokens
        }
    }

    /// How one sample ended and what it spent.
    public struct Finished: Sendable {
        /// Which sample, from 0.
        public var sample: Int
        /// Why it ended; `.length` where a deadline ended it, as `exhausted` says.
        public var reason: FinishReason
        /// The stop string that ended it, if one did.
        public var stopString: String?
        /// New tokens, reasoning and tags included.
        public var completionTokens: Int
        /// New tokens inside the thought, the closing tag included.
        public var reasoningTokens: Int
        /// Whether the sample ended inside its thought.
        public var endsInReasoning: Bool
        /// Tokens of the prompt that this sample found in the prefix cache.
        public var cachedPromptTokens: Int
        /// Tokens that were guessed and checked together.
        public var draftTokens = 0
        /// Those of them that were drawn.
        public var acceptedDraftTokens = 0
        /// How long it waited for a place among the running; `nil` if it never got one.
        public var queueTime: Duration?
        /// Whether a thought was closed for the model.
        public var forcedClose: Bool
        /// The ceiling that cut the sample off, or else the one that closed its thought.
        public var exhausted: Ceiling?
        /// When it reached which stage; nil where nobody took note.
        public var stages: Stages?

        /// When a sample reached which stage.
        public struct Stages: Sendable, Equatable {
            /// It was put into the queue.
            public var submitted: ContinuousClock.Instant
            /// It got a place among the running.
            public var admitted: ContinuousClock.Instant?
            /// Its first token came.
            public var firstToken: ContinuousClock.Instant?
            /// It ended.
            public var ended: ContinuousClock.Instant

            /// The stages of a sample.
            public init(
                submitted: ContinuousClock.Instant, admitted: ContinuousClock.Instant? = nil,
                firstToken: ContinuousClock.Instant? = nil, ended: ContinuousClock.Instant
            ) {
                self.submitted = submitted
                self.admitted = admitted
                self.firstToken = firstToken
                self.ended = ended
            }
        }

        /// A ceiling that can be met.
        public enum Ceiling: String, Sendable, Equatable {
            /// That on the thought's tokens.
            case reasoning
            /// That on all new tokens.
            case tokens
            /// The deadline.
            case latency
        }

        /// The end of sample `sample`.
        public init(
            sample: Int, reason: FinishReason, stopString: String?, completionTokens: Int,
            reasoningTokens: Int, endsInReasoning: Bool = false, cachedPromptTokens: Int = 0,
            queueTime: Duration? = nil, forcedClose: Bool = false, exhausted: Ceiling? = nil
        ) {
            self.sample = sample
            self.reason = reason
            self.stopString = stopString
            self.completionTokens = completionTokens
            self.reasoningTokens = reasoningTokens
            self.endsInReasoning = endsInReasoning
            self.cachedPromptTokens = cachedPromptTokens
            self.queueTime = queueTime
            self.forcedClose = forcedClose
            self.exhausted = exhausted
        }
    }
}

/// A token as callers see it.
public struct TokenReport: Sendable, Equatable {
    /// The id.
    public var id: Int32
    /// Its bytes, which need not be whole UTF-8.
    public var bytes: [UInt8]
    /// Its log-probability, when asked for; `nil` for the first token of an echo.
    public var logprob: Float?
    /// The likeliest alternatives, when asked for.
    public var top: [Alternative]
    /// Whether it belongs to the thought.
    public var isReasoning: Bool
    /// Whether it is a mark of the model's, such as the end of a turn, and no part of a text.
    public var isSpecial: Bool

    /// A candidate with its bytes.
    public struct Alternative: Sendable, Equatable {
        /// The id.
        public var id: Int32
        /// Its bytes.
        public var bytes: [UInt8]
        /// Its log-probability.
        public var logprob: Float

        /// A candidate.
        public init(id: Int32, bytes: [UInt8], logprob: Float) {
            self.id = id
            self.bytes = bytes
            self.logprob = logprob
        }
    }

    /// A token as callers see it.
    public init(
        id: Int32, bytes: [UInt8], logprob: Float?, top: [Alternative], isReasoning: Bool,
        isSpecial: Bool = false
    ) {
        self.id = id
        self.bytes = bytes
        self.logprob = logprob
        self.top = top
        self.isReasoning = isReasoning
        self.isSpecial = isSpecial
    }
}
