import DequeModule

/// The sequences that wait: clients take turns, and each client's stand in the order of their rank.
///
///     turn of a client's k-th in line = turns that it has had + k       lower turns first,
///                                                                      in a turn lower ranks
///
/// A client of which nothing waits takes part in the turn that is on: what it did not use is
/// forgotten. What it used is forgotten once nothing of it waits or runs. So a client with one
/// sequence at a time never has more than the sequences of one turn before it, one for each of the
/// others, however many those have sent; and where every client has one, rank alone decides.
struct FairQueue: Sendable {
    private struct Line {
        /// By rank, of equals the one that came first.
        var sequences: Deque<TokenSequence> = []
        /// The turn of the first of them.
        var turn: Int
    }

    /// What waits, by client; no line is empty.
    private var lines: [String?: Line] = [:]
    /// Clients of which something runs.
    private var running: [String?: (count: Int, turn: Int)] = [:]
    /// That of the one that was begun last.
    private var lastTurn = 0
    private(set) var count = 0
    /// Rises with every change of the order.
    private(set) var version = 0

    var isEmpty: Bool { count == 0 }

    /// All that wait, in no order.
    var sequences: some Sequence<TokenSequence> { lines.values.lazy.flatMap(\.sequences) }

    /// The client that is next.
    private var next: String?? {
        lines.min { Self.isFirst($0.value, $1.value) }?.key
    }

    /// The one that is begun next.
    var first: TokenSequence? { next.flatMap { lines[$0]?.sequences.first } }

    /// Puts a sequence behind those of its client that have its rank and came before.
    mutating func insert(_ sequence: TokenSequence) {
        let client = sequence.request.client
        let now = lines.values.lazy.map(\.turn).min() ?? lastTurn
        var line = lines[client] ?? Line(turn: max(running[client]?.turn ?? now, now))
        let index = line.sequences.firstIndex { Self.isBefore(sequence, $0) }
        line.sequences.insert(sequence, at: index ?? line.sequences.endIndex)
        lines[client] = line
        count += 1
        version += 1
    }

    /// Takes out the one that is begun next; `end` is to be called when it no longer runs.
    mutating func removeFirst() -> TokenSequence {
        guard let client = next, var line = lines.removeValue(forKey: client) else {
            preconditionFailure("nobody waits")
        }
        let sequence = line.sequences.removeFirst()
        lastTurn = line.turn
        line.turn += 1
        running[client] = ((running[client]?.count ?? 0) + 1, line.turn)
        if !line.sequences.isEmpty { lines[client] = line }
        count -= 1
        version += 1
        return sequence
    }

    /// Notes that a sequence which was begun runs no longer.
    mutating func end(_ client: String?) {
        guard let entry = running[client] else { return }
        running[client] =
            entry.count == 1 && lines[client] == nil
            ? nil : (max(entry.count - 1, 0), entry.turn)
    }

    /// Puts a sequence that waits with other terms where these belong; its client's turn stays.
    mutating func replace(_ sequence: TokenSequence) {
        let client = sequence.request.client
        guard var line = lines[client],
            let index = line.sequences.firstIndex(where: { $0.id == sequence.id })
        else { return }
        lines[client] = nil
        line.sequences.remove(at: index)
        let place = line.sequences.firstIndex { Self.isBefore(sequence, $0) }
        line.sequences.insert(sequence, at: place ?? line.sequences.endIndex)
        lines[client] = line
        version += 1
    }

    /// Takes out a sequence wherever it stands.
    mutating func remove(_ id: SequenceID) -> TokenSequence? {
        for (client, var line) in lines {
            guard let index = line.sequences.firstIndex(where: { $0.id == id }) else { continue }
            // One copy, changed in place.
            lines[client] = nil
            let sequence = line.sequences.remove(at: index)
            if !line.sequences.isEmpty {
                lines[client] = line
            } else if running[client]?.count == 0 {
                running[client] = nil
            }
            count -= 1
            version += 1
            return sequence
        }
        return nil
    }

    /// A sequence that waits, by its id.
    func find(_ id: SequenceID) -> TokenSequence? { sequences.first { $0.id == id } }

    mutating func removeAll() {
        (lines, count) = ([:], 0)
        running = running.filter { $0.value.count > 0 }
        version += 1
    }

    /// Everybody's place, next one first.
    func places(steps: (SequenceRequest) -> Int) -> [QueueEntry] {
        lines.flatMap { client, line in
            line.sequences.enumerated().map { index, sequence in
                QueueEntry(
                    id: sequence.id, client: client, rank: sequence.rank,
                    turn: line.turn + index, steps: steps(sequence.request))
            }
        }.sorted(by: QueueEntry.isBefore)
    }

    /// Traps unless lines are sorted and counted.
    func checkInvariants() {
        precondition(lines.values.reduce(0) { $0 + $1.sequences.count } == count)
        for (client, line) in lines {
            precondition(!line.sequences.isEmpty)
            precondition(line.sequences.allSatisfy { $0.request.client == client })
            precondition(
                zip(line.sequences, line.sequences.dropFirst()).allSatisfy {
                    Self.isBefore($0, $1)
                })
        }
    }

    private static func isFirst(_ one: Line, _ other: Line) -> Bool {
        guard one.turn == other.turn, let first = one.sequences.first,
            let second = other.sequences.first
        else { return one.turn < other.turn }
        return isBefore(first, second)
    }

    private static func isBefore(_ one: TokenSequence, _ other: TokenSequence) -> Bool {
        (one.rank, one.id.rawValue) < (other.rank, other.id.rawValue)
    }
}
