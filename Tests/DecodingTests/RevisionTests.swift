import TestSupport
import Testing

@testable import Decoding

/// Deadlines and new terms for sequences under way.
@Suite(.timeLimit(.minutes(5))) struct RevisionTests {
    private func loop(
        _ shape: ScriptedModel.Shape = ScriptedModel.Shape(), clock: FakeClock = FakeClock()
    ) -> DecodeLoop {
        let configuration = EngineConfiguration()
        let model = ScriptedModel(shape)
        return DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration, clock: clock.read)
    }

    private func enqueue(
        _ request: SequenceRequest, id: UInt64 = 0, in loop: inout DecodeLoop
    ) -> AsyncStream<TokenEvent> {
        let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
        loop.enqueue(
            TokenSequence(
                id: SequenceID(rawValue: id), request: request,
                seed: request.sampling.seed ?? 0, outlet: outlet))
        return stream
    }

    private func events(_ stream: AsyncStream<TokenEvent>) async -> [TokenEvent] {
        var events: [TokenEvent] = []
        for await event in stream { events.append(event) }
        return events
    }

    @Test func `the thought ends in time for the answer, and everything by the deadline`() async {
        // A turn reads the clock three times: before its step, for the draws and at the end.
        let clock = FakeClock(perReading: .milliseconds(10))
        var loop = loop(clock: clock)
        var request = ScriptedThought.request(maximum: 200)
        request.thought?.answerReserve = 6
        let deadline = clock.now + .seconds(2)
        request.deadline = deadline
        let stream = enqueue(request, in: &loop)
        var lastToken = clock.now
        while !loop.isEmpty {
            _ = loop.expire()
            loop.admit()
            let before = loop.snapshot().tokensGenerated
            loop.stepAndNotify()
            if loop.snapshot().tokensGenerated > before { lastToken = clock.now }
            loop.checkInvariants()
        }
        #expect(lastToken <= deadline)
        let events = await events(stream)
        let said = ids(events)
        #expect(events.last == .finished(.deadline) && events.contains(.closing(.latency)))
        #expect(said.count > 60, "\(said.count) of the 2 s at 30 ms")
        let end = said.firstIndex(of: ScriptedThought.close) ?? said.count
        #expect(said.count - end - 2 >= 6 && said.count - end - 2 <= 12)
        #expect(loop.snapshot().pagesUsed == 0)
    }

    @Test func `a deadline that passes in the queue or in the prompt ends the sequence there`()
        async
    {
        let clock = FakeClock()
        var shape = ScriptedModel.Shape()
        shape.pageCount = 10
        var loop = loop(shape, clock: clock)
        var request = ScriptedThought.request()
        request.deadline = clock.now + .seconds(1)
        let running = enqueue(request, in: &loop)
        let queued = enqueue(request, id: 1, in: &loop)
        loop.admit()
        #expect(loop.waitingCount == 1)
        clock.advance(by: .milliseconds(999))
        #expect(loop.expire() == 0)
        clock.advance(by: .milliseconds(1))
        #expect(loop.expire() == 2 && loop.isEmpty)
        loop.notifyEnded()
        loop.checkInvariants()
        #expect(await events(running) == [.admitted, .finished(.deadline)])
        #expect(await events(queued) == [.finished(.deadline)])
    }

    @Test func `a lower ceiling frees its pages at once, a higher one takes them or is refused`()
        async
    {
        var shape = ScriptedModel.Shape()
        shape.pageCount = 20
        var loop = loop(shape)
        let id = SequenceID(rawValue: 0)
        let stream = enqueue(ScriptedThought.request(maximum: 40), in: &loop)
        var different = ScriptedThought.request(maximum: 16)
        different.prompt = [9, 8, 7, 6, 5]
        let other = enqueue(different, id: 1, in: &loop)
        loop.admit()
        for _ in 0..<5 { loop.stepAndNotify() }
        #expect(loop.snapshot().pagesUsed == 11 + 5)
        func revised(_ tokens: Int) -> Bool {
            var revision = SequenceRevision()
            revision.maximumTokens = tokens
            defer { loop.checkInvariants() }
            return loop.revise(id, revision)
        }
        #expect(revised(56) && loop.snapshot().pagesUsed == 15 + 5)
        #expect(!revised(57) && !revised(508) && !revised(-1))
        #expect(revised(12) && loop.snapshot().pagesUsed == 4 + 5)
        for _ in 0..<3 { loop.stepAndNotify() }
        // 8 are spent: that is the end.
        #expect(revised(8) && loop.snapshot().pagesUsed == 5)
        #expect(!revised(50))
        while !loop.isEmpty { loop.stepAndNotify() }
        let events = await events(stream)
        #expect(ids(events).count == 8 && events.last == .finished(.length))
        #expect(ids(await self.events(other)).count == 16)
        #expect(loop.snapshot().pagesUsed == 0)
    }

    @Test func `asked for the answer, a sequence closes its thought with the next token`()
        async throws
    {
        let gate = StepGate()
        let engine = Engine(model: ScriptedModel(gate: gate))
        let stream = try engine.submit(ScriptedThought.request())
        try await gate.waitForArrival(1)
        var revision = SequenceRevision()
        revision.answersNow = true
        async let isRevised = engine.revise(stream.id, revision)
        // The revision is in the box before the pass that runs is through.
        try await Task.sleep(for: .milliseconds(50))
        gate.open(1000)
        #expect(await isRevised)
        let events = await collect(stream)
        #expect(events.contains(.closing(.asked)))
        #expect(ids(events)[1..<5].elementsEqual(ScriptedThought.closer) && ids(events).count == 30)
        // It is gone, and so is the loop's reason to run.
        #expect(await !engine.revise(stream.id, revision))
    }

    @Test(arguments: UInt64(0)..<40)
    func `whatever is revised, pages come home and no ceiling is passed`(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        var shape = ScriptedModel.Shape()
        shape.pageCount = Int.random(in: 20...60, using: &generator)
        let clock = FakeClock(perReading: .milliseconds(1))
        var loop = loop(shape, clock: clock)
        var ceilings: [Int] = []
        var streams: [AsyncStream<TokenEvent>] = []
        var spent = 0
        while streams.count < 12 || !loop.isEmpty {
            if streams.count < 12, Bool.random(using: &generator) {
                var request = ScriptedThought.request(
                    maximum: Int.random(in: 1...40, using: &generator), seed: generator.next())
                request.sampling.logitBias[ScriptedThought.close] = Float.random(
                    in: -4...2, using: &generator)
                request.sampling.logitBias[ScriptedThought.open] = 0
                request.thought?.answerReserve = 3
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    request.deadline = clock.now + .milliseconds(80)
                }
                ceilings.append(request.maximumTokens)
                streams.append(enqueue(request, id: UInt64(streams.count), in: &loop))
            }
            if let victim = streams.indices.randomElement(using: &generator) {
                var revision = SequenceRevision()
                revision.maximumTokens = Int.random(in: 0...60, using: &generator)
                revision.thoughtTokens = Int.random(in: 0...30, using: &generator)
                revision.answersNow = Int.random(in: 0..<9, using: &generator) == 0
                if loop.revise(SequenceID(rawValue: UInt64(victim)), revision) {
                    ceilings[victim] = max(ceilings[victim], revision.maximumTokens ?? 0)
                }
                loop.checkInvariants()
            }
            _ = loop.expire()
            loop.admit()
            loop.stepAndNotify()
            loop.checkInvariants()
            spent += 1
            #expect(spent < 5000)
            if spent >= 5000 { return }
        }
        #expect(loop.snapshot().pagesUsed == 0)
        for (stream, ceiling) in zip(streams, ceilings) {
            let events = await events(stream)
            #expect(ids(events).count <= ceiling)
            guard case .finished? = events.last else {
                Issue.record("no end")
                continue
            }
        }
    }
}
