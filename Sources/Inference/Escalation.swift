import Routing
import Synchronization

/// One budget, two thinkers: the tersest member answers first, and where its answer is missing or
/// unsure, what is left goes to the best of the others.
///
///     first.reasoning … first.answer (held back)
///                     sure:     .delta(answer) .finished
///                     not sure: the held answer becomes thought, then
///                               .escalated  second.reasoning … second.answer  .finished
///
/// All tokens are on one ledger: those of the first count as thought, and the second runs under
/// what they left. The first is cut, not closed, at the ceiling that leaves the second its least.
struct Escalation: Sendable {
    /// An answer is unsure if the member gave any of its tokens a chance below a half.
    private static let leastLogprob: Float = -0.693_147

    typealias Begin =
        @Sendable (CompletionRequest) async throws(InferenceError) -> AsyncStream<CompletionEvent>

    /// What the caller asked for.
    let request: CompletionRequest
    /// The same for the tersest member, up to where it is cut.
    let first: CompletionRequest
    /// The others.
    let others: Set<String>
    /// The ceilings of both together.
    let effective: EffectiveBudget
    /// When the request came.
    let received: ContinuousClock.Instant
    /// Begins a completion.
    let begin: Begin

    /// Begins the first attempt.
    ///
    /// - Returns: The events of both attempts as those of one completion.
    /// - Throws: Why the first could not begin.
    func events() async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        let attempt = try await begin(first)
        let (events, continuation) = AsyncStream.makeStream(of: CompletionEvent.self)
        let ledger = EscalationLedger(tokens: effective.tokens)
        let task = Task {
            await run(attempt, ledger, continuation)
            continuation.finish()
        }
        // The attempt's own stream ends with its reader, and its sequence with that.
        continuation.onTermination = { _ in task.cancel() }
        return events
    }

    private func run(
        _ attempt: AsyncStream<CompletionEvent>, _ ledger: EscalationLedger,
        _ continuation: AsyncStream<CompletionEvent>.Continuation
    ) async {
        var held: [CompletionEvent.Delta] = []
        var (answer, isSure) = ("", true)
        var opening: CompletionEvent.Accepted?
        for await event in attempt {
            switch event {
            case .accepted(var accepted):
                opening = accepted
                ledger.follow(accepted.handle, spent: 0)
                accepted.effective = effective
                accepted.handle = ledger.handle
                continuation.yield(.accepted(accepted))
            case .delta(let delta):
                for token in delta.tokens where !token.isReasoning {
                    if let logprob = token.logprob, logprob < Self.leastLogprob { isSure = false }
                }
                answer += delta.content
                if delta.content.isEmpty, held.isEmpty {
                    continuation.yield(.delta(asAsked(delta)))
                } else {
                    held.append(asAsked(delta))
                }
            case .finished(let finished):
                guard finished.reason == .stop || finished.reason == .length else {
                    return continuation.yield(with: finished, after: held)
                }
                let isMissing =
                    finished.reason != .stop || finished.endsInReasoning
                    || answer.allSatisfy(\.isWhitespace)
                guard isMissing || !isSure, !ledger.answersNow, let opening,
                    let second = await secondAttempt(opening, finished, ledger)
                else { return continuation.yield(with: finished, after: held) }
                for delta in held { continuation.yield(.delta(delta.asThought)) }
                await follow(second, after: finished, of: opening, ledger, continuation)
            case .echo, .revised, .escalated:
                continuation.yield(event)
            }
        }
    }

    /// Passes the second attempt on, with what the first spent.
    private func follow(
        _ attempt: AsyncStream<CompletionEvent>, after first: CompletionEvent.Finished,
        of opening: CompletionEvent.Accepted, _ ledger: EscalationLedger,
        _ continuation: AsyncStream<CompletionEvent>.Continuation
    ) async {
        for await event in attempt {
            switch event {
            case .accepted(var accepted):
                ledger.follow(accepted.handle, spent: first.completionTokens)
                accepted.handle = ledger.handle
                accepted.earlierTokens = first.completionTokens
                accepted.earlierCost = Self.cost(of: first, opening)
                continuation.yield(.escalated(accepted))
            case .finished(var finished):
                finished.completionTokens += first.completionTokens
                finished.reasoningTokens += first.completionTokens
                finished.draftTokens += first.draftTokens
                finished.acceptedDraftTokens += first.acceptedDraftTokens
                if let ended = finished.stages?.ended {
                    finished.stages = first.stages
                    finished.stages?.ended = ended
                }
                continuation.yield(.finished(finished))
            case .revised(var effective):
                effective.tokens += first.completionTokens
                continuation.yield(.revised(effective))
            case .delta, .echo, .escalated:
                continuation.yield(event)
            }
        }
    }

    /// Begins the second attempt under what the first left; nil where that is too little.
    private func secondAttempt(
        _ opening: CompletionEvent.Accepted, _ first: CompletionEvent.Finished,
        _ ledger: EscalationLedger
    ) async -> AsyncStream<CompletionEvent>? {
        var second = request
        second.policy = .route
        second.members = others
        second.reason = .escalated
        var budget = request.budget ?? Budget()
        budget.tokens = ledger.tokens - first.completionTokens
        if let thought = budget.reasoningTokens {
            budget.reasoningTokens = max(thought - first.completionTokens, 0)
        }
        if let cost = budget.cost {
            guard let spent = Self.cost(of: first, opening), spent < cost else { return nil }
            budget.cost = cost - spent
        }
        if let milliseconds = budget.latencyMilliseconds {
            let elapsed = (ContinuousClock.now - received) / .milliseconds(1)
            budget.latencyMilliseconds = milliseconds - Int(elapsed.rounded(.up))
        }
        second.budget = budget
        second.ceilings = RequestCeilings()
        return try? await begin(second)
    }

    private func asAsked(_ delta: CompletionEvent.Delta) -> CompletionEvent.Delta {
        var delta = delta
        if request.topLogprobs == nil {
            for index in delta.tokens.indices { delta.tokens[index].logprob = nil }
            if !request.reportsTokens { delta.tokens = [] }
        }
        return delta
    }

    private static func cost(
        of finished: CompletionEvent.Finished, _ accepted: CompletionEvent.Accepted
    ) -> Double? {
        accepted.price?.cost(
            promptTokens: accepted.promptTokens,
            completionTokens: Double(finished.completionTokens))
    }
}

extension AsyncStream<CompletionEvent>.Continuation {
    /// Sends what was held back, and the end.
    fileprivate func yield(
        with finished: CompletionEvent.Finished, after held: [CompletionEvent.Delta]
    ) {
        for delta in held { yield(.delta(delta)) }
        yield(.finished(finished))
    }
}

extension CompletionEvent.Delta {
    /// What was meant as an answer, as part of the thought.
    fileprivate var asThought: CompletionEvent.Delta {
        var delta = self
        delta.reasoning += content
        delta.content = ""
        for index in delta.tokens.indices { delta.tokens[index].isReasoning = true }
        return delta
    }
}

/// What both attempts share while they run: the ceiling, and whose turn it is.
final class EscalationLedger: Sendable {
    private struct State {
        var tokens: Int
        var answersNow = false
        var current: GenerationHandle?
        /// Tokens of attempts that have ended.
        var spent = 0
    }

    private let state: Mutex<State>

    /// A ledger under a ceiling on all new tokens.
    init(tokens: Int) {
        state = Mutex(State(tokens: tokens))
    }

    /// The ceiling on the tokens of both attempts, by now.
    var tokens: Int { state.withLock { $0.tokens } }
    /// Whether the caller wants the answer of whoever is thinking.
    var answersNow: Bool { state.withLock { $0.answersNow } }

    /// Another attempt runs.
    func follow(_ handle: GenerationHandle?, spent: Int) {
        state.withLock { ($0.current, $0.spent) = (handle, spent) }
    }

    /// Stands for whichever attempt runs.
    var handle: GenerationHandle {
        GenerationHandle {
            self.state.withLock { $0.current }?.queuePlace
        } _: { revision in
            let (current, spent) = self.state.withLock { ($0.current, $0.spent) }
            var terms = revision
            terms.tokens = revision.tokens.map { max($0 - spent, 0) }
            terms.reasoningTokens = revision.reasoningTokens.map { max($0 - spent, 0) }
            guard var effective = await current?.revise(terms) else { return nil }
            self.state.withLock {
                if revision.answersNow { $0.answersNow = true }
                if let tokens = revision.tokens { $0.tokens = tokens }
            }
            effective.tokens += spent
            return effective
        }
    }
}
