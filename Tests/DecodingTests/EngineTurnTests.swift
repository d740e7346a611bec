import Synchronization
import Testing

@testable import Decoding

/// What a watchdog may believe of an engine.
@Suite(.timeLimit(.minutes(1))) struct EngineTurnTests {
    private final class Answers: Sendable {
        let count = Mutex(0)
    }

    private static let request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 1)

    @Test func `an idle loop's thread answers`() async throws {
        let engine = Engine(model: ScriptedModel())
        for _ in 0..<100 { await engine.waitForTurn() }
        for await _ in try engine.submit(Self.request) {}
        await engine.drain()
        await engine.waitForTurn()
    }

    @Test func `while a forward pass is stuck nobody is answered, and all are once it ends`()
        async throws
    {
        let gate = StepGate()
        let engine = Engine(model: ScriptedModel(gate: gate))
        let stream = try engine.submit(Self.request)
        try await gate.waitForArrival(1)
        let answers = Answers()
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask {
                    await engine.waitForTurn()
                    answers.count.withLock { $0 += 1 }
                }
            }
            try await Task.sleep(for: .milliseconds(100))
            #expect(answers.count.withLock { $0 } == 0)
            gate.open()
        }
        #expect(answers.count.withLock { $0 } == 3)
        for await _ in stream {}
    }

    @Test func `who gives up waiting for a stuck pass is let go`() async throws {
        let gate = StepGate()
        let engine = Engine(model: ScriptedModel(gate: gate))
        let stream = try engine.submit(Self.request)
        try await gate.waitForArrival(1)
        let waiting = Task { await engine.waitForTurn() }
        waiting.cancel()
        await waiting.value
        gate.open()
        for await _ in stream {}
    }

    @Test func `a loop that never rests answers between two steps`() async throws {
        let engine = Engine(model: ScriptedModel())
        var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 200)
        request.sampling.seed = 1
        let streams = try (0..<8).map { _ in try engine.submit(request) }
        for _ in 0..<200 { await engine.waitForTurn() }
        for stream in streams { for await _ in stream {} }
        // Asked just as the loop goes to sleep or wakes up, again and again.
        for _ in 0..<300 {
            let stream = try engine.submit(Self.request)
            await engine.waitForTurn()
            for await _ in stream {}
            await engine.waitForTurn()
        }
    }
}
