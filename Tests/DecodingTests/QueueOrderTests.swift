import Models
import TestSupport
import Testing

@testable import Decoding

/// Who is begun when; time is counted in steps.
@Suite(.timeLimit(.minutes(5))) struct QueueOrderTests {
    /// One sequence of a load: when it came, what it took, when it was begun and done.
    private struct Life {
        var arrival: Int
        var work: Int
        var begin: Int?
        var end: Int?
    }

    /// Runs a load of (step of arrival, request) to its end.
    private func run(
        _ load: [(arrival: Int, request: SequenceRequest)], order: QueueOrder, running: Int = 4
    ) -> [Life] {
        var loop = DecodeLoop.queueing(order: order, running: running, pageCount: 400)
        var lives: [Life] = []
        var waiting: Set<Int> = []
        var streams: [AsyncStream<TokenEvent>] = []
        var outlets: [AsyncStream<TokenEvent>.Continuation] = []
        while lives.count < load.count || !loop.isEmpty {
            // Where nothing is left to do, the next comes now.
            while lives.count < load.count,
                load[lives.count].arrival <= loop.stepCount || loop.isEmpty
            {
                let (request, id) = (load[lives.count].request, lives.count)
                let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
                streams.append(stream)
                outlets.append(outlet)
                loop.enqueue(
                    TokenSequence(
                        id: SequenceID(rawValue: UInt64(id)), request: request, seed: UInt64(id),
                        outlet: outlet))
                waiting.insert(id)
                lives.append(
                    Life(
                        arrival: loop.stepCount,
                        work: request.prompt.count + request.likelyTokens))
            }
            loop.admit()
            if loop.stepCount % 8 == 0 { loop.checkInvariants() }
            let queued = Set(loop.queue.map { Int($0.id.rawValue) })
            for id in waiting.subtracting(queued) { lives[id].begin = loop.stepCount }
            waiting = queued
            loop.stepAndNotify()
            for id in lives.indices where lives[id].end == nil && lives[id].begin != nil {
                // What has its last event takes no other.
                if case .terminated = outlets[id].yield(.admitted) {
                    lives[id].end = loop.stepCount
                }
            }
        }
        return lives
    }

    private func request(_ tokens: Int, expected: Int? = nil, prompt: Int = 3) -> SequenceRequest {
        var request = SequenceRequest(
            prompt: (0..<prompt).map { Int32($0 % 24) }, maximumTokens: tokens)
        request.expectedTokens = expected
        request.sampling.seed = 1
        return request
    }

    /// Many short requests and few long ones, more than there are places for.
    private func mixedLoad(seed: UInt64, count: Int = 80) -> [(Int, SequenceRequest)] {
        var generator = SeededGenerator(seed: seed)
        var arrival = 0
        return (0..<count).map { _ in
            arrival += Int.random(in: 0...4, using: &generator)
            let tokens =
                Int.random(in: 0..<5, using: &generator) == 0
                ? Int.random(in: 60...200, using: &generator)
                : Int.random(in: 1...20, using: &generator)
            // Foretold, but not well.
            let expected = max(1, tokens * Int.random(in: 5...20, using: &generator) / 10)
            let isForetold = Bool.random(using: &generator)
            return (
                arrival,
                request(
                    tokens, expected: isForetold ? expected : nil,
                    prompt: .random(in: 1...40, using: &generator))
            )
        }
    }

    @Test func `what is expected to be short is begun first, a ceiling counting where nothing is`()
    {
        let load = [
            request(5), request(40), request(200, expected: 10), request(20), request(30),
            request(4, prompt: 60),
        ]
        let lives = run(load.map { (0, $0) }, order: .shortest, running: 1)
        let order = lives.indices.sorted { lives[$0].begin ?? 0 < lives[$1].begin ?? 0 }
        #expect(order == [0, 2, 3, 4, 1, 5])
    }

    @Test func `equals are begun in the order in which they came`() {
        for order in QueueOrder.allCases {
            let lives = run((0..<30).map { _ in (0, request(7)) }, order: order, running: 1)
            let begins = lives.compactMap(\.begin)
            #expect(begins == begins.sorted() && Set(begins).count == 30)
        }
    }

    @Test(
        "nobody who comes once a sequence has waited four steps a token is begun before it",
        arguments: UInt64(0)..<6)
    func ageing(seed: UInt64) throws {
        let lives = run(mixedLoad(seed: seed), order: .shortest)
        for (early, first) in lives.enumerated() {
            let begin = try #require(first.begin)
            for second in lives[(early + 1)...]
            where second.arrival >= first.arrival + QueueOrder.stepsPerToken * first.work {
                #expect(begin <= second.begin ?? 0)
            }
        }
    }

    @Test func `short ones that never stop coming keep a long one waiting only so long`() throws {
        let long = request(100)
        let load = [(0, request(50)), (0, long)] + (1...400).map { ($0 * 2, request(4)) }
        let lives = run(load, order: .shortest, running: 1)
        let work = long.prompt.count + long.maximumTokens
        let wait = try #require(lives[1].begin)
        // Those that came before it was that old are at most so many, of five steps each.
        #expect(wait > 50 && wait <= 4 * work * 5 / 2 + 50 + 5)
        #expect(lives.allSatisfy { $0.begin != nil })
    }

    @Test(
        "a mixed load takes less time in the mean than first come, first served",
        arguments: UInt64(0)..<4)
    func meanLatency(seed: UInt64) {
        func latencies(_ order: QueueOrder) -> [Int] {
            run(mixedLoad(seed: seed), order: order).map { ($0.end ?? 0) - $0.arrival }
        }
        let (shortest, fifo) = (latencies(.shortest), latencies(.fifo))
        let (mean, usual) = (shortest.reduce(0, +), fifo.reduce(0, +))
        #expect(mean * 10 < usual * 9)
    }

    @Test func `a queued sequence with another ceiling takes another place`() {
        let model = ScriptedModel()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration)
        let (_, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
        for (id, tokens) in [30, 20, 10].enumerated() {
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: UInt64(id)), request: request(tokens), seed: 0,
                    outlet: outlet))
        }
        #expect(loop.queue.map(\.id.rawValue) == [2, 1, 0])
        var shorter = SequenceRevision()
        shorter.maximumTokens = 5
        let isRevised = loop.revise(SequenceID(rawValue: 0), shorter)
        #expect(isRevised)
        #expect(loop.queue.map(\.id.rawValue) == [0, 2, 1])
        loop.checkInvariants()
    }

    @Test func `places and waits that clients are told follow the order`() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let running = try engine.submit(request(1))
        try await gate.waitForArrival(1)
        let long = try engine.submit(request(50))
        let short = try engine.submit(request(5))
        #expect(engine.place(of: short.id)?.position == 1)
        #expect(engine.place(of: long.id)?.position == 2)
        #expect(engine.expectedWaitSeconds(promptTokens: 3, newTokens: 1) == 0)
        #expect(engine.expectedWaitSeconds(promptTokens: 3, newTokens: 20) == 1)
        #expect(engine.expectedWaitSeconds(promptTokens: 3, newTokens: 90) == 2)
        gate.open(1000)
        for stream in [running, long, short] { _ = await collect(stream) }
        await engine.drain()
    }

    @Test func `the clock is read for deadlines only while somebody has one`() {
        let clock = FakeClock(perReading: .milliseconds(1))
        let model = ScriptedModel()
        let configuration = EngineConfiguration()
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration, clock: clock.read)
        let (_, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
        func readings(_ id: UInt64, deadline: Duration?) -> Int {
            var request = request(1)
            request.deadline = deadline.map { clock.now + $0 }
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: id), request: request, seed: 0, outlet: outlet))
            loop.admit()
            let before = clock.now
            let expired = loop.expire()
            #expect(expired == 0)
            loop.stepAndNotify()
            return Int((clock.now - before) / .milliseconds(1))
        }
        let free = readings(0, deadline: nil)
        #expect(readings(1, deadline: .seconds(9)) == free + 2)
        // What has gone is forgotten when its time is over.
        clock.advance(by: .seconds(10))
        _ = loop.expire()
        #expect(readings(2, deadline: nil) == free)
    }
}
