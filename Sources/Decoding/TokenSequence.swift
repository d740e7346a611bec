/// A sequence between submission and its last event.
///
///     0 <= computedCount < tokens.count           keys and values are in pages
///     blockTable.count * pageSize >= computedCount
///     prompt.count <= tokens.count <= prompt.count + maximumTokens
struct TokenSequence: Sendable {
    let id: SequenceID
    private(set) var request: SequenceRequest
    /// Seeds the draws; see `CounterGenerator`.
    let seed: UInt64
    /// Where the events go.
    let outlet: AsyncStream<TokenEvent>.Continuation

    /// The prompt and what was drawn after it.
    private(set) var tokens: [Int32]
    /// Drawn tokens as the penalties count them.
    private(set) var history: TokenHistory
    /// Where it is with its thought, if that is controlled.
    private(set) var thought: ThoughtState?
    /// Tokens whose keys and values are in pages.
    var computedCount = 0
    /// Pages held, in order of position.
    var blockTable: [Int32] = []
    /// Pages reserved and not yet taken.
    var reservedCount = 0
    /// `parent` in the key of the first page that is not full yet.
    var prefixSerial = PrefixKey.root
    /// Tokens of the prompt whose pages came from the prefix cache.
    var reusedCount = 0
    /// Log-probabilities of the prompt so far, when asked for.
    var promptLogprobs: [TokenLogprob?] = []
    /// Set when the sequence is to leave at the end of the step.
    var finishReason: FinishReason?

    init(
        id: SequenceID, request: SequenceRequest, seed: UInt64, history: TokenHistory? = nil,
        outlet: AsyncStream<TokenEvent>.Continuation
    ) {
        self.id = id
        self.request = request
        self.seed = seed
        self.outlet = outlet
        tokens = request.prompt
        thought = request.thought.map(ThoughtState.init)
        self.history =
            history ?? TokenHistory(prompt: request.prompt, sampling: request.sampling)
    }

    /// Tokens known and not yet computed, at least one.
    var pendingCount: Int { tokens.count - computedCount }

    /// Tokens drawn so far.
    var outputCount: Int { tokens.count - request.prompt.count }

    /// Adds a drawn token and notes whether it is the last.
    mutating func append(_ id: Int32) {
        precondition(finishReason == nil && outputCount < request.maximumTokens)
        tokens.append(id)
        history.append(id)
        if let control = request.thought {
            thought?.append(id, control: control, stopIDs: request.stopIDs)
        }
        if request.stopIDs.contains(id) {
            finishReason = .stop
        } else if outputCount == request.maximumTokens {
            finishReason = .length
        }
    }

    /// What the next token may be; see ``ThoughtState``.
    ///
    /// - Parameter timely: Tokens that fit before the deadline.
    mutating func constraint(timely: Int) -> ThoughtState.Constraint {
        guard let control = request.thought else { return .free }
        let (left, stopIDs) = (request.maximumTokens - outputCount, request.stopIDs)
        return thought?.constraint(
            left: min(left, timely), byDeadline: timely < left, control: control,
            stopIDs: stopIDs) ?? .free
    }

    /// What is appended for a drawn token; see ``ThoughtState``.
    mutating func replacing(_ id: Int32, timely: Int) -> Int32 {
        guard let control = request.thought else { return id }
        let (left, stopIDs) = (request.maximumTokens - outputCount, request.stopIDs)
        return thought?.replacing(
            id, left: min(left, timely), control: control, stopIDs: stopIDs) ?? id
    }

    /// Takes a new budget; ceilings below what was spent end what they are about at once.
    mutating func apply(_ revision: SequenceRevision) {
        if let tokens = revision.maximumTokens { request.maximumTokens = max(tokens, outputCount) }
        if let tokens = revision.reasoningTokens { request.thought?.maximumTokens = tokens }
        if let deadline = revision.deadline { request.deadline = deadline }
        if revision.answersNow { thought?.answerNow() }
        guard outputCount > 0, outputCount >= request.maximumTokens else { return }
        finishReason = finishReason ?? .length
    }

    /// Sends the last event.
    func finish(_ reason: FinishReason) {
        outlet.yield(.finished(reason))
        outlet.finish()
    }
}
