import Models
import TestSupport
import Testing

@testable import Decoding

/// What clients may expect of each other; time is counted in steps.
@Suite(.timeLimit(.minutes(5))) struct FairQueueTests {
    /// A loop that is fed by hand, and what became of the sequences.
    private struct Hall: ~Copyable {
        var loop: DecodeLoop
        private(set) var begun: [UInt64] = []
        private var outlets: [AsyncStream<TokenEvent>.Continuation] = []
        private var streams: [AsyncStream<TokenEvent>] = []
        private var lined: (version: Int, ids: [UInt64])?

        init(order: QueueOrder, running: Int, clock: FakeClock = FakeClock()) {
            loop = DecodeLoop.queueing(
                order: order, running: running, pageCount: 4000, clock: clock.read)
        }

        /// Submits a sequence; its number.
        mutating func submit(
            _ tokens: Int, of client: String?, expected: Int? = nil
        ) -> UInt64 {
            var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: tokens)
            request.client = client
            request.expectedTokens = expected
            let id = UInt64(outlets.count)
            let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
            streams.append(stream)
            outlets.append(outlet)
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: id), request: request, seed: id, outlet: outlet))
            return id
        }

        /// Runs a step, and lets other tests on: thousands follow each other.
        mutating func step() async {
            let before = line()
            loop.admit()
            loop.checkInvariants()
            // The first of the queue are begun, in its order.
            let count = before.count - loop.waitingCount
            #expect(line() == Array(before[count...]))
            begun += before.prefix(count)
            loop.stepAndNotify()
            await Task.yield()
        }

        /// The queue's ids, next one first.
        private mutating func line() -> [UInt64] {
            if lined?.version != loop.queueVersion {
                lined = (loop.queueVersion, loop.queue.map(\.id.rawValue))
            }
            return lined?.ids ?? []
        }

        /// What has its last event takes no other.
        func hasEnded(_ id: UInt64) -> Bool {
            if case .terminated = outlets[Int(id)].yield(.admitted) { true } else { false }
        }
    }

    /// Sequences of others that were begun between a newcomer's arrival and its own begin.
    private func overtaking(
        _ generator: inout SeededGenerator, order: QueueOrder, clients: Int, flood: Int
    ) async -> [String: Int] {
        var hall = Hall(order: order, running: .random(in: 1...4, using: &generator))
        var senders: [UInt64: String] = [:]
        for _ in 0..<flood {
            for client in 0..<clients {
                let tokens = Int.random(in: 1...30, using: &generator)
                let id = hall.submit(
                    tokens, of: "flood \(client)",
                    expected: .random(in: 1...tokens, using: &generator))
                senders[id] = "flood \(client)"
            }
        }
        for _ in 0..<Int.random(in: 0...flood, using: &generator) { await hall.step() }
        let before = hall.begun.count
        let id = hall.submit(.random(in: 1...60, using: &generator), of: "newcomer")
        while !hall.begun.contains(id) { await hall.step() }
        return hall.begun[before...].prefix { $0 != id }
            .reduce(into: [:]) { $0[senders[$1] ?? "", default: 0] += 1 }
    }

    @Test(
        "however many others have sent, at most one of each is begun before a newcomer's",
        arguments: UInt64(0)..<12)
    func newcomer(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        for order in QueueOrder.allCases {
            for flood in [4, 40, 150] {
                let clients = Int.random(in: 1...5, using: &generator)
                let counts = await overtaking(
                    &generator, order: order, clients: clients, flood: flood)
                #expect(counts.count <= clients && counts.values.allSatisfy { $0 == 1 })
            }
        }
    }

    @Test("clients of which something always waits are begun equally often")
    func equalTurns() async {
        for order in QueueOrder.allCases {
            var hall = Hall(order: order, running: 3)
            for index in 0..<60 { _ = hall.submit(3 + index % 5, of: "\(index % 3 == 0 ? 1 : 0)") }
            while hall.begun.count < 30 { await hall.step() }
            let counts = hall.begun.prefix(30).reduce(into: [0, 0]) { $0[$1 % 3 == 0 ? 1 : 0] += 1 }
            #expect(abs(counts[0] - counts[1]) <= 3)
        }
    }

    @Test("turns that a client lets pass are not saved up")
    func savings() async {
        var hall = Hall(order: .fifo, running: 2)
        // One of them runs throughout, while the other takes turn after turn.
        _ = hall.submit(120, of: "sleeper")
        for _ in 0..<60 { _ = hall.submit(1, of: "worker") }
        for _ in 0..<30 { await hall.step() }
        let before = hall.begun.count
        let first = (0..<20).map { _ in hall.submit(1, of: "sleeper") }[0]
        for _ in 0..<12 { await hall.step() }
        let own = hall.begun[before...].count { $0 >= first }
        let others = hall.begun[before...].count - own
        #expect(own > 2 && abs(own - others) <= 1)
    }

    @Test("where every client has one sequence, rank alone decides", arguments: UInt64(0)..<4)
    func singles(seed: UInt64) async {
        func begins(named: Bool) async -> [UInt64] {
            var generator = SeededGenerator(seed: seed)
            var hall = Hall(order: .shortest, running: 2)
            for index in 0..<60 {
                let tokens = Int.random(in: 1...50, using: &generator)
                _ = hall.submit(tokens, of: named ? "\(index)" : nil)
                for _ in 0..<Int.random(in: 0...6, using: &generator) { await hall.step() }
            }
            while hall.begun.count < 60 { await hall.step() }
            return hall.begun
        }
        let (named, unnamed) = (await begins(named: true), await begins(named: false))
        #expect(named == unnamed)
    }

    @Test("one client fills no more than seven eighths of the queue, and nobody all but the last")
    func shares() {
        let depth = 64
        var state = Inbox.State()
        var entries: [QueueEntry] = []
        func fill(_ client: String?) -> Int {
            var count = 0
            while (try? state.checkRoom(for: 1, client: client, queueDepth: depth)) != nil {
                let id = SequenceID(rawValue: UInt64(entries.count))
                entries.append(QueueEntry(id: id, client: client, rank: 0, turn: count))
                state.replaceQueue(by: entries)
                count += 1
            }
            return count
        }
        #expect(fill("a") == 56)
        #expect(fill("a") == 0)
        #expect(fill("b") > 0)
        #expect(fill("c") > 0)
        #expect(fill(nil) == depth - entries.count || entries.count == depth)
        #expect(entries.count == depth)
    }

    @Test(
        "of those who come again when told about half find a place, though all are always busy",
        arguments: UInt64(0)..<3)
    func honestRetryAfter(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        let (depth, running, users) = (16, 4, 40)
        let clock = FakeClock(perReading: .milliseconds(500))
        var hall = Hall(order: .shortest, running: running, clock: clock)
        var state = Inbox.State()
        var retryStep = Array(repeating: 0, count: users)
        var wasRefused = Array(repeating: false, count: users)
        var (current, waits): ([UInt64?], [Int]) = (Array(repeating: nil, count: users), [])
        var (returns, admissions, full) = (0, 0, 0)
        for step in 0..<2500 {
            for user in 0..<users {
                if let id = current[user], hall.hasEnded(id) {
                    // Some come again at once, some late: about as many as the model can serve.
                    current[user] = nil
                    retryStep[user] = step + Int.random(in: 0...420, using: &generator)
                }
                guard current[user] == nil, step >= retryStep[user] else { continue }
                state.forecast = hall.loop.placeForecast
                state.replaceQueue(by: hall.loop.queue)
                if wasRefused[user] { returns += 1 }
                do throws(DecodingError) {
                    try state.checkRoom(
                        for: 1, client: "\(user)", queueDepth: depth, at: clock.now)
                    if wasRefused[user] { admissions += 1 }
                    wasRefused[user] = false
                    let tokens = Int.random(in: 5...60, using: &generator)
                    current[user] = hall.submit(40, of: "\(user)", expected: tokens)
                } catch {
                    guard case .saturated(_, let seconds) = error else { continue }
                    #expect((1...120).contains(seconds))
                    waits.append(seconds)
                    (wasRefused[user], retryStep[user]) = (true, step + seconds * 2)
                }
            }
            await hall.step()
            if hall.loop.waitingCount > depth / 2 { full += 1 }
        }
        // Estimates err, and the model has more to do than it can: who errs comes again.
        #expect(returns > 50 && admissions * 20 >= returns * 9, "\(admissions) of \(returns)")
        // And nobody is sent away for longer than it takes: the places are used.
        #expect(full > 1500, "\(full)")
    }

    @Test("the estimate for the refused is bounded, and 1 s where nothing is known")
    func bounds() {
        for (steps, seconds) in [(0.0, 1), (1, 1), (123, 13), (1e9, 120)] {
            var state = Inbox.State()
            state.replaceQueue(
                by: (0..<5).map { QueueEntry(id: SequenceID(rawValue: $0), rank: 0, turn: 0) })
            if steps > 0 {
                state.forecast = PlaceForecast(running: [steps], secondsPerStep: 0.1)
            }
            #expect(
                throws: DecodingError.saturated(queueDepth: 6, retryAfterSeconds: seconds)
            ) { try state.checkRoom(for: 2, queueDepth: 6) }
            #expect(throws: Never.self) { try state.checkRoom(for: 1, queueDepth: 6) }
        }
    }
}
