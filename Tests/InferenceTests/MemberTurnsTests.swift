import Synchronization
import Testing

@testable import Inference

/// Laws of who gets its member first, where memory holds one of them.
@Suite(.timeLimit(.minutes(2))) struct MemberTurnsTests {
    /// A client and the member it wants.
    private typealias Wish = (client: String, member: Int)

    private final class Log: Sendable {
        let names = Mutex<[String]>([])
    }

    private func store(_ members: FakeMembers, uses: Int, queue: Int = 256) -> MemberStore {
        var limits = MemberStore.Limits(trainedCount: members.sizes.count)
        (limits.byteCount, limits.queueDepth, limits.usesPerLoad) = (1, queue, uses)
        return MemberStore(source: members, limits: limits)
    }

    /// Lets all stand in line in this order before the first has its member, and uses each for a
    /// moment.
    ///
    /// - Returns: The wishes as they were granted, and the loads it took.
    private func grant(
        _ wishes: [Wish], uses: Int
    ) async throws -> (order: [String], loads: [Int]) {
        let members = FakeMembers(sizes: [1, 1, 1, 1])
        let store = store(members, uses: uses)
        var first = try await store.hold(3)
        #expect(first != nil)
        let log = Log()
        var tasks: [Task<Void, any Error>] = []
        for wish in wishes {
            tasks.append(
                Task {
                    let hold = try await store.hold(wish.member, for: wish.client)
                    log.names.withLock { $0.append("\(wish.client)\(wish.member)") }
                    withExtendedLifetime(hold) {}
                })
            #expect(await eventually { store.statistics.waiting == tasks.count })
        }
        first = nil
        for task in tasks { try await task.value }
        #expect(store.statistics.waiting == 0)
        #expect(members.state.withLock { $0.violations }.isEmpty)
        return (log.names.withLock { $0 }, Array(members.loads.dropFirst()))
    }

    @Test func `who asks for members in turn waits for a load once in many requests`() async throws
    {
        let wishes: [Wish] = (0..<40).map { ("x", $0 % 2) }
        #expect(try await grant(wishes, uses: 8).loads == [0, 1, 0, 1, 0, 1])
        #expect(try await grant(wishes, uses: 1).loads.count == 40)
    }

    @Test(arguments: [1, 4, 8])
    func `a client with one wish waits for one load of another's, however many those are`(
        uses: Int
    ) async throws {
        let flood: [Wish] = (0..<60).map { _ in ("x", 0) }
        let (order, loads) = try await grant(flood + [("p", 1)], uses: uses)
        #expect(loads == [0, 1, 0])
        #expect(try #require(order.firstIndex(of: "p1")) <= uses)
    }

    @Test func `a client with one wish for each of many members does not hold up another`()
        async throws
    {
        let flood: [Wish] = (0..<60).map { ("x", $0 % 3) }
        let (order, loads) = try await grant(flood + [("p", 2)], uses: 4)
        // Its turn is that of the first wish of the other.
        #expect(loads.prefix(2) == [0, 2])
        #expect(try #require(order.firstIndex(of: "p2")) < 8)
    }

    @Test func `one member that is asked for again and again does not keep out another`()
        async throws
    {
        let again: [Wish] = (0..<30).flatMap { [("p", 0), ("x", $0 % 2)] }
        let (order, loads) = try await grant(again, uses: 4)
        #expect(order.count == 60)
        // Both get on: of any twelve grants in a row some are each one's.
        for start in stride(from: 0, to: 36, by: 12) {
            #expect(Set(order[start..<start + 12].map(\.first)) == ["p", "x"])
        }
        #expect(loads.count < 20)
    }

    @Test func `a fresh member is not dropped before who waits for it has it`() async throws {
        let members = FakeMembers(sizes: [1, 1], gated: true)
        let store = store(members, uses: 1)
        let waits = Task { try await store.hold(0, for: "x") != nil }
        #expect(await eventually { store.status(of: 0) == .loading })
        let others = (0..<5).map { index in
            Task { try await store.hold(1, for: "y\(index)") != nil }
        }
        #expect(await eventually { store.statistics.waiting == 6 })
        members.open()
        #expect(try await waits.value)
        members.open()
        for other in others { #expect(try await other.value) }
        #expect(members.loads == [0, 1])
    }

    @Test func `no client fills the queue`() async throws {
        let members = FakeMembers(sizes: [1, 1], gated: true)
        let store = store(members, uses: 1, queue: 8)
        var tasks: [Task<Bool, any Error>] = []
        for count in 1...7 {
            tasks.append(Task { try await store.hold(0, for: "x") != nil })
            #expect(await eventually { store.statistics.waiting == count })
        }
        await #expect(throws: InferenceError.queueFull(depth: 7, retryAfterSeconds: 5)) {
            try await store.hold(0, for: "x")
        }
        tasks.append(Task { try await store.hold(0, for: "y") != nil })
        #expect(await eventually { store.statistics.waiting == 8 })
        await #expect(throws: InferenceError.queueFull(depth: 8, retryAfterSeconds: 5)) {
            try await store.hold(0, for: "z")
        }
        members.open()
        for task in tasks { #expect(try await task.value) }
    }

    @Test func `turns are counted from the one that is on`() {
        var queue = MemberQueue<Void>()
        var id: UInt64 = 0
        func insert(_ client: String?) {
            id += 1
            queue.insert(.init(id: id, member: 0, client: client, payload: ()))
        }
        for client in ["x", "x", "x", "x"] { insert(client) }
        insert("y")
        #expect(queue.ordered.map(\.id) == [1, 5, 2, 3, 4])
        queue.serve(1)
        queue.serve(5)
        // Out of order it costs no turn.
        queue.serve(4)
        insert("y")
        insert(nil)
        #expect(queue.ordered.map(\.id) == [2, 6, 7, 3])
        queue.remove { $0.id == 2 }
        #expect(queue.ordered.map(\.id) == [3, 6, 7])
        #expect(queue.count == 3 && queue.count(of: "y") == 1)
    }
}
