import Routing
import Synchronization

/// Which members of a family are in memory: they are loaded when a request first needs them, and
/// the one that was idle longest leaves when there is no room.
///
///     absent --load--> loading --> loaded --drop--> absent
///
/// A request holds its member by a `Hold` from before its sequences are submitted until the last of
/// them has left the engine, and a member that is held is never dropped. Requests that find no room
/// wait in order of arrival; while one waits for room nobody behind it is served, so that every
/// member becomes idle in time. One member is loaded at a time, on a thread that gives way to the
/// decoding ones.
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

    private struct Waiter {
        let id: UInt64
        let member: Int
        let continuation: Continuation
    }

    private struct Loaded {
        var holdCount = 0
        /// Rises from use to use.
        var lastUse: UInt64
    }

    private struct State {
        var loaded: [Int: Loaded] = [:]
        var loading: Int?
        var waiters: [Waiter] = []
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
    ///   - deadline: When waiting is no longer worth it.
    /// - Throws: `.queueFull`, `.memberUnavailable` where it cannot be loaded, and
    ///   `.budget(.deadlineUnmeetable)`.
    /// - Returns: The hold; nil where the waiting task was cancelled.
    func hold(
        _ member: Int, until deadline: ContinuousClock.Instant? = nil
    ) async throws(InferenceError) -> Hold? {
        let start = ContinuousClock.now
        let needed = source.byteCount(of: member)
        guard needed <= limits.byteCount else {
            throw .memberUnavailable(
                model: source.name(of: member),
                reason: "its weights take \(needed) bytes, and --family-memory allows "
                    + "\(limits.byteCount)")
        }
        let id = try queue()
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
                enter(Waiter(id: id, member: member, continuation: continuation))
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

    private func queue() throws(InferenceError) -> UInt64 {
        try state.withLock { state throws(InferenceError) in
            guard state.waiters.count < limits.queueDepth else {
                throw .queueFull(depth: limits.queueDepth, retryAfterSeconds: 5)
            }
            state.nextID += 1
            return state.nextID
        }
    }

    private func enter(_ waiter: Waiter) {
        perform(
            state.withLock { state in
                state.waiters.append(waiter)
                return nextTurn(&state)
            })
    }

    /// Takes a waiter out of the queue; one that is served already is no error.
    private func leave(_ id: UInt64, _ outcome: Outcome) {
        let (waiter, turn) = state.withLock { state in
            let index = state.waiters.firstIndex { $0.id == id }
            let waiter = index.map { state.waiters.remove(at: $0) }
            // Whoever stood behind it may have waited for its sake only.
            return (waiter, nextTurn(&state))
        }
        waiter?.continuation.resume(returning: outcome)
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
            var refused: [Waiter] = []
            if failure == nil {
                Self.noteLoaded(member, seconds, source.byteCount(of: member), &state)
            } else {
                state.statistics.failures += 1
                refused = state.waiters.filter { $0.member == member }
                state.waiters.removeAll { $0.member == member }
            }
            return (refused, nextTurn(&state))
        }
        if let failure {
            let error = InferenceError.memberUnavailable(
                model: source.name(of: member), reason: failure.description)
            for waiter in refused { waiter.continuation.resume(returning: .refused(error)) }
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
        state.loaded[member]?.lastUse = state.uses
        return Hold(self, member)
    }

    /// Serves those who wait, in order, as far as memory goes.
    private func nextTurn(_ state: inout State) -> Turn {
        var turn = Turn()
        var isOutOfRoom = false
        var left: [Waiter] = []
        for waiter in state.waiters {
            if !isOutOfRoom, state.loaded[waiter.member] != nil {
                turn.served.append((waiter.continuation, hold(waiter.member, &state)))
                continue
            }
            left.append(waiter)
            guard !isOutOfRoom, state.loading == nil else { continue }
            guard let drops = drops(toHold: waiter.member, state) else {
                isOutOfRoom = true
                continue
            }
            for member in drops { state.loaded[member] = nil }
            state.statistics.drops += drops.count
            state.loading = waiter.member
            (turn.drops, turn.load) = (drops, waiter.member)
        }
        state.waiters = left
        return turn
    }

    /// The idle members that have to leave so that `member` fits; nil where they do not suffice.
    private func drops(toHold member: Int, _ state: State) -> [Int]? {
        var idle = state.loaded.filter { $0.value.holdCount == 0 }
            .sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
        var drops: [Int] = []
        let mixed = state.loaded.keys.filter { $0 >= limits.trainedCount }
        if member >= limits.trainedCount, mixed.count >= limits.mixedCount {
            guard let index = idle.firstIndex(where: { $0 >= limits.trainedCount }) else {
                return nil
            }
            drops.append(idle.remove(at: index))
        }
        var held = byteCount(of: state.loaded.keys) - byteCount(of: drops)
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
