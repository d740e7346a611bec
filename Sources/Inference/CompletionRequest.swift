public import Grammars
public import Routing
public import Tokenization

/// A request in words: what to complete, how to sample, what it may cost.
public struct CompletionRequest: Sendable {
    /// What the model reads.
    public enum Prompt: Sendable {
        /// Raw text: tokenised with the model's own start token, no template.
        case text(String)
        /// Token ids, taken as they are.
        case ids([Int32])
        /// A conversation for the chat template: the template's variables (`messages`, perhaps
        /// `tools` and others), rendered with the generation prompt.
        case conversation([String: TemplateValue])
    }

    /// What the model reads.
    public var prompt: Prompt
    /// The model asked for; `nil` or `auto` lets the server choose.
    public var model: String?
    /// The length penalty of the family's member that answers, one between two members' included;
    /// `nil` leaves the choice to `model`.
    public var alpha: Double?
    /// Ceiling on new tokens of each sample, reasoning included; `nil` is the rest of the context.
    public var maximumTokens: Int?
    /// What it may cost.
    ///
    /// With one, even an empty one, the server chooses among a family's members and closes a
    /// thought in time; without one `maximumTokens` alone holds, and cuts.
    public var budget: Budget?
    /// How the budget is spent; `.escalate` needs a choice of members and one sample.
    public var policy = SpendingPolicy.route
    /// The members to choose among, by name; `nil` leaves all of them.
    public var members: Set<String>?
    /// Why one of them is to answer, where the router is told.
    var reason: Route.Reason?
    /// The ceilings of other APIs' fields, which hold beside `budget`.
    public var ceilings = RequestCeilings()
    /// Who asks, where that is known: clients take turns in the queue.
    public var client: String?
    /// Samples to draw, at least 1.
    public var samples = 1
    /// Sampling fields that the caller set; the model's generation defaults fill the others.
    public var sampling = SamplingOverrides()
    /// Texts that end the answer, the text before the earliest being kept; they sleep in the
    /// thought.
    public var stopStrings: [String] = []
    /// Further ids that end a sample.
    public var stopIDs: Set<Int32> = []
    /// Go on past end-of-sequence ids until the ceiling.
    public var ignoresEndOfSequence = false
    /// Alternatives to report per token; `nil` for no log-probabilities.
    public var topLogprobs: Int?
    /// Report the prompt's own tokens and, with `topLogprobs`, their log-probabilities.
    public var echo = false
    /// The form that the answer keeps to, `nil` for a free one; a thought is always free.
    public var grammar: Grammar?
    /// Whether the thought is told from the answer; when false every text is content, tags
    /// included, and stop strings are awake from the first token, as raw text wants it.
    public var separatesReasoning = true
    /// What the thought may cost; `nil` lets it use all of `maximumTokens`.
    ///
    /// A `budget` sets it.
    /// It counts for a model that thinks and a request that tells the thought from the answer;
    /// others have `maximumTokens` alone.
    public var thought: ThoughtCeilings?
    /// When the last token comes at the latest; what has come until then is the answer.
    ///
    /// A `budget` with a latency sets it.
    public var deadline: ContinuousClock.Instant?
    /// Report every token with its id and text.
    public var reportsTokens = false
    /// What counts this among the requests of the catalog that answers it.
    var tenure: CatalogTenure?

    /// A request that completes `prompt`.
    public init(prompt: Prompt) {
        self.prompt = prompt
    }
}

/// What a thought may cost, and what happens when that is spent.
public struct ThoughtCeilings: Sendable, Equatable {
    /// Ceiling on tokens of the thought, the words that close it included; `nil` leaves only the
    /// others.
    ///
    /// Where it cannot hold those words, they become part of the prompt and nothing is thought.
    public var maximumTokens: Int?
    /// New tokens kept back for the answer.
    public var answerReserve = 0
    /// Whether an answer follows a thought that met its ceiling; otherwise the sample ends there.
    public var closes = true
    /// Within so many tokens before a ceiling the end of a sentence closes the thought.
    public var grace = 0

    /// A thought that only the other ceilings bound, and that is closed when they come near.
    public init() {}
}

/// The sampling fields a caller may set; `nil` means the model's default.
public struct SamplingOverrides: Sendable, Equatable {
    /// Divides the logits; 0 is greedy.
    public var temperature: Float?
    /// Keeps the k likeliest.
    public var topK: Int?
    /// Keeps the smallest set whose probability reaches p.
    public var topP: Float?
    /// Drops tokens less likely than this share of the likeliest.
    public var minP: Float?
    /// Divides positive and multiplies negative logits of seen tokens.
    public var repetitionPenalty: Float?
    /// Subtracted once from the logits of tokens in the output.
    public var presencePenalty: Float?
    /// Subtracted per occurrence in the output.
    public var frequencyPenalty: Float?
    /// Added to the logits of these ids.
    public var logitBias: [Int32: Float] = [:]
    /// Seed of the first sample; further samples use the following numbers.
    public var seed: UInt64?

    /// No field set.
    public init() {}
}
