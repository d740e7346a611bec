/// A sequence between submission and its last event.
///
///     0 <= computedCount < tokens.count           keys and values are in pages
///     blockTable.count * pageSize >= computedCount
///     prompt.count <= tokens.count <= prompt.count + maximumTokens
struct TokenSequence: Sendable {
    let id: SequenceID
    /// What was asked for, revisions included.
    private(set) var request: SequenceRequest
    /// Seeds the draws; see `CounterGenerator`.
    let seed: UInt64
    /// Where the events go.
    let outlet: AsyncStream<TokenEvent>.Continuation

    /// The prompt and what was drawn after it.
    private(set) var tokens: [Int32]
    /// Drawn tokens as the penalties count them.
    private(set) var history: TokenHistory
    /// Between thought and answer, where the request tells them apart.
    private(set) var thought: ThoughtState?
    /// Where the answer is in its grammar, where the request has one.
    private(set) var form: AnswerForm?
    /// Steps that the engine had run when it came.
    var arrival = 0
    /// Steps that the engine had run when it was begun.
    var begun = 0
    /// Its place in the queue; see `QueueOrder`.
    var rank = 0
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
    /// What is guessed to follow.
    var draft = Draft()
    /// Log-probabilities of the prompt so far, when asked for.
    var promptLogprobs: [TokenLogprob?] = []
    /// When the last token was drawn, and how many there were by then.
    var lastDraw: (time: ContinuousClock.Instant, outputCount: Int)?
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
        thought = request.thought.map {
            ThoughtState(
                $0, maximumTokens: request.maximumTokens, stopIDs: request.stopIDs)
        }
        form = request.grammar.map(AnswerForm.init)
        self.history =
            history ?? TokenHistory(prompt: request.prompt, sampling: request.sampling)
    }

    /// Tokens known and not yet computed, at least one.
    var pendingCount: Int { tokens.count - computedCount }

    /// Tokens drawn so far.
    var outputCount: Int { tokens.count - request.prompt.count }

    /// The ids that come next whatever the model says.
    var forcedTokens: ArraySlice<Int32> { thought?.forcedTokens ?? [] }

    /// How the next token comes about, once the thought is closed if it has to be.
    ///
    /// - Parameter tokensLeft: New tokens that the deadline still allows; `nil` without one.
    /// - Returns: `.sample`, `.force` or `.end`.
    mutating func draw(tokensLeft: Int?) -> ThoughtState.Draw {
        guard let thought else { return .sample(formed(TokenMask(), tokensLeft)) }
        let draw = thought.draw(tokensLeft: tokensLeft)
        switch draw {
        case .close(let ceiling): return .force(closeThought(for: ceiling))
        case .sample(let mask) where thought.phase == .answer:
            return .sample(formed(mask, tokensLeft))
        case .sample, .force, .end: return draw
        }
    }

    /// A mask that keeps the answer to its grammar, if it has one.
    private func formed(_ mask: TokenMask, _ tokensLeft: Int?) -> TokenMask {
        guard let form else { return mask }
        return form.narrowed(
            mask, room: min(request.maximumTokens - outputCount, tokensLeft ?? .max),
            stops: request.stopIDs, opening: thought?.opening)
    }

    /// The token that takes a drawn one's place; mostly that one itself.
    mutating func settle(_ id: Int32) -> Int32 {
        guard let thought, thought.replacesStop(id) else { return id }
        return closeThought(for: .stop)
    }

    private mutating func closeThought(for ceiling: ThoughtCeiling) -> Int32 {
        outlet.yield(.closing(ceiling))
        // Only a thought asks to be closed.
        return thought?.beginClosing() ?? 0
    }

    /// Adds a new token and notes whether it is the last.
    mutating func append(_ id: Int32) {
        precondition(finishReason == nil && outputCount < request.maximumTokens)
        tokens.append(id)
        history.append(id)
        let wasAnswer = isInAnswer
        thought?.append(id)
        let isStop = request.stopIDs.contains(id)
        if form != nil, wasAnswer, isInAnswer, !isStop {
            form?.append(id)
            // A thought in the middle of an answer would tear it.
            thought?.revise(maximumTokens: nil, thoughtTokens: nil, answersNow: true)
        }
        if isStop || form?.isComplete == true {
            finishReason = .stop
        } else if outputCount == request.maximumTokens || thought?.isCut == true {
            finishReason = .length
        }
    }

    private var isInAnswer: Bool { thought.map { $0.phase == .answer } ?? true }

    /// Takes over new terms, and notes whether they end it.
    mutating func revise(_ revision: SequenceRevision) {
        if let tokens = revision.maximumTokens {
            request.maximumTokens = tokens
            if outputCount >= tokens { finishReason = .length }
        }
        if let deadline = revision.deadline { request.deadline = deadline }
        thought?.revise(
            maximumTokens: revision.maximumTokens, thoughtTokens: revision.thoughtTokens,
            answersNow: revision.answersNow)
    }

    /// Whether its deadline has come.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        request.deadline.map { $0 <= now } ?? false
    }

    /// Sends the last events; it has a reason to end.
    func notifyEnd() {
        guard let finishReason else { preconditionFailure("\(id) has not ended") }
        if draft.all > 0 { outlet.yield(.drafted(tokens: draft.all, accepted: draft.right)) }
        outlet.yield(.finished(finishReason))
        outlet.finish()
    }
}
