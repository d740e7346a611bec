/// New terms for sequences under way, and the end of those whose time is up.
extension Scheduler {
    /// Changes the terms of a sequence, all or none.
    ///
    /// A higher ceiling needs its pages now: an admitted sequence never waits for any.
    ///
    /// - Returns: False if the sequence is gone, the terms cannot be kept or the pages are not
    ///   there; nothing has changed then.
    mutating func revise(_ id: SequenceID, _ revision: SequenceRevision) -> Bool {
        if let index = running.firstIndex(where: { $0.id == id }) {
            guard isPossible(revision, for: running[index].request) else { return false }
            let held = running[index].blockTable.count + running[index].reservedCount
            let further = pagesNeeded(by: running[index].request, after: revision) - held
            guard further <= pool.availableCount else { return false }
            running[index].revise(revision)
            noteDeadline(of: running[index])
            if running[index].finishReason != nil {
                _ = retireFinished()
            } else if further >= 0 {
                pool.reserve(further)
                running[index].reservedCount += further
            } else {
                pool.cancelReservation(-further)
                running[index].reservedCount += further
            }
            return true
        }
        guard var sequence = waiting.find(id), isPossible(revision, for: sequence.request) else {
            return false
        }
        sequence.revise(revision)
        noteDeadline(of: sequence)
        sequence.rank = rank(of: sequence)
        waiting.replace(sequence)
        if let reason = sequence.finishReason { end(id, reason) }
        return true
    }

    /// Ends what was to end by `now` at the latest.
    ///
    /// - Returns: How many there were.
    mutating func expire(at now: ContinuousClock.Instant) -> Int {
        guard let nextDeadline, nextDeadline <= now else { return 0 }
        var expired: [SequenceID] = []
        for sequence in waiting.sequences where sequence.isDue(at: now) {
            expired.append(sequence.id)
        }
        for index in running.indices where running[index].isDue(at: now) {
            expired.append(running[index].id)
        }
        for id in expired { end(id, .deadline) }
        self.nextDeadline = nil
        for sequence in waiting.sequences { noteDeadline(of: sequence) }
        for sequence in running { noteDeadline(of: sequence) }
        return expired.count
    }

    /// Keeps `nextDeadline` true to its word for one more sequence.
    mutating func noteDeadline(of sequence: TokenSequence) {
        guard let deadline = sequence.request.deadline else { return }
        nextDeadline = min(nextDeadline ?? deadline, deadline)
    }

    /// Steps from the next one on that will compute prompts, if nobody else comes.
    var promptStepsAhead: Int {
        (promptTokensAhead + configuration.tokensPerStep - 1) / configuration.tokensPerStep
    }

    /// Prompt tokens that the running sequences have yet to compute.
    var promptTokensAhead: Int {
        running.reduce(0) { $0 + ($1.outputCount == 0 ? $1.pendingCount : 0) }
    }

    private func isPossible(_ revision: SequenceRevision, for request: SequenceRequest) -> Bool {
        if request.thought == nil, revision.thoughtTokens != nil || revision.answersNow {
            return false
        }
        if let tokens = revision.thoughtTokens, tokens < 0 { return false }
        guard let tokens = revision.maximumTokens else { return true }
        return tokens >= 0 && tokens <= limits.contextLength - request.prompt.count
            && pagesNeeded(by: request, after: revision) <= limits.pageCount
    }

    private func pagesNeeded(
        by request: SequenceRequest, after revision: SequenceRevision
    ) -> Int {
        var revised = request
        revised.maximumTokens = revision.maximumTokens ?? request.maximumTokens
        return limits.pagesNeeded(by: revised)
    }
}
