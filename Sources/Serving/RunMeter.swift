import Inference
import Routing
import Synchronization
import Tokenization

/// Counts what becomes of a completion request, each of its choices once.
///
/// Prompts and new tokens are counted as `usage` counts them, new ones while they come. A choice
/// that has not ended when the client leaves, or when nobody runs the request any more, is an
/// `abort`; its tokens so far stay counted.
final class RunMeter: Sendable {
    private struct Choice {
        var tokens = 0
        var reasoning = 0
        var firstToken: ContinuousClock.Instant?
        var hasEnded = false
    }

    private struct State {
        var choices: [Choice]
        /// Whether the prompt was counted, by prompt.
        var countedPrompts: [Bool]
        var models: [String]
        var tallies: [TokenTally]
    }

    /// What a ceiling counts at most: one may ask for as many tokens as a number holds.
    private static let mostRequested = 1 << 32

    private let job: CompletionJob
    private let metrics: ServingMetrics
    private let record: RequestRecord?
    private let start: ContinuousClock.Instant
    private let state: Mutex<State>

    /// A meter for a request that was accepted.
    ///
    /// - Parameters:
    ///   - job: The request.
    ///   - accepted: What was decided, by prompt.
    ///   - received: When it came, where no record says.
    ///   - metrics: Where it is counted.
    init(
        _ job: CompletionJob, accepted: [CompletionEvent.Accepted],
        received: ContinuousClock.Instant, metrics: ServingMetrics
    ) {
        self.job = job
        self.metrics = metrics
        record = RequestRecord.current
        start = record?.start ?? received
        state = Mutex(
            State(
                choices: Array(repeating: Choice(), count: accepted.count * job.samples),
                countedPrompts: Array(repeating: false, count: accepted.count),
                models: accepted.map(\.model),
                tallies: accepted.map { metrics.tally(of: $0.model) }))
        record?.note { facts in
            facts.model = accepted.first?.model
            facts.alpha = accepted.first?.route?.alpha
            facts.promptTokens = accepted.map(\.promptTokens).reduce(0, +)
            if record?.keepsWords == true {
                facts.words = LoggedWords(prompts: job.requests.map(\.prompt.logged))
            }
        }
    }

    deinit { leave() }

    /// Takes an event into account that `progress` has taken into account already.
    func note(_ event: CompletionEvent, prompt: Int, progress: CompletionProgress) {
        switch event {
        case .delta(let delta):
            let index = progress.index(prompt: prompt, sample: delta.sample)
            if record?.keepsWords == true {
                record?.note {
                    $0.words?.append(
                        reasoning: delta.reasoning, content: delta.content, choice: index)
                }
            }
            guard !job.discardsOutput else { return }
            state.withLock { note(delta, choice: index, of: prompt, progress, &$0) }
        case .escalated(let next):
            let tally = metrics.tally(of: next.model)
            state.withLock { state in
                state.models[prompt] = next.model
                state.tallies[prompt] = tally
            }
            record?.note {
                $0.model = next.model
                $0.alpha = next.route?.alpha
            }
        case .finished(let finished):
            let index = progress.index(prompt: prompt, sample: finished.sample)
            end(index, of: prompt, progress)
        case .accepted, .echo, .revised:
            break
        }
    }

    /// The request could not be finished.
    ///
    /// Where it has no stream, the error is answered with and counted there.
    func fail(_ error: ServingError) {
        closeAll()
        guard job.streams else { return }
        let code = ErrorBody(error).code
        metrics.noteFailure(code)
        record?.note { $0.failure = code ?? "error" }
    }

    /// Nobody reads the rest.
    func leave() {
        for (model, choice) in closeAll() {
            metrics.update(model) { counts in
                counts.endings["abort", default: 0] += 1
                if let first = choice.firstToken {
                    counts.firstToken.note(start.duration(to: first))
                }
            }
            record?.note { facts in
                facts.finishReason = "abort"
                facts.reasoningTokens = (facts.reasoningTokens ?? 0) + choice.reasoning
                facts.answerTokens =
                    (facts.answerTokens ?? 0) + choice.tokens - choice.reasoning
            }
        }
    }

    /// Closes the choices that have not ended.
    @discardableResult
    private func closeAll() -> [(model: String, choice: Choice)] {
        state.withLock { state in
            state.choices.indices.filter { !state.choices[$0].hasEnded }.map { index in
                state.choices[index].hasEnded = true
                return (state.models[index / job.samples], state.choices[index])
            }
        }
    }

    private func note(
        _ delta: CompletionEvent.Delta, choice index: Int, of prompt: Int,
        _ progress: CompletionProgress, _ state: inout State
    ) {
        if state.choices[index].firstToken == nil { state.choices[index].firstToken = .now }
        state.choices[index].tokens += delta.tokenCount
        state.choices[index].reasoning += delta.reasoningCount
        let tally = state.tallies[prompt]
        tally.add(generation: delta.tokenCount, reasoning: delta.reasoningCount)
        // What another member reads, which may come after it, is told by the end.
        if !state.countedPrompts[prompt], job.requests[prompt].policy != .escalate {
            state.countedPrompts[prompt] = true
            tally.add(prompt: progress.accepted[prompt].promptTokens)
        }
    }

    /// Counts an end.
    private func end(_ index: Int, of prompt: Int, _ progress: CompletionProgress) {
        guard let finished = progress.choices[index].finished else { return }
        let accepted = progress.accepted[prompt]
        let siblings = prompt * job.samples..<(prompt + 1) * job.samples
        let ended = state.withLock { state -> (choice: Choice, isFirst: Bool, isLast: Bool)? in
            let choice = state.choices[index]
            guard !choice.hasEnded else { return nil }
            let isFirst = !siblings.contains { state.choices[$0].hasEnded }
            state.choices[index].hasEnded = true
            let tally = state.tallies[prompt]
            tally.add(
                generation: finished.completionTokens - choice.tokens,
                reasoning: finished.reasoningTokens - choice.reasoning)
            if !state.countedPrompts[prompt] {
                state.countedPrompts[prompt] = true
                tally.add(prompt: accepted.promptTokens)
            }
            return (choice, isFirst, siblings.allSatisfy { state.choices[$0].hasEnded })
        }
        guard let ended else { return }
        metrics.update(accepted.model) { counts in
            counts.endings[finished.reason.name, default: 0] += 1
            if ended.isFirst { counts.promptTokens.note(Double(accepted.promptTokens)) }
            counts.generationTokens.note(Double(finished.completionTokens))
            counts.reasoningTokens.note(Double(finished.reasoningTokens))
            if ended.isLast {
                let most = siblings.compactMap {
                    progress.choices[$0].finished?.completionTokens
                }.max()
                counts.mostGenerationTokens.note(Double(most ?? 0))
            }
            noteTimes(of: finished, firstToken: ended.choice.firstToken, in: &counts)
            noteBudget(of: finished, choice: index, prompt, progress, in: &counts)
        }
        tell(finished, ended.choice, progress)
    }

    private func noteTimes(
        of finished: CompletionEvent.Finished, firstToken: ContinuousClock.Instant?,
        in counts: inout ModelMetrics
    ) {
        let stages = finished.stages
        if let first = stages?.firstToken ?? firstToken {
            counts.firstToken.note(start.duration(to: first))
        }
        counts.total.note(start.duration(to: stages?.ended ?? .now))
        guard let stages, let admitted = stages.admitted else { return }
        counts.queue.note(stages.submitted.duration(to: admitted))
        guard let first = stages.firstToken else { return }
        counts.prefill.note(admitted.duration(to: first))
        counts.decode.note(first.duration(to: stages.ended))
    }

    private func noteBudget(
        of finished: CompletionEvent.Finished, choice index: Int, _ prompt: Int,
        _ progress: CompletionProgress, in counts: inout ModelMetrics
    ) {
        if let exhausted = progress.exhausted(choice: index) {
            counts.exhausted[exhausted, default: 0] += 1
        }
        guard !job.discardsOutput else { return }
        if let requested = job.asked.tightest {
            counts.budget.requested += min(requested, Self.mostRequested)
            counts.budget.effective += progress.budgets[prompt].tokens
            counts.budget.spent += finished.completionTokens
        }
        if let expected = progress.accepted[prompt].route?.meanTokens,
            finished.completionTokens > 0
        {
            counts.lengthRatio.note(expected / Double(finished.completionTokens))
        }
    }

    /// Writes down what the access log tells.
    private func tell(
        _ finished: CompletionEvent.Finished, _ choice: Choice, _ progress: CompletionProgress
    ) {
        let first = finished.stages?.firstToken ?? choice.firstToken
        record?.note { facts in
            facts.model = progress.model
            facts.promptTokens = progress.promptTokens
            facts.reasoningTokens = (facts.reasoningTokens ?? 0) + finished.reasoningTokens
            facts.answerTokens =
                (facts.answerTokens ?? 0) + finished.completionTokens - finished.reasoningTokens
            facts.queueMilliseconds = progress.queueMilliseconds
            if let first {
                let milliseconds = start.milliseconds(to: first)
                facts.firstTokenMilliseconds =
                    min(milliseconds, facts.firstTokenMilliseconds ?? .infinity)
            }
            // Of several choices, what they have not in common.
            let reason = finished.reason.name
            if facts.finishReason == nil {
                facts.finishReason = reason
            } else if facts.finishReason != reason {
                facts.finishReason = "mixed"
            }
        }
    }
}

extension CompletionRequest.Prompt {
    /// The prompt as an operator asked to have it logged.
    fileprivate var logged: String {
        let text: String
        switch self {
        case .text(let words): text = words
        case .ids(let ids): text = "\(ids)"
        case .conversation(let variables):
            var json = JSONWriter()
            json.value(variables["messages"] ?? .null)
            text = String(decoding: json.bytes, as: UTF8.self)
        }
        return text.utf8.count <= LoggedWords.limit
            ? text : String(decoding: text.utf8.prefix(LoggedWords.limit), as: UTF8.self)
    }
}
