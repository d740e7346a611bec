import Routing
import Decoding

/// One completion under way: it reads the engine's tokens and tells what they mean.
///
///     TokenStream (ids) -> SampleAssembler (text) -> CompletionEvent
///
/// One task a sample; they end together with the reader of the events.
struct Completion: Sendable {
    private let plan: CompletionPlan
    let streams: [TokenStream]
    private let ledger: RoutingLedger
    private let budget: RevisableBudget
    let continuation: AsyncStream<CompletionEvent>.Continuation
    /// What tells thought from answer; nothing where the caller wants the text as it is.
    private let tags: ReasoningTags?
    /// Whether the prompt ends inside the thought.
    private let startsInReasoning: Bool
    private let submitted = ContinuousClock.now

    /// A completion whose sequences were submitted.
    init(
        _ plan: CompletionPlan, streams: [TokenStream], ledger: RoutingLedger,
        continuation: AsyncStream<CompletionEvent>.Continuation
    ) {
        self.plan = plan
        self.streams = streams
        self.ledger = ledger
        budget = RevisableBudget(plan.effective)
        self.continuation = continuation
        tags = plan.request.separatesReasoning ? plan.model.text.tags : nil
        startsInReasoning = tags != nil && plan.model.text.endsInReasoning(plan.prompt)
    }

    private var model: ReasoningModel { plan.model }
    private var request: CompletionRequest { plan.request }
    private var prompt: [Int32] { plan.prompt }
    /// Ceiling that the caller sees; the engine's own is at least 1.
    private var maximumTokens: Int { plan.effective.tokens }

    /// Runs to the end of every sample, or until the task is cancelled.
    func run() async {
        defer { continuation.finish() }
        guard let first = streams.first else { return }
        await withDiscardingTaskGroup { group in
            var accepted = CompletionEvent.Accepted(
                model: model.description.id, promptTokens: prompt.count,
                effective: plan.effective, startsInReasoning: startsInReasoning,
                route: plan.route, price: model.description.price, handle: handle)
            accepted.loading = plan.loading
            continuation.yield(.accepted(accepted))
            // The first sample brings the prompt's log-probabilities, which come before any text:
            // the others' texts wait until they are out.
            var events = first.makeAsyncIterator()
            if request.echo {
                var echo: [TokenReport]?
                if request.topLogprobs != nil { echo = await promptReports(&events) }
                continuation.yield(
                    .echo(echo ?? prompt.map { model.report($0, nil, isReasoning: false) }))
            }
            for index in streams.indices.dropFirst() {
                group.addTask {
                    var events = streams[index].makeAsyncIterator()
                    await follow(sample: index, &events)
                }
            }
            await follow(sample: 0, &events)
        }
    }

    /// Changes the ceilings of every sample that still runs.
    private var handle: GenerationHandle {
        let room = model.description.contextLength - prompt.count
        let engine = model.engine
        return GenerationHandle {
            [first = streams.first?.id] in
            first.flatMap(engine.place)
        } _: { [streams, budget, continuation] revision in
            var terms = SequenceRevision()
            terms.maximumTokens = revision.tokens.map { min(max($0, 1), room) }
            terms.thoughtTokens =
                revision.reasoningTokens.map { min($0, room) }
                ?? RevisableBudget.following(revision, budget.current, room: room)
            terms.answersNow = revision.answersNow
            var holds = false
            for stream in streams where await engine.revise(stream.id, terms) { holds = true }
            guard holds else { return nil }
            let effective = budget.apply(revision, roomForTokens: room)
            continuation.yield(.revised(effective))
            return effective
        }
    }

    /// Waits for the prompt's log-probabilities.
    private func promptReports(
        _ events: inout AsyncStream<TokenEvent>.Iterator
    ) async -> [TokenReport]? {
        while let event = await events.next(isolation: #isolation) {
            guard case .prompt(let logprobs) = event else { continue }
            return zip(prompt, logprobs).map { model.report($0, $1, isReasoning: false) }
        }
        return nil
    }

    /// Turns one sample's tokens into events up to its end.
    private func follow(
        sample: Int, _ events: inout AsyncStream<TokenEvent>.Iterator
    ) async {
        var assembler = SampleAssembler(
            tokenizer: model.text.tokenizer, tags: tags,
            startsInReasoning: startsInReasoning, stops: request.stopStrings)
        let stopIDs = model.stopIDs(for: request)
        var (completionTokens, cachedPromptTokens) = (0, 0)
        var draft: (tokens: Int, accepted: Int) = (0, 0)
        var reason = FinishReason.cancelled
        var closing: ThoughtCeiling?
        var stages = CompletionEvent.Finished.Stages(submitted: submitted, ended: submitted)
        var told = (all: 0, reasoning: 0)
        func emit(_ piece: SampleAssembler.Piece, _ tokens: [TokenReport]) {
            guard !piece.reasoning.isEmpty || !piece.answer.isEmpty || !tokens.isEmpty else {
                return
            }
            var delta = CompletionEvent.Delta(
                sample: sample, reasoning: piece.reasoning, content: piece.answer,
                tokens: tokens)
            delta.tokenCount = completionTokens - told.all
            delta.reasoningCount = assembler.reasoningTokens - told.reasoning
            told = (completionTokens, assembler.reasoningTokens)
            continuation.yield(.delta(delta))
        }
        reading: while let event = await events.next(isolation: #isolation) {
            switch event {
            case .admitted:
                stages.admitted = .now
            case .prompt, .hidden:
                continue
            case .closing(let ceiling):
                closing = ceiling
            case .reused(let tokens):
                cachedPromptTokens = tokens
            case .drafted(let tokens, let accepted):
                draft = (tokens, accepted)
            case .finished(let why):
                reason = why
                break reading
            case .token(let id, let logprob):
                guard maximumTokens > 0 else { continue }
                completionTokens += 1
                if completionTokens == 1 { stages.firstToken = .now }
                let wasReasoning = assembler.isReasoning
                var piece = SampleAssembler.Piece()
                if stopIDs.contains(id) {
                    assembler.appendStop()
                } else {
                    piece = assembler.append(id)
                }
                let tokens =
                    request.reportsTokens || request.topLogprobs != nil
                    ? [model.report(id, logprob, isReasoning: wasReasoning)] : []
                emit(piece, tokens)
                if assembler.matchedStop != nil {
                    // The text decides, one step after the engine drew the token: whatever it
                    // draws meanwhile is neither shown nor counted.
                    model.engine.end(streams[sample].id)
                    reason = .stop
                    break reading
                }
            }
        }
        if assembler.matchedStop == nil { emit(assembler.finish(), []) }
        if assembler.matchedStop != nil { reason = .stop }
        if maximumTokens == 0, reason == .stop { reason = .length }
        let ceiling = budget.current.tokens
        let exhausted = Self.exhausted(
            reason, closing: closing, isFull: completionTokens >= ceiling)
        if reason == .deadline { reason = .length }
        var finished = CompletionEvent.Finished(
            sample: sample, reason: reason, stopString: assembler.matchedStop,
            completionTokens: completionTokens, reasoningTokens: assembler.reasoningTokens,
            endsInReasoning: assembler.isReasoning, cachedPromptTokens: cachedPromptTokens,
            queueTime: stages.admitted.map(submitted.duration(to:)), forcedClose: closing != nil,
            exhausted: exhausted)
        (finished.draftTokens, finished.acceptedDraftTokens) = draft
        stages.ended = .now
        finished.stages = stages
        ledger.note(finished, of: plan, ceiling: budget.mostTokens)
        continuation.yield(.finished(finished))
    }

    /// The ceiling that ended a sample, or else the one that closed its thought.
    private static func exhausted(
        _ reason: FinishReason, closing: ThoughtCeiling?, isFull: Bool
    ) -> CompletionEvent.Finished.Ceiling? {
        switch (reason, closing) {
        case (.deadline, _): .latency
        // Short of its ceiling only a thought is cut, by its own.
        case (.length, _): isFull ? .tokens : .reasoning
        case (_, .reasoning): .reasoning
        case (_, .tokens): .tokens
        case (_, .latency): .latency
        case (_, .stop), (_, .asked), (_, nil): nil
        }
    }
}
