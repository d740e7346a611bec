import Models

/// The decode loop without its thread: plan, run, sample, commit.
///
/// Everything here is synchronous and has one owner, so the same schedule always does the same.
struct DecodeLoop: ~Copyable {
    private let model: any LanguageModel
    private let vocabularySize: Int
    private var scheduler: Scheduler
    private var sampler = Sampler()
    private var plan = StepPlan()
    private let clock: @Sendable () -> ContinuousClock.Instant
    private var pace = StepPace()
    /// How steps went since somebody took this.
    var histograms = DecodingHistograms()
    /// When the step before ended, if something was left to do then.
    private var lastEnd: ContinuousClock.Instant?

    init(
        model: any LanguageModel, limits: RequestLimits, configuration: EngineConfiguration,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.model = model
        self.clock = clock
        vocabularySize = limits.vocabularySize
        scheduler = Scheduler(limits: limits, configuration: configuration)
    }

    var isEmpty: Bool { scheduler.isEmpty }
    var waitingCount: Int { scheduler.waitingCount }
    /// Forward passes so far.
    var stepCount: Int { scheduler.statistics.steps }
    /// Rises with every change of `queue`.
    var queueVersion: Int { scheduler.waiting.version }
    /// The queue, next one first.
    var queue: [QueueEntry] {
        scheduler.waiting.places { scheduler.likelySteps(of: $0) }
    }
    /// When places in the queue become free; nothing where nobody waits.
    var placeForecast: PlaceForecast {
        guard !scheduler.waiting.isEmpty else { return PlaceForecast() }
        return PlaceForecast(
            running: scheduler.stepsAhead, secondsPerStep: pace.mean ?? 0,
            share: scheduler.stepShare.value)
    }

    /// Puts a validated sequence into the queue.
    mutating func enqueue(_ sequence: TokenSequence) {
        scheduler.enqueue(sequence)
    }

    /// Ends a sequence wherever it is; one that is gone already is no error.
    mutating func end(_ id: SequenceID, _ reason: FinishReason) {
        scheduler.end(id, reason)
    }

    /// Ends every sequence.
    mutating func endAll(_ reason: FinishReason) {
        scheduler.endAll(reason)
    }

    /// Changes the terms of a sequence; see `Scheduler.revise`.
    mutating func revise(_ id: SequenceID, _ revision: SequenceRevision) -> Bool {
        scheduler.revise(id, revision)
    }

    /// Ends the sequences whose deadline has come, queued ones too.
    ///
    /// - Returns: How many there were.
    mutating func expire() -> Int {
        scheduler.nextDeadline == nil ? 0 : scheduler.expire(at: clock())
    }

    /// Moves sequences from the queue while places and pages last.
    mutating func admit() {
        for index in scheduler.admit() { scheduler.running[index].outlet.yield(.admitted) }
    }

    /// Runs one forward pass over some tokens of the running sequences, if there are any.
    ///
    /// - Returns: How many sequences ended.
    mutating func step() -> Int {
        scheduler.plan(into: &plan)
        guard !plan.isEmpty else {
            precondition(scheduler.running.isEmpty, "sequences run and none has its turn")
            lastEnd = nil
            return 0
        }
        // What happens between two steps takes time too.
        let start = lastEnd ?? clock()
        let hadPrompt = plan.shares.contains { scheduler.running[$0.index].outputCount == 0 }
        var logits = model.forward(plan.batch)
        precondition(
            logits.vocabularySize == vocabularySize
                && logits.rowCount == plan.batch.logitRowCount,
            "\(plan.batch.logitRowCount) rows of \(vocabularySize) logits expected")
        scheduler.statistics.steps += 1
        for share in plan.shares { scheduler.commit(share) }
        sendHiddenStates(logits.hidden)
        // One instant for all: their tokens go out together.
        let now = scheduler.nextDeadline == nil ? nil : clock()
        let promptSteps = now == nil ? 0 : scheduler.promptStepsAhead
        var row = 0
        for share in plan.shares {
            let rows = row..<row + share.rowCount
            row = rows.upperBound
            guard !rows.isEmpty else { continue }
            scorePrompt(share, rows: rows, in: logits)
            if scheduler.running[share.index].pendingCount == 0 {
                let deadline = scheduler.running[share.index].request.deadline
                let time = now.flatMap { now in deadline.map { now.duration(to: $0) } }
                // The token at hand is computed and costs no further step.
                let tokensLeft = time.map {
                    $0 > .zero
                        ? 1
                            + pace.stepsFitting(
                                in: $0, promptSteps: promptSteps,
                                sequences: scheduler.running.count) : 0
                }
                drawTokens(of: share, before: rows.upperBound, tokensLeft, from: &logits)
            }
        }
        let end = clock()
        pace.note(
            start.duration(to: end), hadPrompt: hadPrompt, sequences: plan.shares.count)
        if !hadPrompt {
            scheduler.drafting.cost.note(
                start.duration(to: end),
                tokens: plan.shares.reduce(0) { $0 + $1.tokenCount })
        }
        noteDraws(at: end)
        let retired = scheduler.retireFinished()
        lastEnd = scheduler.isEmpty ? nil : end
        return retired
    }

    /// The totals, and what is held now.
    mutating func snapshot() -> EngineStatistics {
        var statistics = scheduler.snapshot()
        // For one that would join now.
        statistics.secondsPerStep =
            pace.secondsOfDecode(sequences: scheduler.running.count + 1) ?? 0
        statistics.secondsPerPromptStep = pace.secondsWithPrompt ?? 0
        return statistics
    }

    /// Whether sequences ended that were not told so.
    var hasEndings: Bool { !scheduler.ended.isEmpty }

    /// Sends them their last event; see `Scheduler.notifyEnded`.
    mutating func notifyEnded() {
        scheduler.notifyEnded()
    }

    /// Traps unless pages, tables and reservations agree.
    func checkInvariants() {
        scheduler.checkInvariants()
    }

    /// Notes how long the tokens of a step that ends now were awaited.
    ///
    /// Most sequences drew their last token in the step before: they wait equally long, which is
    /// searched for once.
    private mutating func noteDraws(at end: ContinuousClock.Instant) {
        var tokens = 0
        var usual: (since: ContinuousClock.Instant, count: Int)?
        for share in plan.shares {
            tokens += share.tokenCount
            let count = scheduler.running[share.index].outputCount
            let last = scheduler.running[share.index].lastDraw
            guard count > last?.outputCount ?? 0 else { continue }
            scheduler.running[share.index].lastDraw = (end, count)
            guard let last else {
                // The first token was awaited otherwise; those guessed with it came at once.
                histograms.secondsBetweenTokens.note(.zero, times: count - 1)
                continue
            }
            if count - last.outputCount == 1, usual == nil || usual?.since == last.time {
                usual = (last.time, (usual?.count ?? 0) + 1)
            } else {
                let drawn = count - last.outputCount
                histograms.secondsBetweenTokens.note(
                    last.time.duration(to: end) / drawn, times: drawn)
            }
        }
        if let usual {
            histograms.secondsBetweenTokens.note(
                usual.since.duration(to: end), times: usual.count)
        }
        histograms.tokensPerStep.note(Double(tokens))
    }

    /// Answers the probes whose prompt is through.
    private mutating func sendHiddenStates(_ values: [Float]) {
        let asking = plan.shares.indices.filter { plan.batch.items[$0].logitRows == .hidden }
        guard !asking.isEmpty else { return }
        let size = values.count / asking.count
        for (row, place) in asking.enumerated() {
            let index = plan.shares[place].index
            scheduler.running[index].outlet.yield(
                .hidden(Array(values[row * size..<(row + 1) * size])))
            scheduler.running[index].finishReason = .stop
        }
    }

    /// Adds the log-probabilities of the prompt tokens that follow a share's positions, and
    /// reports them when the prompt is through.
    private mutating func scorePrompt(
        _ share: StepPlan.Share, rows: Range<Int>, in logits: borrowing Logits
    ) {
        let index = share.index
        let request = scheduler.running[index].request
        guard request.promptLogprobs && scheduler.running[index].outputCount == 0 else { return }
        let values = logits.values.span
        for (offset, row) in rows.enumerated() {
            let next = share.position + offset + 1
            guard next < request.prompt.count else { break }
            let logprob = sampler.logprob(
                of: request.prompt[next],
                in: values.extracting(row * vocabularySize..<(row + 1) * vocabularySize),
                alternatives: request.topLogprobs ?? 0)
            scheduler.running[index].promptLogprobs.append(logprob)
        }
        guard scheduler.running[index].pendingCount == 0 else { return }
        // Nothing comes before the first token.
        let logprobs = [nil] + scheduler.running[index].promptLogprobs
        scheduler.running[index].promptLogprobs = []
        scheduler.running[index].outlet.yield(.prompt(logprobs))
    }

    /// Draws a sequence's next token, and those that follow while they are as guessed.
    private mutating func drawTokens(
        of share: StepPlan.Share, before end: Int, _ tokensLeft: Int?, from logits: inout Logits
    ) {
        let index = share.index
        let guess = scheduler.running[index].draft.guess
        let first = end - 1 - share.guessCount
        var accepted = 0
        drawToken(at: index, row: first, tokensLeft: tokensLeft, from: &logits)
        while accepted < share.guessCount, scheduler.running[index].finishReason == nil,
            scheduler.accept(guess[accepted], at: index)
        {
            accepted += 1
            drawToken(at: index, row: first + accepted, tokensLeft: tokensLeft, from: &logits)
        }
        // Another step would end too late.
        if tokensLeft == 1, scheduler.running[index].finishReason == nil {
            scheduler.running[index].finishReason = .deadline
        }
        if share.guessCount > 0 { scheduler.settleDraft(at: index, accepted: accepted) }
    }

    private mutating func drawToken(
        at index: Int, row: Int, tokensLeft: Int?, from logits: inout Logits
    ) {
        guard tokensLeft != 0 else {
            scheduler.running[index].finishReason = .deadline
            return
        }
        let request = scheduler.running[index].request
        let step = scheduler.running[index].outputCount
        let range = row * vocabularySize..<(row + 1) * vocabularySize
        let id: Int32
        switch scheduler.running[index].draw(tokensLeft: tokensLeft) {
        case .force(let forced):
            id = forced
        case .sample(let mask):
            let drawn = sampler.sample(
                &logits.values, row: range, parameters: request.sampling,
                history: scheduler.running[index].history,
                random: CounterGenerator(seed: scheduler.running[index].seed).uniform(step: step),
                mask: mask)
            id = scheduler.running[index].settle(drawn)
        case .close, .end:
            scheduler.running[index].finishReason = .length
            return
        }
        let logprob = request.topLogprobs.map {
            sampler.logprob(
                of: id, in: logits.values.span.extracting(range), alternatives: $0)
        }
        let reused = scheduler.running[index].reusedCount
        if step == 0, reused > 0 {
            scheduler.running[index].outlet.yield(.reused(tokens: reused))
        }
        scheduler.append(id, at: index)
        scheduler.running[index].outlet.yield(.token(id: id, logprob: logprob))
    }
}
