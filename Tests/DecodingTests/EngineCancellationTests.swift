import Synchronization
import TestSupport
import Testing

@testable import Decoding

/// Whoever goes away gives its pages back within one step, wherever it was.
@Suite(.timeLimit(.minutes(5))) struct EngineCancellationTests {
    enum Phase: CaseIterable { case queued, prefilling, decoding }
    enum Means: CaseIterable { case cancel, end, drop, cancelReader }

    /// What a sequence holds on to.
    private final class Held: Sendable {}

    @Test(arguments: [false, true])
    func `what a request holds lives until its last sequence has left the engine`(
        cancels: Bool
    ) async throws {
        let gate = StepGate()
        let model = ScriptedModel(gate: gate)
        let engine = Engine(model: model)
        var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 2)
        request.hold = Held()
        weak let held = request.hold
        let streams = try engine.submit(request, samples: 2)
        request.hold = nil
        try await gate.waitForArrival(1)
        if cancels {
            // Nobody reads any more, and the forward pass still needs what is held.
            for stream in streams { engine.cancel(stream.id) }
        }
        try await Task.sleep(for: .milliseconds(20))
        #expect(held != nil)
        gate.open(100)
        await engine.drain()
        #expect(held == nil)
    }

    @Test(
        "a sequence that is let go frees its pages within one step", arguments: Phase.allCases,
        Means.allCases)
    func withinOneStep(phase: Phase, means: Means) async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = 8
        configuration.maximumRunning = phase == .queued ? 1 : 2
        configuration.reusesPrefixes = false
        let model = ScriptedModel(gate: gate)
        let log = model.log
        let engine = Engine(model: model, configuration: configuration)

        // A companion keeps the loop busy and takes 3 pages.
        let companion = try engine.submit(SequenceRequest(prompt: [1, 2], maximumTokens: 11))
        var victim: TokenStream? = try engine.submit(
            SequenceRequest(prompt: (0..<32).map { Int32($0 % 24) }, maximumTokens: 40))
        let id = try #require(victim?.id)
        let arrivalsBefore =
            switch phase {
            case .queued: 1
            // The first chunks of 32 tokens at 8 a step.
            case .prefilling: 3
            // The companion's two tokens leave 6, then 7 a step: through after 5.
            case .decoding: 7
            }
        for step in 1...arrivalsBefore {
            try await gate.waitForArrival(step)
            if step < arrivalsBefore { gate.open() }
        }
        // The loop is inside the forward pass now, and answers none the less.
        var reader: Task<[TokenEvent], Never>?
        switch means {
        case .cancel: engine.cancel(id)
        case .end: engine.end(id)
        case .drop: victim = nil
        case .cancelReader:
            let stream = try #require(victim)
            victim = nil
            reader = Task { await collect(stream) }
            try await Task.sleep(for: .milliseconds(5))
            reader?.cancel()
            _ = await reader?.value
        }
        // The pass that ran and no other: the next one begins without the sequence.
        gate.open()
        try await gate.waitForArrival(arrivalsBefore + 1)
        gate.open()
        try await gate.waitForArrival(arrivalsBefore + 2)
        #expect(engine.statistics.pagesUsed == 3)
        #expect(engine.statistics.running == 1 && engine.statistics.waiting == 0)
        log.entries.withLock { log in
            #expect(log.tokensPerStep[arrivalsBefore] == 1, "the companion's token alone")
        }
        gate.open(100)
        #expect(ids(await collect(companion)).count == 11)
        await engine.drain()
        #expect(engine.statistics.pagesUsed == 0)
        if let victim {
            let events = await collect(victim)
            #expect(events.last == .finished(means == .end ? .stop : .cancelled))
            #expect(events.contains(.admitted) == (phase != .queued))
            #expect(ids(events).isEmpty == (phase != .decoding))
        }
        #expect(log.violations.isEmpty)
    }

    @Test("ending what has ended, or twice, changes nothing")
    func repeated() async throws {
        let engine = Engine(model: ScriptedModel())
        let stream = try engine.submit(SequenceRequest(prompt: [1], maximumTokens: 5))
        let id = stream.id
        let events = await collect(stream)
        engine.cancel(id)
        engine.end(id)
        #expect(events.last == .finished(.length))
        let next = try engine.submit(SequenceRequest(prompt: [1], maximumTokens: 5))
        #expect(await collect(next).last == .finished(.length))
        await engine.drain()
        #expect(engine.statistics.sequencesFinished == 2)
    }

    @Test("many submitters that come, read, leave and hang up lose nothing and leak nothing")
    func stress() async throws {
        var shape = ScriptedModel.Shape()
        shape.pageCount = 90
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 6
        configuration.queueDepth = 24
        configuration.tokensPerStep = 16
        let model = ScriptedModel(shape)
        let log = model.log
        let engine = Engine(model: model, configuration: configuration)
        let wrong = await withTaskGroup(of: Int.self) { group in
            for submitter in 0..<40 {
                group.addTask { [shape] in
                    await Self.submitter(UInt64(submitter), engine: engine, shape: shape)
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
        await engine.drain()
        #expect(log.violations.isEmpty, "\(log.violations.prefix(3))")
        #expect(engine.statistics.pagesUsed == 0)
        #expect(engine.statistics.running == 0 && engine.statistics.waiting == 0)
        #expect(engine.secondsSinceHeartbeat == 0)
    }

    /// Submits a dozen requests and treats each in one of the ways clients have.
    ///
    /// - Returns: How many answers were wrong.
    private static func submitter(
        _ seed: UInt64, engine: Engine, shape: ScriptedModel.Shape
    ) async -> Int {
        var generator = SeededGenerator(seed: seed)
        var wrong = 0
        for _ in 0..<12 {
            let request = RandomRequests.request(using: &generator, shape: shape)
            var stream: TokenStream?
            while stream == nil {
                do throws(DecodingError) {
                    stream = try engine.submit(request)
                } catch .saturated {
                    try? await Task.sleep(for: .milliseconds(1))
                } catch {
                    return wrong + 1
                }
            }
            guard let stream else { continue }
            let expected =
                [.admitted]
                + Reference.events(
                    request, seed: request.sampling.seed ?? 0,
                    vocabularySize: shape.vocabularySize)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0:
                engine.cancel(stream.id)
                let events = await collect(stream)
                let isPrefix =
                    events.dropLast().elementsEqual(expected.prefix(events.count - 1))
                if !(events == expected || (isPrefix && events.last == .finished(.cancelled))) {
                    wrong += 1
                }
            case 1:
                var met: [TokenEvent] = []
                for await event in stream.prefix(3) { met.append(event) }
                met = met.apartFromSavings
                if !met.elementsEqual(expected.prefix(met.count)) { wrong += 1 }
            case 2:
                // Dropped unread.
                break
            default:
                if await collect(stream) != expected { wrong += 1 }
            }
        }
        return wrong
    }
}
