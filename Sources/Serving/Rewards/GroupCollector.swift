import Evaluation

/// Brings together the responses to one prompt that arrive in requests of their own.
///
/// A response waits until its group is whole or somebody in it has waited long enough; then all of
/// the group go on together. Whoever leaves is taken out, so that a repeated request does not count
/// twice. A response beyond a whole group begins the next one.
actor GroupCollector {
    /// What belongs together.
    struct Key: Hashable, Sendable {
        /// The prompt that all answer.
        var prompt: String
        /// The right answer.
        var answer: String
        /// How they are to be rewarded.
        var request: RewardRequest
    }

    /// A group that waits no longer.
    struct Collected: Sendable {
        /// Its members in the order of their arrival.
        var group: ResponseGroup
        /// Which of them was asked about.
        var position: Int
        /// Whether all came.
        var isComplete: Bool
    }

    private struct Member {
        var id: Int
        var response: ResponseGroup.Response
        var outbox: AsyncStream<Collected>.Continuation
    }

    private let maximumWaiting: Int
    private let maximumByteCount: Int
    private let hurries: @Sendable () -> Bool
    private var groups: [Key: [Member]] = [:]
    private var lastID = 0
    private var byteCount = 0
    /// Responses that wait.
    private(set) var waitingCount = 0

    /// A collector in which nobody waits.
    ///
    /// - Parameters:
    ///   - settings: How many may wait.
    ///   - hurries: Whether nobody should wait any longer, asked every half second.
    init(settings: RewardSettings, hurries: @escaping @Sendable () -> Bool) {
        maximumWaiting = settings.maximumWaiting
        maximumByteCount = settings.maximumWaitingByteCount
        self.hurries = hurries
    }

    /// Waits until the response's group is whole or `key.request.wait` has passed.
    ///
    /// - Throws: `ServingError.groupsFull`, or `CancellationError` after the response was taken
    ///   out of its group.
    func collect(_ response: ResponseGroup.Response, under key: Key) async throws -> Collected {
        let cost = Self.cost(response, key)
        guard waitingCount < maximumWaiting, byteCount + cost <= maximumByteCount else {
            throw ServingError.groupsFull(waiting: waitingCount)
        }
        lastID += 1
        let id = lastID
        let (stream, outbox) = AsyncStream.makeStream(of: Collected.self)
        groups[key, default: []].append(Member(id: id, response: response, outbox: outbox))
        waitingCount += 1
        byteCount += cost
        if groups[key]?.count == key.request.groupSize { release(key) }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            defer { tasks.cancelAll() }
            tasks.addTask {
                try await self.sleep(key.request.wait)
                await self.release(key, with: id)
            }
            for await collected in stream { return collected }
            remove(id, from: key)
            throw CancellationError()
        }
    }

    private nonisolated func sleep(_ wait: Duration) async throws {
        let end = ContinuousClock.now + wait
        while case let rest = end - .now, rest > .zero, !hurries() {
            try await Task.sleep(for: min(rest, .milliseconds(500)))
        }
    }

    /// Lets a group go as it is if the member still waits in it.
    private func release(_ key: Key, with id: Int) {
        guard groups[key]?.contains(where: { $0.id == id }) == true else { return }
        release(key)
    }

    private func release(_ key: Key) {
        guard let members = groups.removeValue(forKey: key) else { return }
        let group = ResponseGroup(answer: key.answer, responses: members.map(\.response))
        for (position, member) in members.enumerated() {
            forget(member, key)
            member.outbox.yield(
                Collected(
                    group: group, position: position,
                    isComplete: members.count == key.request.groupSize))
            member.outbox.finish()
        }
    }

    private func remove(_ id: Int, from key: Key) {
        guard let position = groups[key]?.firstIndex(where: { $0.id == id }),
            let member = groups[key]?.remove(at: position)
        else { return }
        if groups[key]?.isEmpty == true { groups[key] = nil }
        forget(member, key)
    }

    private func forget(_ member: Member, _ key: Key) {
        waitingCount -= 1
        byteCount -= Self.cost(member.response, key)
    }

    private static func cost(_ response: ResponseGroup.Response, _ key: Key) -> Int {
        response.text.utf8.count + key.prompt.utf8.count + key.answer.utf8.count
    }
}
