import Synchronization

/// Where other threads leave word for the decode loop.
///
/// Submitting and cancelling take this lock for moments and never wait for a forward pass; the
/// loop empties the box between passes. The loop sleeps exactly while `isAwake` is false, and both
/// sides decide about that under the lock, so no word is left unread.
final class Inbox: Sendable {
    struct State {
        var arrivals: [TokenSequence] = []
        var endings: [SequenceID: FinishReason] = [:]
        var revisions: [Revision] = []
        var phase = Phase.open
        /// Whether the loop runs or is about to.
        var isAwake = false
        /// Sequences submitted and not yet admitted, those in `arrivals` too, next one first.
        var queue: [Place] = []
        /// Forward passes as of the last turn.
        var step = 0
        /// Those who wait for the loop to have nothing left.
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
        /// Those who wait for the loop to get to the end of a turn.
        var turnWaiters: [AsyncStream<Never>.Continuation] = []
        /// How long the recently finished sequences were apart.
        var secondsPerSequence = 1.0

        /// Puts a sequence that waits behind those of its rank.
        mutating func line(up sequence: TokenSequence) {
            queue.insert(
                Place(id: sequence.id, rank: sequence.rank),
                at: queue.place(ofRank: sequence.rank) { $0.rank })
        }

        /// Throws unless `count` further sequences may wait.
        func checkRoom(for count: Int, queueDepth: Int) throws(DecodingError) {
            guard phase == .open else { throw .shuttingDown }
            guard count > queueDepth - queue.count else { return }
            let seconds = min(max(secondsPerSequence.rounded(.up), 1), 600)
            throw .saturated(queueDepth: queueDepth, retryAfterSeconds: Int(seconds))
        }
    }

    /// A sequence in the queue, and what orders it.
    struct Place: Sendable {
        var id: SequenceID
        var rank: Int
    }

    /// New terms and whoever waits for their acceptance.
    struct Revision {
        var id: SequenceID
        var terms: SequenceRevision
        var submitter: CheckedContinuation<Bool, Never>
    }

    enum Phase: Int, Comparable {
        /// Takes sequences.
        case open
        /// Finishes what it has.
        case draining
        /// Ends what it has.
        case stopped

        static func < (first: Phase, second: Phase) -> Bool {
            first.rawValue < second.rawValue
        }
    }

    let state = Mutex(State())

    /// Asks the loop to end a sequence; the first reason given holds.
    func end(_ id: SequenceID, _ reason: FinishReason) {
        state.withLock { state in
            // Asleep means that nothing is left to end.
            guard state.isAwake, state.endings[id] == nil else { return }
            state.endings[id] = reason
        }
    }

    /// Asks the loop to change a sequence's terms, and waits for its word between two steps.
    func revise(_ id: SequenceID, _ terms: SequenceRevision) async -> Bool {
        await withCheckedContinuation { continuation in
            let isAwake = state.withLock { state in
                if state.isAwake {
                    state.revisions.append(
                        Revision(id: id, terms: terms, submitter: continuation))
                }
                return state.isAwake
            }
            // Asleep means that nothing is left to change.
            if !isAwake { continuation.resume(returning: false) }
        }
    }

    /// Moves towards the end of the engine's life; never back.
    func advance(to phase: Phase) {
        state.withLock { $0.phase = max($0.phase, phase) }
    }

    /// Tells those who wait for it that the loop has turned.
    func noteTurn() {
        let waiters = state.withLock { state in
            defer { state.turnWaiters.removeAll() }
            return state.turnWaiters
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Waits until the loop has nothing left.
    func waitUntilIdle() async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.isAwake { state.idleWaiters.append(continuation) }
                return !state.isAwake
            }
            if isIdle { continuation.resume() }
        }
    }
}
