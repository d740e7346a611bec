import Routing
import Synchronization
import TestSupport
import Testing

@testable import Inference

/// Whether `condition` comes true within a few seconds.
func eventually(_ condition: () -> Bool) async -> Bool {
    for _ in 0..<1000 {
        if condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return condition()
}

@Suite(.timeLimit(.minutes(2))) struct MemberStoreTests {
    private func store(
        _ members: FakeMembers, bytes: Int = .max, trained: Int? = nil, queue: Int = 256,
        uses: Int = 1
    ) -> MemberStore {
        var limits = MemberStore.Limits(trainedCount: trained ?? members.sizes.count)
        limits.byteCount = bytes
        limits.queueDepth = queue
        limits.usesPerLoad = uses
        return MemberStore(source: members, limits: limits)
    }

    /// Uses a member for a moment, and waits until the store has it back.
    private func touch(_ store: MemberStore, _ member: Int) async throws {
        _ = try #require(try await store.hold(member))
        #expect(await eventually { !store.isHeld(member) })
    }

    @Test func `a member is loaded by the first who needs it and stays`() async throws {
        let members = FakeMembers(sizes: [1, 1])
        let store = store(members)
        #expect(store.status(of: 0) == .unloaded && store.holdIfLoaded(0) == nil)
        try await touch(store, 0)
        try await touch(store, 0)
        #expect(members.loads == [0] && store.status(of: 0) == .loaded)
        #expect(store.holdIfLoaded(0) != nil)
        #expect(store.statistics.loaded == 1 && store.statistics.loads == 1)
    }

    @Test func `the one idle longest leaves first`() async throws {
        let members = FakeMembers(sizes: [1, 1, 1, 1])
        let store = store(members, bytes: 3)
        for member in [0, 1, 2, 0, 3, 2, 1] { try await touch(store, member) }
        #expect(members.loads == [0, 1, 2, 3, 1])
        #expect(members.drops == [1, 0])
        #expect(store.statistics.byteCount == 3 && store.statistics.drops == 2)
    }

    @Test func `one that is held is not dropped, and who needs its room waits`() async throws {
        let members = FakeMembers(sizes: [2, 2, 1])
        let store = store(members, bytes: 3)
        var hold = try await store.hold(0)
        #expect(hold != nil)
        async let waits = store.hold(1)
        #expect(await eventually { store.statistics.waiting == 1 })
        #expect(members.holds(0) && members.loads == [0])
        hold = nil
        #expect(try await waits != nil)
        #expect(members.drops == [0] && members.holds(1))
    }

    @Test func `nobody overtakes one who waits for room`() async throws {
        let members = FakeMembers(sizes: [2, 2])
        let store = store(members, bytes: 3)
        var first = try await store.hold(0)
        #expect(first != nil)
        async let second: Void = touch(store, 1)
        #expect(await eventually { store.statistics.waiting == 1 })
        // It is loaded, and could be had at once if nobody stood before.
        async let third: Void = touch(store, 0)
        #expect(await eventually { store.statistics.waiting == 2 })
        #expect(store.holdIfLoaded(0) == nil)
        first = nil
        _ = try await (second, third)
        #expect(members.loads == [0, 1, 0])
    }

    @Test func `a load in progress keeps nobody from a loaded member`() async throws {
        let members = FakeMembers(sizes: [1, 1], gated: true)
        let store = store(members)
        members.open()
        try await touch(store, 0)
        async let slow = store.hold(1)
        #expect(await eventually { store.status(of: 1) == .loading })
        try await touch(store, 0)
        members.open()
        #expect(try await slow != nil)
    }

    @Test func `all who need one absent member share a load`() async throws {
        let members = FakeMembers(sizes: [1], gated: true)
        let store = store(members)
        let served = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { (try? await store.hold(0)) ?? nil != nil } }
            _ = await eventually { store.statistics.waiting == 20 }
            members.open()
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(served == 20 && members.loads == [0])
    }

    @Test func `a failed load fails who waited for it, and the next one tries again`() async throws
    {
        let members = FakeMembers(sizes: [1, 1])
        members.state.withLock { $0.broken = [1] }
        let store = store(members)
        try await touch(store, 0)
        await #expect(
            throws: InferenceError.memberUnavailable(
                model: "member 1", reason: "member 1 is broken")
        ) { try await store.hold(1) }
        #expect(store.status(of: 0) == .loaded && store.status(of: 1) == .unloaded)
        #expect(store.statistics.failures == 1 && store.statistics.waiting == 0)
        members.state.withLock { $0.broken = [] }
        try await touch(store, 1)
    }

    @Test func `who leaves while it is loaded leaves nothing behind`() async throws {
        let members = FakeMembers(sizes: [1, 1], gated: true)
        let store = store(members, bytes: 1)
        let task = Task { try await store.hold(0) }
        #expect(await eventually { store.status(of: 0) == .loading })
        task.cancel()
        #expect(try await task.value == nil)
        #expect(store.statistics.waiting == 0)
        members.open(2)
        // Nothing holds it: another takes its place.
        try await touch(store, 1)
        #expect(members.drops == [0])
    }

    @Test func `one that was cancelled before it asked gets nothing`() async throws {
        let members = FakeMembers(sizes: [1], gated: true)
        let store = store(members)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.hold(0)
        }
        task.cancel()
        #expect(try await task.value == nil)
        #expect(store.statistics.waiting == 0)
        members.open()
    }

    @Test func `who leaves the head of the queue lets the others on`() async throws {
        let members = FakeMembers(sizes: [2, 2, 1])
        let store = store(members, bytes: 3)
        let hold = try await store.hold(0)
        let head = Task { try await store.hold(1) }
        #expect(await eventually { store.statistics.waiting == 1 })
        async let small = store.hold(2)
        #expect(await eventually { store.statistics.waiting == 2 })
        head.cancel()
        #expect(try await small != nil)
        #expect(try await head.value == nil)
        #expect(hold != nil && members.drops.isEmpty)
    }

    @Test func `waiting ends with the deadline`() async throws {
        let members = FakeMembers(sizes: [1, 1])
        let store = store(members, bytes: 1)
        let hold = try await store.hold(0)
        let error = await #expect(throws: InferenceError.self) {
            try await store.hold(1, until: .now + .milliseconds(20))
        }
        guard case .budget(.deadlineUnmeetable(let seconds)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(seconds >= 0.02 && hold != nil && store.statistics.waiting == 0)
    }

    @Test func `the queue is bounded`() async throws {
        let members = FakeMembers(sizes: [1, 1])
        let store = store(members, bytes: 1, queue: 1)
        let hold = try await store.hold(0)
        let waits = Task { try await store.hold(1) }
        #expect(await eventually { store.statistics.waiting == 1 })
        await #expect(throws: InferenceError.queueFull(depth: 1, retryAfterSeconds: 5)) {
            try await store.hold(1)
        }
        waits.cancel()
        #expect(try await waits.value == nil && hold != nil)
    }

    @Test func `what never fits is refused at once`() async throws {
        let store = store(FakeMembers(sizes: [1, 5]), bytes: 4)
        let error = await #expect(throws: InferenceError.self) { try await store.hold(1) }
        #expect(error?.description.contains("5 bytes") == true)
        #expect(error?.description.contains("--family-memory allows 4") == true)
    }

    @Test func `few members that nobody trained are kept, and they leave before the others`()
        async throws
    {
        let members = FakeMembers(sizes: Array(repeating: 1, count: 8))
        let store = store(members, trained: 2)
        try await touch(store, 0)
        for member in 2..<8 { try await touch(store, member) }
        // Who leaves is decided in order; the leaving itself may overtake.
        #expect(Set(members.drops) == [2, 3])
        #expect(store.mixedMembers == [4, 5, 6, 7] && members.holds(0))
    }

    @Test func `a wait is expected to take what the last load took`() async throws {
        let store = store(FakeMembers(sizes: [10, 20]))
        store.noteLoaded(0, seconds: 1)
        #expect(store.expectedSeconds(for: 0) == 0)
        #expect(store.expectedSeconds(for: 1) == 2)
    }

    @Test(arguments: 0..<12)
    func `any requests are served within any limit`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let sizes = (0..<6).map { _ in Int.random(in: 1...4, using: &generator) }
        let limit = Int.random(in: 4...9, using: &generator)
        let members = FakeMembers(sizes: sizes)
        let store = store(
            members, bytes: limit, trained: 4, uses: Int.random(in: 1...3, using: &generator))
        let plans = (0..<60).map { _ in
            (
                member: Int.random(in: 0..<6, using: &generator),
                client: ["a", "b", nil].randomElement(using: &generator) ?? nil,
                pause: Int.random(in: 0...300, using: &generator),
                use: Int.random(in: 0...300, using: &generator),
                leaves: Int.random(in: 0..<4, using: &generator) == 0
            )
        }
        let served = await withTaskGroup(of: Bool.self) { group in
            for plan in plans {
                group.addTask {
                    try? await Task.sleep(for: .microseconds(plan.pause * 10))
                    let task = Task { () -> Bool in
                        guard let hold = try await store.hold(plan.member, for: plan.client)
                        else { return false }
                        let before = members.holds(plan.member)
                        try? await Task.sleep(for: .microseconds(plan.use))
                        return withExtendedLifetime(hold) {
                            before && members.holds(plan.member)
                        }
                    }
                    if plan.leaves {
                        try? await Task.sleep(for: .microseconds(plan.use))
                        task.cancel()
                    }
                    // Whoever stays is served, and whoever is served has its member all the time.
                    return (try? await task.value) == true || plan.leaves
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(served == plans.count)
        #expect(await eventually { store.statistics.waiting == 0 })
        let state = members.state.withLock { $0 }
        #expect(state.violations.isEmpty)
        #expect(state.mostBytes <= limit)
    }
}
