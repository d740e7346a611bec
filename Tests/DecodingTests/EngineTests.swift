import Foundation
import Models
import Synchronization
import TestSupport
import Testing

@testable import Decoding

/// The engine with its thread.
@Suite(.timeLimit(.minutes(5))) struct EngineTests {
    private func request(_ prompt: [Int32] = [1, 2, 3, 4, 5], maximum: Int = 8) -> SequenceRequest {
        var request = SequenceRequest(prompt: prompt, maximumTokens: maximum)
        request.sampling.seed = 9
        return request
    }

    private func expectAllPagesFree(_ engine: Engine) {
        let statistics = engine.statistics
        #expect(statistics.pagesUsed == 0 && statistics.running == 0 && statistics.waiting == 0)
    }

    private func until(_ holds: () -> Bool) async throws {
        while !holds() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("the ceiling is exact to the token", arguments: [1, 2, 3, 17, 100])
    func ceiling(maximum: Int) async throws {
        let engine = Engine(model: ScriptedModel())
        let events = await collect(try engine.submit(request(maximum: maximum)))
        #expect(ids(events).count == maximum)
        #expect(events.first == .admitted && events.last == .finished(.length))
        await engine.drain()
        #expect(engine.statistics.tokensGenerated == maximum)
        expectAllPagesFree(engine)
    }

    @Test("who reads of an end finds nothing held for it, however soon")
    func nothingHeldAtTheEnd() async throws {
        let engine = Engine(model: ScriptedModel())
        for turn in 1...2000 {
            for await event in try engine.submit(request(maximum: 1)) {
                guard case .finished = event else { continue }
                expectAllPagesFree(engine)
                #expect(engine.statistics.sequencesFinished == turn)
            }
        }
    }

    @Test("a stop id is reported and ends the sequence, at the ceiling too")
    func stopID() async throws {
        let engine = Engine(model: ScriptedModel())
        let free = ids(await collect(try engine.submit(request())))
        var stopping = request()
        stopping.stopIDs = [free[4]]
        let stopped = await collect(try engine.submit(stopping))
        let firstMeeting = try #require(free.firstIndex(of: free[4]))
        #expect(ids(stopped) == Array(free[...firstMeeting]))
        #expect(stopped.last == .finished(.stop))
        stopping.maximumTokens = firstMeeting + 1
        #expect(await collect(try engine.submit(stopping)).last == .finished(.stop))
        // Ids that the vocabulary lacks are never met.
        stopping.stopIDs = [-1, 1000]
        #expect(await collect(try engine.submit(stopping)).last == .finished(.length))
    }

    @Test("the same seed draws the same ids alone and in a batch of 32", arguments: [1, 7, 512])
    func batchOf32(tokensPerStep: Int) async throws {
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = tokensPerStep
        var shape = ScriptedModel.Shape()
        shape.pageCount = 600
        var generator = SeededGenerator(seed: UInt64(tokensPerStep))
        let requests = (0..<32).map { _ in
            RandomRequests.request(using: &generator, shape: shape)
        }
        let model = ScriptedModel(shape)
        let log = model.log
        let together = Engine(model: model, configuration: configuration)
        let streams = try requests.map { try together.submit($0) }
        for (request, stream) in zip(requests, streams) {
            let alone = Engine(model: ScriptedModel(shape))
            let batched = await collect(stream)
            #expect(await collect(try alone.submit(request)) == batched)
            #expect(
                batched == [.admitted]
                    + Reference.events(
                        request, seed: request.sampling.seed ?? 0,
                        vocabularySize: shape.vocabularySize))
        }
        #expect(log.violations.isEmpty)
    }

    @Test("sample i of several is the single sample of seed + i")
    func samples() async throws {
        let engine = Engine(model: ScriptedModel())
        var single = request()
        single.sampling.seed = .max
        let streams = try engine.submit(single, samples: 4)
        #expect(Set(streams.map(\.id)).count == 4)
        for (sample, stream) in streams.enumerated() {
            single.sampling.seed = UInt64.max &+ UInt64(sample)
            #expect(await collect(stream) == (await collect(try engine.submit(single))))
        }
    }

    @Test("without a seed, samples differ")
    func unseeded() async throws {
        let engine = Engine(model: ScriptedModel())
        var unseeded = request(maximum: 30)
        unseeded.sampling.seed = nil
        var answers: Set<[Int32]> = []
        for stream in try engine.submit(unseeded, samples: 5) {
            answers.insert(ids(await collect(stream)))
        }
        #expect(answers.count == 5)
    }

    @Test("an idle engine is healthy, a stuck one grows old, a finished one is healthy again")
    func heartbeat() async throws {
        let gate = StepGate()
        let engine = Engine(model: ScriptedModel(gate: gate))
        #expect(engine.secondsSinceHeartbeat == 0)
        let stream = try engine.submit(request(maximum: 1))
        try await gate.waitForArrival(1)
        try await Task.sleep(for: .milliseconds(60))
        #expect(engine.secondsSinceHeartbeat >= 0.05)
        gate.open()
        _ = await collect(stream)
        await engine.drain()
        #expect(engine.secondsSinceHeartbeat == 0)
    }

    @Test("every forward pass runs on the engine's own thread")
    func oneThread() async throws {
        let model = ScriptedModel()
        let log = model.log
        let engine = Engine(model: model)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    if let stream = try? engine.submit(
                        SequenceRequest(prompt: [1, 2], maximumTokens: 5))
                    {
                        _ = await collect(stream)
                    }
                }
            }
        }
        log.entries.withLock { log in
            #expect(log.steps > 0)
            #expect(log.threads.count == 1)
            #expect(log.threadNames == ["laconic.engine"])
        }
    }

    @Test("who waits is told its place, which moves up as others begin or leave")
    func places() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let first = try engine.submit(request(maximum: 1))
        // The others come in one turn: one that came later would find its prompt computed, and go
        // first.
        try await gate.waitForArrival(1)
        let streams = [first] + (try (1..<4).map { _ in try engine.submit(request(maximum: 1)) })
        func positions() -> [Int?] { streams.map { engine.place(of: $0.id)?.position } }
        #expect(positions() == [nil, 1, 2, 3])
        engine.cancel(streams[2].id)
        gate.open()
        try await gate.waitForArrival(2)
        #expect(positions() == [nil, nil, nil, 1])
        #expect(try #require(engine.place(of: streams[3].id)).seconds > 0)
        gate.open(2)
        await engine.drain()
        #expect(positions() == [nil, nil, nil, nil])
    }

    @Test("an idle engine's loop sleeps")
    func idle() async throws {
        let engine = Engine(model: ScriptedModel())
        _ = await collect(try engine.submit(request()))
        await engine.drain()
        let steps = engine.statistics.steps
        try await Task.sleep(for: .milliseconds(50))
        #expect(engine.statistics.steps == steps)
        #expect(engine.secondsSinceHeartbeat == 0)
    }

    @Test("the engine goes when its owner lets go of it, and its streams end first")
    func lifetime() async throws {
        weak var observed: Engine?
        let stream: TokenStream
        do {
            let engine = Engine(model: ScriptedModel())
            observed = engine
            stream = try engine.submit(request())
        }
        #expect(ids(await collect(stream)).count == 8)
        try await until { observed == nil }
    }

    @Test("a queue of one refuses the second with its depth, and takes it when there is room")
    func saturation() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        configuration.queueDepth = 2
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let running = try engine.submit(request(maximum: 1))
        try await gate.waitForArrival(1)
        let waiting = try engine.submit(request(maximum: 1))
        #expect(throws: DecodingError.saturated(queueDepth: 2, retryAfterSeconds: 1)) {
            _ = try engine.submit(request(), samples: 2)
        }
        let second = try engine.submit(request(maximum: 1))
        #expect(engine.statistics.waiting == 2)
        #expect(throws: DecodingError.saturated(queueDepth: 2, retryAfterSeconds: 1)) {
            _ = try engine.submit(request())
        }
        gate.open(100)
        for stream in [running, waiting, second] {
            #expect(ids(await collect(stream)).count == 1)
        }
        #expect(ids(await collect(try engine.submit(request(maximum: 1)))).count == 1)
    }

    @Test("draining finishes what runs and what waits, and refuses the rest")
    func drain() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let streams = try (0..<3).map { _ in try engine.submit(request(maximum: 3)) }
        try await gate.waitForArrival(1)
        async let drained: Void = engine.drain()
        try await until {
            do {
                _ = try engine.submit(request())
                return false
            } catch { return error as? DecodingError == .shuttingDown }
        }
        gate.open(1000)
        await drained
        for stream in streams { #expect(await collect(stream).last == .finished(.length)) }
        expectAllPagesFree(engine)
        await engine.drain()
        await engine.shutdown()
        #expect(throws: DecodingError.shuttingDown) { _ = try engine.submit(request()) }
    }

    @Test("shutting down ends what runs and what waits, draining or not", arguments: [true, false])
    func shutdown(drainsFirst: Bool) async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let streams = try (0..<3).map { _ in try engine.submit(request(maximum: 50)) }
        try await gate.waitForArrival(1)
        let drained = Task { if drainsFirst { await engine.drain() } }
        let stopped = Task { await engine.shutdown() }
        try await until { engine.isStopped }
        // The pass that runs is the last.
        gate.open()
        await stopped.value
        await drained.value
        for stream in streams { #expect(await collect(stream).last == .finished(.shutdown)) }
        #expect(gate.arrived == 1)
        expectAllPagesFree(engine)
    }

    @Test("refusing, cancelling and asking never wait for a forward pass")
    func neverBlocks() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.queueDepth = 3
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let running = try engine.submit(request(maximum: 1))
        try await gate.waitForArrival(1)
        // The gate is shut: whatever waited for the pass would wait until the time limit.
        let waiting = try (0..<3).map { _ in try engine.submit(request(maximum: 1)) }
        #expect(throws: DecodingError.self) { _ = try engine.submit(request()) }
        engine.cancel(waiting[0].id)
        engine.end(waiting[1].id)
        #expect(engine.statistics.waiting == 3)
        #expect(engine.secondsSinceHeartbeat >= 0)
        gate.open(10)
        #expect(await collect(running).last == .finished(.length))
        #expect(await collect(waiting[0]) == [.finished(.cancelled)])
        #expect(await collect(waiting[1]) == [.finished(.stop)])
        #expect(await collect(waiting[2]).last == .finished(.length))
    }

    @Test("a reader who never reads delays nobody")
    func slowReader() async throws {
        let engine = Engine(model: ScriptedModel())
        let unread = try engine.submit(request(maximum: 200))
        let read = await collect(try engine.submit(request(maximum: 200)))
        #expect(ids(read).count == 200)
        await engine.drain()
        #expect(ids(await collect(unread)) == ids(read))
    }
}
