extension Scheduler {
    /// Changes the budget of a sequence that waits or runs.
    ///
    /// Pages that a lower ceiling no longer needs are free at once. A higher ceiling holds only if
    /// its pages can be promised now, so that an admitted sequence still never runs out.
    ///
    /// - Returns: Whether the new budget holds; if not, the old one does.
    mutating func revise(_ id: SequenceID, _ revision: SequenceRevision) -> Bool {
        guard let index = running.firstIndex(where: { $0.id == id }) else {
            return reviseWaiting(id, revision)
        }
        guard running[index].finishReason == nil else { return false }
        var sequence = running[index]
        sequence.apply(revision)
        guard limits.canRun(sequence.request) else { return false }
        let change =
            limits.pagesNeeded(by: sequence.request)
            - limits.pagesNeeded(by: running[index].request)
        if change > 0 {
            guard pool.canAdmit(hits: [], further: change) else { return false }
            pool.reserve(change)
        } else {
            pool.cancelReservation(-change)
        }
        sequence.reservedCount += change
        running[index] = sequence
        return true
    }
}
