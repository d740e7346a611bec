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
        /// Sequences submitted and not yet admitted, those in `arrivals` too.
        private(set) var queue: [QueueEntry] = []
        /// Whether all of them have their turn.
        private var isLinedUp = true
        /// When places become free, as of the last turn.
        var forecast = PlaceForecast()
        /// How long a place waits for whoever was told to come again for it.
        private static let patience = Duration.seconds(2)
        /// When those who were refused were told to come again, and who they are.
        private var promises: [(client: String?, time: ContinuousClock.Instant)] = []
        /// Forward passes as of the last turn.
        var step = 0
        /// Those who wait for the loop to have nothing left.
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
        /// Those who wait for the loop to get to the end of a turn.
        var turnWaiters: [AsyncStream<Never>.Continuation] = []
        /// How long the recently finished sequences were apart.
        var secondsPerSequence = 1.0

        /// Takes over the loop's queue, next one first, to which `arrivals` are added.
        mutating func replaceQueue(by entries: [QueueEntry]) {
            queue = entries
            isLinedUp = true
        }

        /// Puts a sequence that waits into the queue.
        mutating func line(up sequence: TokenSequence) {
            queue.append(
                QueueEntry(
                    id: sequence.id, client: sequence.request.client, rank: sequence.rank,
                    steps: sequence.request.likelyTokens))
            isLinedUp = false
        }

        /// The queue, next one first.
        mutating func orderedQueue() -> [QueueEntry] {
            if !isLinedUp { queue = QueueEntry.lineUp(queue) }
            isLinedUp = true
            return queue
        }

        /// Those that would be begun before a newcomer of a rank.
        mutating func countAhead(ofRank rank: Int, client: String?) -> Int {
            let queue = orderedQueue()
            let own = queue.filter { $0.client == client }
            let turn =
                (own.first?.turn ?? queue.first?.turn ?? 0) + own.count { $0.rank <= rank }
            return queue.count { ($0.turn ?? 0, $0.rank) <= (turn, rank) }
        }

        /// Throws unless `count` further sequences of a client may wait.
        ///
        /// A client may take seven times as many places as it leaves free, so that there is one
        /// for everybody else whatever it sends; those without a name are the program's own, and
        /// may take all. Who was refused finds a place kept when the time has come: newcomers would
        /// else take each as soon as it is free.
        mutating func checkRoom(
            for count: Int, client: String? = nil, queueDepth: Int,
            at now: ContinuousClock.Instant = .now
        ) throws(DecodingError) {
            guard phase == .open else { throw .shuttingDown }
            let free = queueDepth - queue.count
            var own = 0
            if client != nil, free > 0 { own = queue.count { $0.client == client } }
            promises.removeAll { $0.time + Self.patience <= now }
            let isExpected = promises.firstIndex { $0.client == client && $0.time <= now }
            let kept = isExpected == nil ? promises.count { $0.time <= now } : 0
            if count <= free - kept, client == nil || own + count <= 7 * free {
                if let index = isExpected { promises.remove(at: index) }
                return
            }
            // Who was refused before comes first: all places of the client itself, of each other
            // client one, for those take turns.
            let others = Set(promises.lazy.map(\.client).filter { $0 != client }).count
            let before = promises.count { $0.client == client } + others
            let seconds = forecast.seconds(
                untilFree: before + max(1, count - free), queue: orderedQueue())
            let rounded = min(max(seconds.rounded(.up), 1), 120)
            if let index = isExpected { promises.remove(at: index) }
            if promises.count < queueDepth { promises.append((client, now + .seconds(rounded))) }
            throw .saturated(
                queueDepth: count <= free ? own : queueDepth, retryAfterSeconds: Int(rounded))
        }
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
