import Models

/// Decides which tokens run next; counts pages and does no arithmetic.
///
/// Differs from the textbook's two phases in having none: a sequence has known tokens and computed
/// tokens, and a step gives each running sequence some of the difference under one limit per step.
/// A decode is the case where the difference is one.
///
/// Sequences are admitted in the order of `FairQueue` and `QueueOrder`, and only when the pages for
/// their prompt and their ceiling can be reserved, so an admitted sequence is never evicted and
/// never runs out, and one that is next is overtaken by none that needs fewer pages.
struct Scheduler: ~Copyable {
    let configuration: EngineConfiguration
    let limits: RequestLimits
    var waiting = FairQueue()
    var pool: BlockPool
    /// Admitted sequences, in the order of their admission.
    var running: [TokenSequence] = []
    /// Sequences that hold nothing any more and have not been told; see `notifyEnded`.
    private(set) var ended: [TokenSequence] = []
    /// Running totals for the engine's statistics.
    var statistics = EngineStatistics()
    /// No sequence's deadline is earlier; `nil` where none has one.
    ///
    /// That of a sequence which has gone stays until it has passed: it costs a reading of the
    /// clock a step, where looking through all sequences would cost more.
    var nextDeadline: ContinuousClock.Instant?
    /// How long sequences run beside what was expected.
    private(set) var stepShare = StepShare()
    /// How many guesses pay.
    var drafting = DraftPolicy()

    init(limits: RequestLimits, configuration: EngineConfiguration) {
        self.limits = limits
        self.configuration = configuration
        pool = BlockPool(count: limits.pageCount)
    }

    var waitingCount: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty && running.isEmpty }

    /// Puts a validated sequence into the queue.
    mutating func enqueue(_ sequence: TokenSequence) {
        var sequence = sequence
        sequence.arrival = statistics.steps
        noteDeadline(of: sequence)
        sequence.rank = rank(of: sequence)
        waiting.insert(sequence)
    }

    /// What orders a sequence among its client's.
    func rank(of sequence: TokenSequence) -> Int {
        let cached =
            configuration.order == .fifo ? 0 : cachedPrefix(of: sequence).count * limits.pageSize
        return configuration.order.rank(
            of: sequence.request, cached: cached, arrival: sequence.arrival)
    }

    /// Steps that a sequence runs if its forecast holds.
    func likelySteps(of request: SequenceRequest) -> Int {
        let tokens = configuration.tokensPerStep
        return (request.prompt.count + tokens - 1) / tokens + request.likelyTokens
    }

    /// Steps that each of the running has likely still to run.
    var stepsAhead: [Double] {
        running.map {
            stepShare.remaining(
                of: likelySteps(of: $0.request), taken: statistics.steps - $0.begun,
                most: $0.request.maximumTokens - $0.outputCount)
        }
    }

    /// Moves sequences from the queue while places and pages last.
    ///
    /// - Returns: The indices of the newly admitted in `running`.
    mutating func admit() -> Range<Int> {
        let first = running.count
        while running.count < configuration.maximumRunning, let head = waiting.first {
            let hits = cachedPrefix(of: head)
            let further = limits.pagesNeeded(by: head.request) - hits.count
            guard pool.canAdmit(hits: hits.map(\.block), further: further) else { break }
            let index = running.count
            running.append(waiting.removeFirst())
            running[index].begun = statistics.steps
            for hit in hits { share(hit, at: index) }
            pool.reserve(further)
            running[index].reservedCount = further
            if configuration.reusesPrefixes, !running[index].request.promptLogprobs {
                statistics.prefixTokensQueried += running[index].request.prompt.count
            }
        }
        return first..<running.count
    }

    /// Gives tokens to the running sequences: decodes with their guesses first, then prompts in
    /// order of admission.
    ///
    /// The plan is empty only if nothing runs. Each sequence's block table then covers its share.
    mutating func plan(into plan: inout StepPlan) {
        plan.removeAll()
        draft()
        var tokens = configuration.tokensPerStep
        for index in running.indices where running[index].outputCount > 0 && tokens > 0 {
            let guessCount = running[index].draft.guess.count
            tokens -= 1 + guessCount
            append(
                index, tokenCount: 1 + guessCount, rows: guessCount == 0 ? .last : .all,
                guessCount: guessCount, to: &plan)
        }
        var promptRows = configuration.promptLogitRowsPerStep
        var pagesInProgress: Set<PrefixKey> = []
        for index in running.indices where running[index].outputCount == 0 && tokens > 0 {
            reusePrefix(at: index)
            // Somebody ahead computes this very page now: wait a step and share it. So the
            // samples of one prompt compute it once.
            let key = keyOfCurrentPage(of: running[index])
            if let key, pagesInProgress.contains(key), mayReusePage(running[index]) { continue }

            var count = min(running[index].pendingCount, tokens)
            let wanted: ForwardBatch.LogitRows = running[index].request.isProbe ? .hidden : .last
            var rows = count == running[index].pendingCount ? wanted : .none
            if running[index].request.promptLogprobs {
                count = min(count, promptRows)
                rows = .all
                promptRows -= count
            }
            guard count > 0 else { continue }
            // Prompts that want all their logits go too slowly to wait for.
            if let key, rows != .all { pagesInProgress.insert(key) }
            tokens -= count
            append(index, tokenCount: count, rows: rows, to: &plan)
        }
    }

    /// Notes that a share's keys and values are in pages now.
    mutating func commit(_ share: StepPlan.Share) {
        precondition(running[share.index].computedCount == share.position)
        if running[share.index].outputCount == 0 {
            statistics.tokensPrefilled += share.tokenCount
        }
        advance(share.index, by: share.tokenCount - share.guessCount)
    }

    /// Counts further tokens of a sequence as computed.
    mutating func advance(_ index: Int, by count: Int) {
        let fullBefore = running[index].computedCount / limits.pageSize
        running[index].computedCount += count
        guard configuration.reusesPrefixes else { return }
        for page in fullBefore..<(running[index].computedCount / limits.pageSize) {
            let key = key(ofPage: page, of: running[index])
            running[index].prefixSerial = pool.publish(
                running[index].blockTable[page], as: key)
        }
    }

    /// Adds a drawn token to a running sequence.
    mutating func append(_ id: Int32, at index: Int) {
        running[index].append(id)
        statistics.tokensGenerated += 1
    }

    /// Sends off every running sequence that has a reason to end.
    ///
    /// - Returns: How many there were, probes aside: their coming and going says nothing about how
    ///   fast places free up.
    mutating func retireFinished() -> Int {
        var (retired, probes) = (0, 0)
        for sequence in running {
            guard let reason = sequence.finishReason else { continue }
            releasePages(of: sequence)
            note(sequence, ended: reason)
            waiting.end(sequence.request.client)
            retired += 1
            if sequence.request.isProbe {
                probes += 1
            } else {
                stepShare.note(
                    taken: statistics.steps - sequence.begun,
                    of: likelySteps(of: sequence.request))
            }
        }
        if retired > 0 { running.removeAll { $0.finishReason != nil } }
        statistics.sequencesFinished += retired
        return retired - probes
    }

    /// Ends a sequence wherever it is; one that is gone already is no error.
    mutating func end(_ id: SequenceID, _ reason: FinishReason) {
        if let index = running.firstIndex(where: { $0.id == id }) {
            running[index].finishReason = reason
            _ = retireFinished()
        } else if let sequence = waiting.remove(id) {
            note(sequence, ended: reason)
            statistics.sequencesFinished += 1
        }
    }

    /// Ends every sequence.
    mutating func endAll(_ reason: FinishReason) {
        for index in running.indices { running[index].finishReason = reason }
        _ = retireFinished()
        for sequence in waiting.sequences { note(sequence, ended: reason) }
        statistics.sequencesFinished += waiting.count
        waiting.removeAll()
        nextDeadline = nil
    }

    private mutating func note(_ sequence: TokenSequence, ended reason: FinishReason) {
        var sequence = sequence
        sequence.finishReason = reason
        ended.append(sequence)
    }

    /// Sends the ended sequences their last event.
    ///
    /// Not done where they end: who reads of an end may look at the statistics next and must not
    /// find the sequence among the running, so those are published in between.
    mutating func notifyEnded() {
        for sequence in ended { sequence.notifyEnd() }
        ended.removeAll(keepingCapacity: true)
    }

    /// The totals, and what is held now.
    mutating func snapshot() -> EngineStatistics {
        statistics.running = running.count
        statistics.waiting = waiting.count
        statistics.promptTokensAhead = promptTokensAhead
        statistics.pagesUsed = pool.usedCount + pool.reservedCount
        statistics.pagesCached = min(pool.idleCount, pool.availableCount)
        statistics.pageCount = pool.count
        statistics.pageSize = limits.pageSize
        return statistics
    }

    /// Traps unless pages, tables and reservations agree.
    func checkInvariants() {
        pool.checkInvariants(blockTables: running.map(\.blockTable))
        precondition(pool.reservedCount == running.reduce(0) { $0 + $1.reservedCount })
        precondition(running.count <= configuration.maximumRunning)
        for sequence in running {
            precondition(sequence.computedCount < sequence.tokens.count)
            precondition(sequence.computedCount <= sequence.blockTable.count * limits.pageSize)
            precondition(
                sequence.blockTable.count + sequence.reservedCount
                    == limits.pagesNeeded(by: sequence.request))
            precondition(sequence.draft.guess.isEmpty)
            precondition(
                sequence.blockTable.count
                    == (sequence.computedCount + limits.pageSize - 1) / limits.pageSize)
        }
        for sequence in waiting.sequences { precondition(sequence.blockTable.isEmpty) }
        waiting.checkInvariants()
        if let earliest = (running + waiting.sequences).compactMap(\.request.deadline).min() {
            precondition(nextDeadline.map { $0 <= earliest } ?? false)
        }
    }

    private mutating func append(
        _ index: Int, tokenCount: Int, rows: ForwardBatch.LogitRows, guessCount: Int = 0,
        to plan: inout StepPlan
    ) {
        let position = running[index].computedCount
        let end = position + tokenCount
        while running[index].blockTable.count * limits.pageSize < end {
            running[index].blockTable.append(pool.take())
            running[index].reservedCount -= 1
        }
        let rowCount =
            switch rows {
            case .none, .hidden: 0
            case .last: 1
            case .all: tokenCount
            }
        plan.shares.append(
            StepPlan.Share(
                index: index, position: position, tokenCount: tokenCount,
                guessCount: guessCount, rowCount: rowCount))
        let known = Array(running[index].tokens[position..<end - guessCount])
        plan.batch.items.append(
            ForwardBatch.Item(
                member: running[index].request.member,
                tokens: known + running[index].draft.guess, position: position,
                blockTable: running[index].blockTable, logitRows: rows))
    }

    private mutating func releasePages(of sequence: TokenSequence) {
        pool.release(sequence.blockTable)
        pool.cancelReservation(sequence.reservedCount)
    }
}
