/// A sequence in the queue as other threads see it, and what orders it.
struct QueueEntry: Sendable {
    var id: SequenceID
    /// Who sent it.
    var client: String?
    /// Its place among those of its turn; see `QueueOrder`.
    var rank: Int
    /// See `FairQueue`; `nil` until the loop has seen it.
    var turn: Int?
    /// Steps that it would run, its prompt's included, if its forecast held.
    var steps = 1

    /// Whether one is begun before another, both having a turn.
    static func isBefore(_ one: QueueEntry, _ other: QueueEntry) -> Bool {
        (one.turn ?? .max, one.rank, one.id.rawValue)
            < (other.turn ?? .max, other.rank, other.id.rawValue)
    }

    /// Gives turns to those that have none yet, as `FairQueue` will.
    static func lineUp(_ entries: [QueueEntry]) -> [QueueEntry] {
        let now = entries.lazy.compactMap(\.turn).min() ?? 0
        return Dictionary(grouping: entries, by: \.client).values.flatMap { line in
            let first = line.lazy.compactMap(\.turn).min() ?? now
            var line = line.sorted { ($0.rank, $0.id.rawValue) < ($1.rank, $1.id.rawValue) }
            for index in line.indices { line[index].turn = first + index }
            return line
        }.sorted(by: isBefore)
    }
}
