import Inference
import Routing

/// What is known of a request while it runs: all that an answer in any dialect is made of.
struct CompletionProgress {
    /// One choice of the answer.
    struct Choice {
        /// The thought so far, unless the answer is streamed.
        var reasoning = ""
        /// The answer so far, unless it is streamed.
        var content = ""
        /// The tokens so far, where the caller wants them and the answer is not streamed.
        var tokens: [TokenReport] = []
        /// Tokens told of so far, those of the thought apart; they lag behind where text is held.
        var toldTokens = (all: 0, reasoning: 0)
        /// New tokens so far, those of the thought apart, whether or not the caller wants to see
        /// them.
        var madeTokens = (all: 0, reasoning: 0)
        /// How it ended.
        var finished: CompletionEvent.Finished?
    }

    /// The name of the answer.
    let id: String
    /// Seconds since 1970.
    let created: Int
    /// What was asked.
    let job: CompletionJob
    /// What was decided, by prompt; where another member went on, of that one.
    private(set) var accepted: [CompletionEvent.Accepted]
    /// The prompts' own tokens, by prompt, where they are to be echoed and known by now.
    private(set) var echoes: [[TokenReport]?]
    /// The ceilings, by prompt.
    private(set) var budgets: [EffectiveBudget]
    /// The choices: all samples of the first prompt, then those of the second, and so on.
    private(set) var choices: [Choice]
    private let received: ContinuousClock.Instant
    private let acceptance = ContinuousClock.now
    private var firstToken: ContinuousClock.Instant?
    private var ended: ContinuousClock.Instant?

    /// The start, when every prompt was accepted.
    init(
        id: String, created: Int, job: CompletionJob, accepted: [CompletionEvent.Accepted],
        received: ContinuousClock.Instant
    ) {
        self.id = id
        self.created = created
        self.job = job
        self.accepted = accepted
        self.received = received
        echoes = Array(repeating: nil, count: accepted.count)
        budgets = accepted.map(\.effective)
        choices = Array(repeating: Choice(), count: accepted.count * job.samples)
    }

    /// The checkpoint that answers.
    var model: String { accepted.first?.model ?? "" }
    /// Whether every choice has ended.
    var isComplete: Bool { choices.allSatisfy { $0.finished != nil } }

    /// The choice that a sample of a prompt is.
    func index(prompt: Int, sample: Int) -> Int { prompt * job.samples + sample }

    /// The prompt that a choice answers.
    func prompt(ofChoice index: Int) -> Int { index / job.samples }

    /// Takes an event of one prompt into account.
    ///
    /// - Throws: `ServingError.engineFailed` or `.draining` for an end that is no answer.
    mutating func note(_ event: CompletionEvent, prompt: Int) throws(ServingError) {
        switch event {
        case .accepted:
            break
        case .revised(let effective):
            budgets[prompt] = effective
        case .escalated(let next):
            accepted[prompt] = next
        case .echo(let tokens):
            echoes[prompt] = tokens
        case .delta(let delta):
            if firstToken == nil { firstToken = .now }
            guard !job.discardsOutput else { return }
            let index = index(prompt: prompt, sample: delta.sample)
            choices[index].madeTokens.all += delta.tokenCount
            choices[index].madeTokens.reasoning += delta.reasoningCount
            choices[index].toldTokens.all += delta.tokens.count
            choices[index].toldTokens.reasoning += delta.tokens.count(where: \.isReasoning)
            guard !job.streams else { return }
            choices[index].reasoning += delta.reasoning
            choices[index].content += delta.content
            choices[index].tokens += delta.tokens
        case .finished(var finished):
            switch finished.reason {
            case .stop, .length, .deadline: break
            case .cancelled: throw .engineFailed("it was cancelled")
            case .shutdown: throw .draining
            }
            if job.discardsOutput {
                finished.reason = .length
                finished.stopString = nil
                (finished.completionTokens, finished.reasoningTokens) = (0, 0)
            }
            choices[index(prompt: prompt, sample: finished.sample)].finished = finished
            ended = .now
        }
    }

    /// Milliseconds from the request to the first token and to the last.
    var milliseconds: (first: Double?, total: Double?) {
        (firstToken.map { received.milliseconds(to: $0) }, ended.map(received.milliseconds(to:)))
    }

    /// Milliseconds in all, until the request was understood, in the queue, and since then.
    var times: (total: Double, validation: Double, queue: Double, inference: Double) {
        let total = milliseconds.total ?? received.milliseconds(to: .now)
        let validation = received.milliseconds(to: acceptance)
        let queue = queueMilliseconds ?? 0
        return (total, validation, queue, max(0, total - validation - queue))
    }

    /// From the request to its end, of that for the model's weights, until the first token besides,
    /// and from there on.
    var durations: (total: Duration, loading: Duration, prompt: Duration, answer: Duration) {
        let end = ended ?? .now
        let first = firstToken ?? end
        let untilFirst = received.duration(to: first)
        let loading = min(accepted.map(\.loading).max() ?? .zero, untilFirst)
        return (
            received.duration(to: end), loading, untilFirst - loading, first.duration(to: end)
        )
    }

    /// Milliseconds that the choice which waited longest was in the queue.
    var queueMilliseconds: Double? {
        choices.compactMap { $0.finished?.queueTime }.max().map(\.milliseconds)
    }

    /// Tokens per second after the first, over all choices.
    var tokensPerSecond: Double? {
        guard let firstToken, let ended else { return nil }
        let elapsed = firstToken.milliseconds(to: ended) / 1000
        let tokens = completionTokens - choices.count
        guard elapsed > 0, tokens > 0 else { return nil }
        return (Double(tokens) / elapsed * 100).rounded() / 100
    }

    /// Tokens of all prompts; samples of a prompt share it.
    var promptTokens: Int { accepted.map(\.promptTokens).reduce(0, +) }
    /// Tokens of all prompts that were found in the prefix cache.
    ///
    /// Of several samples of a prompt the first is asked: what the others found, it computed.
    var cachedTokens: Int {
        accepted.indices
            .compactMap { choices[index(prompt: $0, sample: 0)].finished?.cachedPromptTokens }
            .reduce(0, +)
    }
    /// Tokens of all choices that were guessed and checked together.
    var draftTokens: Int { choices.compactMap(\.finished?.draftTokens).reduce(0, +) }
    /// Those of them that were drawn.
    var acceptedDraftTokens: Int {
        choices.compactMap(\.finished?.acceptedDraftTokens).reduce(0, +)
    }
    /// New tokens of all choices.
    var completionTokens: Int {
        choices.map { $0.finished?.completionTokens ?? $0.toldTokens.all }.reduce(0, +)
    }
    /// New tokens inside the thoughts.
    var reasoningTokens: Int {
        choices.map { $0.finished?.reasoningTokens ?? $0.toldTokens.reasoning }.reduce(0, +)
    }

    /// Which ceiling cut a choice off; `nil` if none did.
    func exhausted(choice index: Int) -> String? {
        guard let end = choices[index].finished, !job.discardsOutput else { return nil }
        let budget = budgets[prompt(ofChoice: index)]
        // An end by length that nothing else explains is one by the total.
        switch end.exhausted ?? (end.reason == .length ? .tokens : nil) {
        case .latency: return "latency"
        case .reasoning where budget.sparesThought || isAsked(budget): return "reasoning"
        case .reasoning, .tokens: return name(of: budget.bound)
        case nil: return nil
        }
    }

    /// Whether the ceiling on the thought is the caller's own, though it may be what all tokens
    /// leave.
    private func isAsked(_ budget: EffectiveBudget) -> Bool {
        let own = [job.asked.budget.reasoningTokens, job.asked.ceilings.reasoningTokens]
        return budget.reasoningTokens == own.compactMap(\.self).min()
    }

    private func name(of bound: EffectiveBudget.Bound) -> String {
        switch bound {
        case .context: "context"
        case .cost: "cost"
        case .latency: "latency"
        case .budget, .request: "tokens"
        }
    }
}

extension ContinuousClock.Instant {
    /// Milliseconds from here to `other`, to the tenth.
    func milliseconds(to other: ContinuousClock.Instant) -> Double {
        duration(to: other).milliseconds
    }
}

extension Duration {
    /// Milliseconds, to the tenth.
    var milliseconds: Double {
        let exact = Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15
        return (exact * 10).rounded() / 10
    }

    /// Nanoseconds; the longest that fit where it is longer.
    var nanoseconds: Int {
        let (seconds, attoseconds) = components
        return seconds < 1 << 33
            ? Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000) : .max
    }
}
