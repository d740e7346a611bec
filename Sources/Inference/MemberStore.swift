import Routing
import Synchronization

/// Which members of a family are in memory: they are loaded when a request first needs them, and
/// the one that was idle longest leaves when there is no room.
///
///     absent --load--> loading --> loaded --drop--> absent
///
/// A request holds its member by a `Hold` from before its sequences are submitted until the last of
/// them has left the engine, and a member that is held is never dropped. Requests that find no room
/// wait in the order of `MemberQueue`: clients take turns. While one waits for room,
///
/// - a member is given to those behind it until it has been given `usesPerLoad` times since it was
///   loaded: who waits for it when it comes has it before it can be dropped, and requests for
///   members in turn do not make every one of them wait for a load;
/// - and no more often, so that every member becomes idle in time.
///
/// So whoever is next waits for at most `usesPerLoad` requests of each member in its place, and
/// nobody waits for ever. One member is loaded at a time, on a thread that gives way to the decoding
/// ones.
final class MemberStore: Sendable {
    /// What may be in memory.
    struct Limits {
        /// Bytes of weights.
        var byteCount = Int.max
        /// Requests that wait.
        var queueDepth = 256
        /// Members below this number were trained, the others are made from them.
        var trainedCount: Int
        /// Members of the other kind.
        var mixedCount = 4
        /// Requests that get a member after its load though one that needs its room waits; they
        /// decode together, in little more time than one.
        var usesPerLoad = 8
    }

    /// Keeps a member in memory for as long as it lives.
    final class Hold: Sendable {
        private let store: MemberStore
        private let member: Int

        fileprivate init(_ store: MemberStore, _ member: Int) {
            self.store = store
            self.member = member
        }

        deinit {
            store.release(member)
        }
    }

    private typealias Continuation = CheckedContinuation<Outcome, Never>

    private enum Outcome {
        case held(Hold)
        case refused(InferenceError)
        case left
    }

    private typealias Queue = MemberQueue<Continuation>

    private struct Loaded {
        var holdCount = 0
        /// How often it was given since it was loaded.
        var useCount = 0
        /// Rises from use to use.
        var lastUse: UInt64
    }

    private struct State {
        var loaded: [Int: Loaded] = [:]
        var loading: Int?
        var waiters = Queue()
        var uses: UInt64 = 0
        var nextID: UInt64 = 0
        var statistics = LoadingStatistics()
        /// Of the last load; a guess before the first.
        var secondsPerByte = 1e-9
    }

    /// What was decided under the lock and is done outside of it.
    private struct Turn {
        var served: [(continuation: Continuation, hold: Hold)] = []
        var drops: [Int] = []
        var load: Int?
    }

    private let source: any MemberSource
    private let limits: Limits
    private let state = Mutex(State())

    /// A store without a member.
    init(source: any MemberSource, limits: Limits) {
        self.source = source
        self.limits = limits
    }

    /// Notes that a member was loaded by other means, before the first request.
    func noteLoaded(_ member: Int, seconds: Double) {
        state.withLock { Self.noteLoaded(member, seconds, source.byteCount(of: member), &$0) }
    }

    /// Where a member's weights are.
    func status(of member: Int) -> LoadingStatus {
        state.withLock { state in
            if state.loaded[member] != nil { return .loaded }
            return state.loading == member ? .loading : .unloaded
        }
    }

    /// Whether requests hold a member; a release may come a moment after its request's end.
    func isHeld(_ member: Int) -> Bool {
        state.withLock { ($0.loaded[member]?.holdCount ?? 0) > 0 }
    }

    /// The made members that are in memory or on their way.
    var mixedMembers: [Int] {
        state.withLock { state in
            (state.loaded.keys + (state.loading.map { [$0] } ?? []))
                .filter { $0 >= limits.trainedCount }
        }.sorted()
    }

    /// What is held and was done.
    var statistics: LoadingStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.loaded = state.loaded.count
            statistics.byteCount = byteCount(of: state.loaded.keys)
            statistics.limit = limits.byteCount == .max ? nil : limits.byteCount
            statistics.waiting = state.waiters.count
            return statistics
        }
    }

    /// Seconds until a request that came now would have its member, if there is room.
    func expectedSeconds(for member: Int) -> Double {
        state.withLock { state in
            guard state.loaded[member] == nil else { return 0 }
            let ahead = state.loading.map { $0 == member ? [] : [$0] } ?? []
            return Double(byteCount(of: ahead + [member])) * state.secondsPerByte
        }
    }

    /// Keeps a member in memory if it is there and nobody waits; never waits itself.
    func holdIfLoaded(_ member: Int) -> Hold? {
        state.withLock { state in
            guard state.waiters.isEmpty, state.loaded[member] != nil else { return nil }
            return hold(member, &state)
        }
    }

    /// Keeps a member in memory, and waits for that if it has to.
    ///
    /// - Parameters:
    ///   - member: Which.
    ///   - client: Who asks, where that is known.
    ///   - deadline: When waiting is no longer worth it.
    /// - Throws: `.queueFull`, `.memberUnavailable` where it cannot be loaded, and
    ///   `.budget(.deadlineUnmeetable)`.
    /// - Returns: The hold; nil where the waiting task was cancelled.
    func hold(
        _ member: Int, for client: String? = nil, until deadline: ContinuousClock.Instant? = nil
    ) async throws(InferenceError) -> Hold? {
        let start = ContinuousClock.now
        let needed = source.byteCount(of: member)
        guard needed <= limits.byteCount else {
            throw .memberUnavailable(
                model: source.name(of: member),
                reason: "its weights take \(needed) bytes, and --family-memory allows "
                    + "\(limits.byteCount)")
        }
        let id = try queue(client)
        // Ends with the wait, at the latest when the deadline has come.
        let timer = deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline)
                let waited = (ContinuousClock.now - start) / .seconds(1)
                leave(id, .refused(.budget(.deadlineUnmeetable(waitSeconds: waited))))
            }
        }
        defer { timer?.cancel() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enter(
                    Queue.Waiter(id: id, member: member, client: client, payload: continuation))
                // Cancelled before it stood in the queue, nobody has taken it out.
                if Task.isCancelled { leave(id, .left) }
            }
        } onCancel: {
            leave(id, .left)
        }
        switch outcome {
        case .held(let hold): return hold
        case .refused(let error): throw error
        case .left: return nil
        }
    }

    /// A place in the queue; as in the engine's, a client may take seven times as many as it leaves
    /// free, so that there is one for everybody else.
    private func queue(_ client: String?) throws(InferenceError) -> UInt64 {
        try state.withLock { state throws(InferenceError) in
            let free = limits.queueDepth - state.waiters.count
            guard free > 0 else {
                throw .queueFull(depth: limits.queueDepth, retryAfterSeconds: 5)
            }
            let own = client == nil ? 0 : state.waiters.count(of: client)
            guard own < 7 * free else { throw .queueFull(depth: own, retryAfterSeconds: 5) }
            state.nextID += 1
            return state.nextID
        }
    }

    private func enter(_ waiter: Queue.Waiter) {
        perform(
            state.withLock { state in
                state.waiters.insert(waiter)
                return nextTurn(&state)
            })
    }

    /// Takes a waiter out of the queue; one that is served already is no error.
    private func leave(_ id: UInt64, _ outcome: Outcome) {
        let (waiter, turn) = state.withLock { state in
            let waiter = state.waiters.remove { $0.id == id }.first
            // Whoever stood behind it may have waited for its sake only.
            return (waiter, nextTurn(&state))
        }
        waiter?.payload.resume(returning: outcome)
        perform(turn)
    }

    private func release(_ member: Int) {
        let turn = state.withLock { state in
            state.uses += 1
            state.loaded[member]?.holdCount -= 1
            state.loaded[member]?.lastUse = state.uses
            return nextTurn(&state)
        }
        perform(turn)
    }

    private func finish(_ member: Int, _ failure: ModelLoadingError?, seconds: Double) {
        let (refused, turn) = state.withLock { state in
            state.loading = nil
            var refused: [Queue.Waiter] = []
            if failure == nil {
                Self.noteLoaded(member, seconds, source.byteCount(of: member), &state)
            } else {
                state.statistics.failures += 1
                refused = state.waiters.remove { $0.member == member }
            }
            return (refused, nextTurn(&state))
        }
        if let failure {
            let error = InferenceError.memberUnavailable(
                model: source.name(of: member), reason: failure.description)
            for waiter in refused { waiter.payload.resume(returning: .refused(error)) }
        }
        perform(turn)
    }

    private static func noteLoaded(
        _ member: Int, _ seconds: Double, _ byteCount: Int, _ state: inout State
    ) {
        state.uses += 1
        state.loaded[member] = Loaded(lastUse: state.uses)
        state.statistics.loads += 1
        state.statistics.seconds += seconds
        state.secondsPerByte = seconds / Double(max(1, byteCount))
    }

    private func hold(_ member: Int, _ state: inout State) -> Hold {
        state.uses += 1
        state.loaded[member]?.holdCount += 1
        state.loaded[member]?.useCount += 1
        state.loaded[member]?.lastUse = state.uses
        return Hold(self, member)
    }

    /// Serves those who wait as far as memory goes, fresh members first and then in order.
    private func nextTurn(_ state: inout State) -> Turn {
        var turn = Turn()
        for waiter in state.waiters.ordered
        where state.loaded[waiter.member].map({ $0.useCount < limits.usesPerLoad }) == true {
            serve(waiter, in: &turn, &state)
        }
        for waiter in state.waiters.ordered {
            if state.loaded[waiter.member] != nil {
                serve(waiter, in: &turn, &state)
                continue
            }
            let drops = drops(toHold: waiter.member, state)
            if state.loading != nil {
                // Who waits for the load alone keeps nobody waiting, who needs room does.
                guard waiter.member == state.loading || drops?.isEmpty == true else { break }
                continue
            }
            guard let drops else { break }
            for member in drops { state.loaded[member] = nil }
            state.statistics.drops += drops.count
            state.loading = waiter.member
            (turn.drops, turn.load) = (drops, waiter.member)
        }
        return turn
    }

    private func serve(_ waiter: Queue.Waiter, in turn: inout Turn, _ state: inout State) {
        state.waiters.serve(waiter.id)
        turn.served.append((waiter.payload, hold(waiter.member, &state)))
    }

    /// The idle members that have to leave so that `member` fits beside the others and what is being
    /// loaded; nil where they do not suffice.
    private func drops(toHold member: Int, _ state: State) -> [Int]? {
        var idle = state.loaded.filter { $0.value.holdCount == 0 }
            .sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
        var drops: [Int] = []
        let others = state.loaded.keys + (state.loading.map { [$0] } ?? [])
        let mixed = others.filter { $0 >= limits.trainedCount }
        if member >= limits.trainedCount, mixed.count >= limits.mixedCount {
            guard let index = idle.firstIndex(where: { $0 >= limits.trainedCount }) else {
                return nil
            }
            drops.append(idle.remove(at: index))
        }
        var held = byteCount(of: others) - byteCount(of: drops)
        let room = limits.byteCount - source.byteCount(of: member)
        for member in idle where held > room {
            held -= source.byteCount(of: member)
            drops.append(member)
        }
        return held <= room ? drops : nil
    }

    private func byteCount(of members: some Sequence<Int>) -> Int {
        members.reduce(0) { $0 + source.byteCount(of: $1) }
    }

    private func perform(_ turn: Turn) {
        for (continuation, hold) in turn.served { continuation.resume(returning: .held(hold)) }
        guard let member = turn.load else { return }
        YieldingThread.start {
            for member in turn.drops { self.source.drop(member) }
            let start = ContinuousClock.now
            var failure: ModelLoadingError?
            do throws(ModelLoadingError) {
                try self.source.load(member)
            } catch {
                failure = error
            }
            self.finish(
                member, failure, seconds: (ContinuousClock.now - start) / .seconds(1))
        }
    }
}
