public import Models
import Synchronization

/// Decodes many sequences at once with one model: ids in, events out.
///
/// The engine is the one owner of the model, the KV page accounting and the sequences. A turn of
/// its loop reads the inbox, admits, plans, runs the forward pass, samples and commits, on the
/// engine's own thread and without an `await`, so nothing ever sees a step half done. With nothing
/// to do the thread sleeps.
///
/// What a sequence draws depends on its prompt, member, parameters and seed alone: not on the
/// batch, the order of arrival, the chunks its prompt was cut into, or whether pages of it were
/// found in the prefix cache.
public actor Engine {
    private let executor: EngineExecutor
    private var loop: DecodeLoop
    private var lastRetirement: ContinuousClock.Instant?

    /// Tokens that one step computes at most.
    public nonisolated let tokensPerStep: Int
    private nonisolated let maximumRunning: Int
    private nonisolated let order: QueueOrder
    private nonisolated let limits: RequestLimits
    private nonisolated let inbox = Inbox()
    private nonisolated let heartbeat = Heartbeat()
    private nonisolated let published: PublishedStatistics
    private nonisolated let nextID = Atomic<UInt64>(0)

    /// The thread that everything here runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Takes over a model.
    ///
    /// - Parameters:
    ///   - model: The model; nobody else calls it from here on.
    ///   - configuration: How much to take on at a time.
    ///   - clock: Tells the time that deadlines are compared with.
    public init(
        model: sending any LanguageModel,
        configuration: EngineConfiguration = EngineConfiguration(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        configuration.checkInvariants()
        tokensPerStep = configuration.tokensPerStep
        maximumRunning = configuration.maximumRunning
        order = configuration.order
        executor = EngineExecutor(name: "laconic.engine")
        limits = RequestLimits(model: model, configuration: configuration)
        published = PublishedStatistics(limits)
        loop = DecodeLoop(
            model: model, limits: limits, configuration: configuration, clock: clock)
    }

    /// Takes on one sequence; never waits for a forward pass.
    ///
    /// - Parameter request: What to decode.
    /// - Throws: `.saturated` when the queue is full, `.shuttingDown`, or what is wrong with the
    ///   request.
    /// - Returns: Its events.
    public nonisolated func submit(
        _ request: SequenceRequest
    ) throws(DecodingError) -> TokenStream {
        let streams = try submit(request, samples: 1)
        return streams[0]
    }

    /// Refuses what `submit` would refuse however little there is to do.
    ///
    /// - Parameters:
    ///   - request: What would be decoded.
    ///   - samples: How many.
    /// - Throws: What is wrong with the request.
    public nonisolated func validate(
        _ request: SequenceRequest, samples: Int
    ) throws(DecodingError) {
        try limits.validate(request, samples: samples)
    }

    /// Takes on several samples of one prompt, all or none.
    ///
    /// Sample `i` has the seed `seed + i`, and is the same as if it had been submitted alone with
    /// that seed. The prompt's full pages are computed once and shared.
    ///
    /// - Parameters:
    ///   - request: What to decode; without a seed every sample draws its own from the system.
    ///   - samples: How many, from 1 to the queue's depth.
    /// - Throws: `.saturated` when the queue has too few places, `.shuttingDown`, or what is wrong
    ///   with the request.
    /// - Returns: The events of each sample.
    public nonisolated func submit(
        _ request: SequenceRequest, samples: Int
    ) throws(DecodingError) -> [TokenStream] {
        try limits.validate(request, samples: samples)
        // Asked before anything is built: a flood of refusals should cost little.
        try inbox.state.withLock { state throws(DecodingError) in
            try state.checkRoom(
                for: samples, client: request.client, queueDepth: limits.queueDepth)
        }
        let history = TokenHistory(prompt: request.prompt, sampling: request.sampling)
        let firstID = nextID.wrappingAdd(UInt64(samples), ordering: .relaxed).oldValue
        var sequences: [TokenSequence] = []
        var streams: [TokenStream] = []
        for sample in 0..<UInt64(samples) {
            let id = SequenceID(rawValue: firstID &+ sample)
            let (events, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
            let seed = request.sampling.seed.map { $0 &+ sample } ?? .random(in: .min ... .max)
            sequences.append(
                TokenSequence(
                    id: id, request: request, seed: seed, history: history, outlet: outlet))
            streams.append(TokenStream(id: id, events: events))
        }
        let wasAsleep = try inbox.state.withLock { state throws(DecodingError) in
            try state.checkRoom(
                for: samples, client: request.client, queueDepth: limits.queueDepth)
            for var sequence in sequences {
                sequence.rank = order.rank(of: request, arrival: state.step)
                state.arrivals.append(sequence)
                state.line(up: sequence)
            }
            defer { state.isAwake = true }
            if !state.isAwake { heartbeat.beat() }
            return !state.isAwake
        }
        for sequence in sequences {
            sequence.outlet.onTermination = { [inbox, id = sequence.id] termination in
                if case .cancelled = termination { inbox.end(id, .cancelled) }
            }
        }
        // The task keeps the engine alive while it has work, and ends when there is none.
        if wasAsleep { Task { await run() } }
        return streams
    }

    /// Ends a sequence with `.cancelled` and frees its pages within one step.
    ///
    /// A sequence that has ended, or is ending for another reason, is left as it is.
    public nonisolated func cancel(_ id: SequenceID) {
        inbox.end(id, .cancelled)
    }

    /// Ends a sequence with `.stop` within one step, as when its text met a stop string.
    ///
    /// Tokens drawn until then still come before `.finished`, and one of them may end the sequence
    /// for another reason first.
    public nonisolated func end(_ id: SequenceID) {
        inbox.end(id, .stop)
    }

    /// Changes a sequence's terms between two steps.
    ///
    /// Tokens drawn until then still come. Cancelling the waiting task does not cut this short.
    ///
    /// - Returns: Whether the new terms hold. They do not, and nothing has changed, if the sequence
    ///   has ended, a higher ceiling needs more pages than are free or a longer context, or a
    ///   sequence without `ThoughtControl` is asked about its thought.
    public nonisolated func revise(_ id: SequenceID, _ revision: SequenceRevision) async -> Bool {
        await inbox.revise(id, revision)
    }

    /// Refuses new sequences and waits until those it has are done.
    ///
    /// Cancelling the waiting task does not cut this short; `shutdown` does.
    public nonisolated func drain() async {
        inbox.advance(to: .draining)
        await inbox.waitUntilIdle()
    }

    /// Refuses new sequences, ends those it has with `.shutdown`, and waits until that is done.
    public nonisolated func shutdown() async {
        inbox.advance(to: .stopped)
        await inbox.waitUntilIdle()
    }

    /// Whether `shutdown` was called.
    public nonisolated var isStopped: Bool {
        inbox.state.withLock { $0.phase == .stopped }
    }

    /// Seconds since the loop last completed a turn; 0 while there is nothing to do.
    public nonisolated var secondsSinceHeartbeat: Double {
        heartbeat.age
    }

    /// Waits until the loop comes to the end of a turn or, where it has nothing to do, until its
    /// thread has answered: in both cases the proof comes from that thread.
    ///
    /// With a forward pass that never ends this does not return before the waiting task is
    /// cancelled.
    public nonisolated func waitForTurn() async {
        let (turn, waiter) = AsyncStream.makeStream(of: Never.self)
        let isAwake = inbox.state.withLock { state in
            state.turnWaiters.append(waiter)
            return state.isAwake
        }
        // A loop that has work by then keeps the thread, and answers itself.
        if !isAwake { Task { await answer() } }
        for await _ in turn {}
    }

    /// What the engine holds and has done, as of the last completed turn.
    public nonisolated var statistics: EngineStatistics {
        var statistics = published.value.withLock { $0.statistics }
        statistics.waiting = inbox.state.withLock { $0.queue.count }
        return statistics
    }

    /// How the steps so far went, as of the last completed turn.
    public nonisolated var histograms: DecodingHistograms {
        published.value.withLock { $0.histograms }
    }

    /// Seconds until a sequence submitted now would be begun, from who would be begun before it and
    /// how fast places free up.
    ///
    /// - Parameters:
    ///   - promptTokens: Tokens of its prompt.
    ///   - newTokens: New tokens that it would likely take.
    ///   - client: Who would submit it.
    /// - Returns: The seconds, 0 where nobody waits.
    public nonisolated func expectedWaitSeconds(
        promptTokens: Int, newTokens: Int, client: String? = nil
    ) -> Double {
        inbox.state.withLock { state in
            let rank = order.rank(
                promptTokens: promptTokens, newTokens: newTokens, state.step)
            return Double(state.countAhead(ofRank: rank, client: client))
                * state.secondsPerSequence
        }
    }

    /// Where a sequence stands in the queue; `nil` once it has left it.
    public nonisolated func place(of id: SequenceID) -> QueuePlace? {
        inbox.state.withLock { state in
            state.orderedQueue().firstIndex { $0.id == id }.map { ahead in
                QueuePlace(
                    position: ahead + 1, seconds: Double(ahead + 1) * state.secondsPerSequence)
            }
        }
    }

    /// Whether a probe would be computed at once, as of the last completed turn.
    ///
    /// - Parameter promptTokens: Tokens of its prompt.
    /// - Returns: Whether a place and pages are free, nobody waits, and no prompt ahead of it keeps
    ///   it from the next step.
    public nonisolated func hasRoomForProbe(promptTokens: Int) -> Bool {
        let turn = published.value.withLock { $0.statistics }
        let coming = inbox.state.withLock { $0.phase == .open ? $0.queue.count : maximumRunning }
        let pages = (promptTokens + limits.pageSize - 1) / limits.pageSize
        return turn.waiting == 0 && turn.running + coming < maximumRunning
            && turn.pagesUsed + pages <= limits.pageCount
            && (turn.promptTokensAhead == 0
                || turn.promptTokensAhead + promptTokens <= tokensPerStep)
    }

    /// The hidden state behind a prompt, in line with everybody else's.
    ///
    /// - Parameters:
    ///   - prompt: The ids, at least one.
    ///   - member: Whose hidden state.
    ///   - hold: What must live until the engine is done; see `SequenceRequest.hold`.
    /// - Throws: What `submit` throws.
    /// - Returns: The final norm's output at the last position, `[hiddenSize]`; nil where the
    ///   waiting task was cancelled or the engine shut down.
    public nonisolated func hiddenState(
        of prompt: [Int32], member: Int, holding hold: (any AnyObject & Sendable)? = nil
    ) async throws(DecodingError) -> [Float]? {
        var request = SequenceRequest.probe(prompt, member: member)
        request.hold = hold
        var values: [Float]?
        for await event in try submit(request) {
            if case .hidden(let row) = event { values = row }
        }
        return values
    }

    private func run() {
        var version = -1
        repeat {
            readInbox()
            var retired = loop.expire()
            loop.admit()
            let (step, forecast) = (loop.stepCount, loop.placeForecast)
            let queue = loop.queueVersion == version ? nil : loop.queue
            version = loop.queueVersion
            inbox.state.withLock { state in
                (state.step, state.forecast) = (step, forecast)
                guard let queue else { return }
                state.replaceQueue(by: queue)
                for sequence in state.arrivals { state.line(up: sequence) }
            }
            // A step takes its time, which these need not wait out.
            if loop.hasEndings { publish() }
            retired += loop.step()
            if retired > 0 { noteRetirement(of: retired) }
            publish()
            heartbeat.beat()
            inbox.noteTurn()
        } while !sleepIfIdle()
    }

    private func answer() {
        inbox.noteTurn()
    }

    private func readInbox() {
        let (arrivals, endings, revisions, phase) = inbox.state.withLock { state in
            defer {
                state.arrivals.removeAll()
                state.endings.removeAll()
                state.revisions.removeAll()
            }
            return (state.arrivals, state.endings, state.revisions, state.phase)
        }
        for sequence in arrivals { loop.enqueue(sequence) }
        for revision in revisions {
            revision.submitter.resume(returning: loop.revise(revision.id, revision.terms))
        }
        for (id, reason) in endings { loop.end(id, reason) }
        if phase == .stopped { loop.endAll(.shutdown) }
    }

    /// Feeds the estimate that those who wait get.
    private func noteRetirement(of count: Int) {
        let now = ContinuousClock.now
        defer { lastRetirement = now }
        guard let last = lastRetirement else { return }
        let apart = (now - last).inSeconds / Double(count)
        inbox.state.withLock { state in
            state.secondsPerSequence += (apart - state.secondsPerSequence) / 8
        }
    }

    /// Shows what is held and done, then tells those who ended: they find themselves gone.
    private func publish() {
        let statistics = loop.snapshot()
        published.publish(statistics, &loop.histograms)
        loop.notifyEnded()
    }

    /// Puts the loop to sleep if nothing is left to do.
    private func sleepIfIdle() -> Bool {
        guard loop.isEmpty else { return false }
        let waiters = inbox.state.withLock { state -> [CheckedContinuation<Void, Never>]? in
            guard state.arrivals.isEmpty && state.revisions.isEmpty else { return nil }
            state.isAwake = false
            state.endings.removeAll()
            heartbeat.rest()
            defer { state.idleWaiters.removeAll() }
            return state.idleWaiters
        }
        guard let waiters else { return false }
        // Idle time says nothing about how fast places free up.
        lastRetirement = nil
        // Who asked since the turn's end found the loop awake.
        inbox.noteTurn()
        for waiter in waiters { waiter.resume() }
        return true
    }
}

/// A copy of the statistics that any thread may read.
private final class PublishedStatistics: Sendable {
    struct Turn: Sendable {
        var statistics = EngineStatistics()
        var histograms = DecodingHistograms()
    }

    let value: Mutex<Turn>

    init(_ limits: RequestLimits) {
        var turn = Turn()
        turn.statistics.pageCount = limits.pageCount
        turn.statistics.pageSize = limits.pageSize
        value = Mutex(turn)
    }

    /// Replaces the statistics and takes over what the histograms counted since the last turn.
    func publish(_ statistics: EngineStatistics, _ histograms: inout DecodingHistograms) {
        value.withLock { turn in
            turn.statistics = statistics
            histograms.pour(into: &turn.histograms)
        }
    }
}
