import Models
import TestSupport
import Testing

@testable import Decoding

/// Sequences that only ask for their prompt's hidden state.
@Suite(.timeLimit(.minutes(5))) struct ProbeTests {
    private func prompt(_ count: Int, from first: Int = 0) -> [Int32] {
        (0..<count).map { Int32(($0 * 7 + first) % 24) }
    }

    private func expected(_ prompt: [Int32], member: Int) -> [Float] {
        Array(
            ScriptedModel.logits(after: prompt, member: member, vocabularySize: 24)
                .prefix(ScriptedModel.hiddenSize))
    }

    private func until(_ holds: () -> Bool) async throws {
        while !holds() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("a probe draws nothing and ends with the hidden state", arguments: [1, 4, 30])
    func events(tokensPerStep: Int) async throws {
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = tokensPerStep
        let engine = Engine(model: ScriptedModel(), configuration: configuration)
        for (length, member) in [(1, 0), (4, 1), (29, 1)] {
            let prompt = prompt(length)
            let events = await collect(try engine.submit(.probe(prompt, member: member)))
            #expect(
                events == [
                    .admitted, .hidden(expected(prompt, member: member)), .finished(.stop),
                ])
        }
        await engine.drain()
        #expect(engine.statistics.tokensGenerated == 0)
        #expect(engine.statistics.pagesUsed == 0 && engine.statistics.promptTokensAhead == 0)
    }

    @Test("probes among sequences tell and change nothing of theirs")
    func company() async throws {
        var shape = ScriptedModel.Shape()
        shape.pageCount = 600
        let model = ScriptedModel(shape)
        let log = model.log
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = 11
        let engine = Engine(model: model, configuration: configuration)
        var generator = SeededGenerator(seed: 12)
        let requests = (0..<12).map { _ in
            RandomRequests.request(using: &generator, shape: shape)
        }
        let streams = try requests.flatMap { request in
            [
                try engine.submit(.probe(request.prompt, member: request.member)),
                try engine.submit(request),
            ]
        }
        for (index, request) in requests.enumerated() {
            let hidden = await collect(streams[2 * index]).filter {
                if case .reused = $0 { false } else { true }
            }
            #expect(hidden[1] == .hidden(expected(request.prompt, member: request.member)))
            let events = await collect(streams[2 * index + 1]).filter {
                if case .reused = $0 { false } else { true }
            }
            #expect(
                events == [.admitted]
                    + Reference.events(
                        request, seed: request.sampling.seed ?? 0, vocabularySize: 24))
        }
        #expect(log.violations.isEmpty)
    }

    @Test("the member that was probed computes only what follows the prompt's last full page")
    func reuse() async throws {
        for length in 1...14 {
            let engine = Engine(model: ScriptedModel())
            let prompt = prompt(length)
            let state = try await engine.hiddenState(of: prompt, member: 1)
            #expect(state == expected(prompt, member: 1))
            var request = SequenceRequest(prompt: prompt, maximumTokens: 1)
            request.member = 1
            _ = await collect(try engine.submit(request))
            await engine.drain()
            // Full pages of 4, the last prompt token never reused.
            #expect(engine.statistics.prefixTokensReused == (length - 1) / 4 * 4)
        }
    }

    @Test("a probe stands in line, behind what runs and before what is longer")
    func order() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 1
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        let first = try engine.submit(SequenceRequest(prompt: prompt(3), maximumTokens: 2))
        try await gate.waitForArrival(1)
        let probe = try engine.submit(.probe(prompt(5), member: 0))
        let last = try engine.submit(SequenceRequest(prompt: prompt(6), maximumTokens: 1))
        gate.open(2)
        // The third pass is the probe's alone.
        try await gate.waitForArrival(3)
        #expect(await collect(first).last == .finished(.length))
        gate.open()
        #expect(await collect(probe).count == 3)
        gate.open()
        #expect(await collect(last).last == .finished(.length))
    }

    @Test("whoever lets a probe go gets nil, and its pages are free", arguments: [true, false])
    func abandoned(byShutdown: Bool) async throws {
        let gate = StepGate()
        let engine = Engine(model: ScriptedModel(gate: gate))
        let running = try engine.submit(SequenceRequest(prompt: prompt(3), maximumTokens: 1))
        try await gate.waitForArrival(1)
        let state = Task { try await engine.hiddenState(of: prompt(9), member: 0) }
        try await until { engine.statistics.waiting == 1 }
        let stopped = Task { if byShutdown { await engine.shutdown() } }
        if byShutdown { try await until { engine.isStopped } } else { state.cancel() }
        gate.open(10)
        #expect(try await state.value == nil)
        _ = await collect(running)
        await stopped.value
        await engine.drain()
        #expect(engine.statistics.pagesUsed == 0)
    }

    @Test("there is no room for a probe where it would wait")
    func room() async throws {
        let gate = StepGate()
        var configuration = EngineConfiguration()
        configuration.maximumRunning = 2
        configuration.tokensPerStep = 8
        let engine = Engine(model: ScriptedModel(gate: gate), configuration: configuration)
        // Longer than a step is one prefill all the same.
        #expect(engine.hasRoomForProbe(promptTokens: 20))
        #expect(!engine.hasRoomForProbe(promptTokens: 64 * 4 + 1), "more pages than there are")
        let long = try engine.submit(SequenceRequest(prompt: prompt(16), maximumTokens: 9))
        try await gate.waitForArrival(1)
        gate.open()
        try await gate.waitForArrival(2)
        // Eight tokens of the prompt are left, which fill the step that comes.
        #expect(!engine.hasRoomForProbe(promptTokens: 1))
        gate.open()
        try await gate.waitForArrival(3)
        #expect(engine.hasRoomForProbe(promptTokens: 20))
        let second = try engine.submit(SequenceRequest(prompt: prompt(2), maximumTokens: 1))
        #expect(!engine.hasRoomForProbe(promptTokens: 1), "both places are taken")
        gate.open(100)
        _ = await collect(long)
        _ = await collect(second)
        await engine.drain()
        #expect(!engine.hasRoomForProbe(promptTokens: 1), "nothing new is taken on")
    }

    @Test("how fast places free up is learnt from sequences, not from probes")
    func estimate() {
        var scheduler = Scheduler(
            limits: RequestLimits(
                model: ScriptedModel(), configuration: EngineConfiguration()),
            configuration: EngineConfiguration())
        for request in [
            SequenceRequest.probe([1], member: 0), SequenceRequest(prompt: [1], maximumTokens: 1),
        ] {
            scheduler.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: UInt64(request.maximumTokens)), request: request,
                    seed: 0, outlet: AsyncStream.makeStream(of: TokenEvent.self).continuation))
        }
        for index in scheduler.admit() { scheduler.running[index].finishReason = .stop }
        #expect(scheduler.retireFinished() == 1)
        #expect(scheduler.snapshot().sequencesFinished == 2)
        scheduler.checkInvariants()
    }
}
