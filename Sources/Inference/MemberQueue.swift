/// Who waits for members: clients take turns, and each client's stand in the order in which they
/// came.
///
///     turn of a client's k-th in line = turns that it has had + k      lower turns first,
///                                                                     in a turn who came first
///
/// Who gets its member out of order uses up no turn, so that it costs those of its client that
/// stand before it nothing. A client of which nothing waited takes part in the turn that is on.
struct MemberQueue<Payload: Sendable>: Sendable {
    /// One that waits.
    struct Waiter {
        /// Rises from one that came to the next.
        let id: UInt64
        let member: Int
        /// Who asks; nil is the program itself.
        let client: String?
        let payload: Payload
    }

    /// In the order in which they came.
    private var waiters: [Waiter] = []
    /// Turns that clients have had of which something waits.
    private var turns: [String?: Int] = [:]

    var count: Int { waiters.count }
    var isEmpty: Bool { waiters.isEmpty }

    /// All that wait, next one first.
    var ordered: [Waiter] {
        var next = turns
        return waiters.map { waiter in
            defer { next[waiter.client, default: 0] += 1 }
            return (turn: next[waiter.client, default: 0], waiter: waiter)
        }.sorted { ($0.turn, $0.waiter.id) < ($1.turn, $1.waiter.id) }.map(\.waiter)
    }

    /// How many of a client wait.
    func count(of client: String?) -> Int { waiters.count { $0.client == client } }

    /// Puts one behind those of its client.
    mutating func insert(_ waiter: Waiter) {
        let now = turns.values.min() ?? 0
        turns[waiter.client] = turns[waiter.client] ?? now
        waiters.append(waiter)
    }

    /// Takes out one that has its member.
    mutating func serve(_ id: UInt64) {
        guard let waiter = waiters.first(where: { $0.id == id }) else { return }
        if waiters.first(where: { $0.client == waiter.client })?.id == id {
            turns[waiter.client, default: 0] += 1
        }
        remove { $0.id == id }
    }

    /// Takes out those that wait no longer, and have had no turn.
    @discardableResult
    mutating func remove(where leaves: (Waiter) -> Bool) -> [Waiter] {
        let removed = waiters.filter(leaves)
        guard !removed.isEmpty else { return [] }
        waiters.removeAll(where: leaves)
        let clients = Set(waiters.map(\.client))
        turns = turns.filter { clients.contains($0.key) }
        return removed
    }
}
