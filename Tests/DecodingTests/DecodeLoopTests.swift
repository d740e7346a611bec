import Models
import Synchronization
import TestSupport
import Testing

@testable import Decoding

/// The loop without its thread, under schedules that a seed determines.
@Suite struct DecodeLoopTests {
    private struct Submitted {
        let request: SequenceRequest
        let seed: UInt64
        let stream: AsyncStream<TokenEvent>
        var ending: FinishReason?
    }

    @Test(
        "whatever the schedule, a sequence says what it says alone, and every page comes home",
        arguments: UInt64(0)..<60)
    func randomSchedules(seed: UInt64) async {
        var generator = SeededGenerator(seed: seed)
        var shape = ScriptedModel.Shape()
        shape.pageSize = Int.random(in: 1...9, using: &generator)
        // From room for one sequence to room for many.
        shape.pageCount =
            (46 + shape.pageSize) / shape.pageSize
            * (Bool.random(using: &generator) ? 1 : Int.random(in: 2...12, using: &generator))
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = Int.random(in: 1...40, using: &generator)
        configuration.maximumRunning = Int.random(in: 1...32, using: &generator)
        configuration.promptLogitRowsPerStep = Int.random(in: 1...16, using: &generator)
        configuration.reusesPrefixes = Int.random(in: 0..<4, using: &generator) != 0
        configuration.order = QueueOrder.allCases.randomElement(using: &generator) ?? .shortest
        let guesses = Int.random(in: 1...8, using: &generator)
        configuration.speculation =
            [.off, .automatic, .always(guesses), .always(64)].randomElement(using: &generator)
            ?? .off
        if Bool.random(using: &generator) { shape.memory = .random(in: 1...2, using: &generator) }
        let model = ScriptedModel(shape)
        let limits = RequestLimits(model: model, configuration: configuration)
        var loop = DecodeLoop(model: model, limits: limits, configuration: configuration)

        var submitted: [Submitted] = []
        let count = Int.random(in: 1...32, using: &generator)
        var turns = 0
        while submitted.count < count || !loop.isEmpty {
            turns += 1
            #expect(turns < 20_000, "the loop goes on for ever")
            if turns >= 20_000 { return }
            while submitted.count < count && Int.random(in: 0..<3, using: &generator) > 0 {
                let request = RandomRequests.request(using: &generator, shape: shape)
                let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
                let entry = Submitted(
                    request: request, seed: request.sampling.seed ?? 0, stream: stream)
                loop.enqueue(
                    TokenSequence(
                        id: SequenceID(rawValue: UInt64(submitted.count)), request: request,
                        seed: entry.seed, outlet: outlet))
                submitted.append(entry)
                loop.checkInvariants()
            }
            if Int.random(in: 0..<12, using: &generator) == 0,
                let victim = submitted.indices.randomElement(using: &generator),
                submitted[victim].ending == nil
            {
                submitted[victim].ending =
                    Bool.random(using: &generator) ? .cancelled : .stop
                loop.end(
                    SequenceID(rawValue: UInt64(victim)), submitted[victim].ending ?? .cancelled)
                loop.checkInvariants()
            }
            loop.admit()
            loop.checkInvariants()
            loop.stepAndNotify()
            loop.checkInvariants()
        }

        let final = loop.snapshot()
        #expect(final.pagesUsed == 0)
        #expect(final.running == 0 && final.waiting == 0)
        #expect(final.sequencesFinished == count)
        #expect(model.log.violations.isEmpty, "\(model.log.violations.prefix(3))")
        model.log.entries.withLock { log in
            #expect(log.tokensPerStep.allSatisfy { $0 <= configuration.tokensPerStep })
        }
        let histograms = loop.histograms
        #expect(histograms.tokensPerStep.count == final.steps)
        var drawing = 0
        for entry in submitted {
            var events: [TokenEvent] = []
            for await event in entry.stream { events.append(event) }
            if events.contains(where: \.isToken) { drawing += 1 }
            events = events.apartFromSavings
            let expected = Reference.events(
                entry.request, seed: entry.seed, vocabularySize: shape.vocabularySize,
                memory: shape.memory)
            if events == [.admitted] + expected { continue }
            // Otherwise it was ended early, and said nothing wrong before that.
            let ending = entry.ending.map(TokenEvent.finished)
            #expect(ending != nil && events.last == ending)
            let said = events.dropLast().drop { $0 == .admitted }
            #expect(said.elementsEqual(expected.prefix(said.count)))
        }
        // Every token but each sequence's first was awaited for some time since another.
        #expect(histograms.secondsBetweenTokens.count == final.tokensGenerated - drawing)
    }

    @Test("tokens are awaited since the step of the one before, whatever the batch")
    func waitsForTokens() async {
        let clock = FakeClock()
        let model = ScriptedModel()
        let configuration = EngineConfiguration()
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration, clock: clock.read)
        func enqueue(_ id: UInt64, tokens: Int) {
            let request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: tokens)
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: id), request: request, seed: id,
                    outlet: AsyncStream.makeStream(of: TokenEvent.self).continuation))
        }
        enqueue(0, tokens: 4)
        for step in 0..<4 {
            if step == 2 { enqueue(1, tokens: 2) }
            loop.admit()
            clock.advance(by: .milliseconds(step == 3 ? 250 : 30))
            loop.stepAndNotify()
        }
        #expect(loop.snapshot().running == 0)
        let waits = loop.histograms.secondsBetweenTokens
        // Two of 30 ms, and both sequences' last of 250.
        #expect(waits.count == 4 && abs(waits.sum - 0.56) < 1e-9)
        let counted = zip(waits.bounds, waits.counts).filter { $0.1 > 0 }
        #expect(counted.map(\.0) == [0.05, 0.3] && counted.map(\.1) == [2, 2])
        #expect(loop.histograms.tokensPerStep.sum == 3 + 1 + 4 + 2)
    }

    @Test("prompts with log-probabilities keep to their limit of rows")
    func promptRows() async {
        var configuration = EngineConfiguration()
        configuration.promptLogitRowsPerStep = 7
        let model = ScriptedModel()
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration)
        var streams: [(SequenceRequest, AsyncStream<TokenEvent>)] = []
        for index in 0..<3 {
            var request = SequenceRequest(
                prompt: (0..<25).map { Int32(($0 * 5 + index) % 24) }, maximumTokens: 1)
            request.promptLogprobs = true
            request.topLogprobs = 2
            let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
            streams.append((request, stream))
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: UInt64(index)), request: request, seed: 1,
                    outlet: outlet))
        }
        loop.admit()
        while !loop.isEmpty { loop.stepAndNotify() }
        let rows = model.log.entries.withLock { $0.rowsPerStep }
        #expect(rows.allSatisfy { $0 <= 7 })
        #expect(rows.reduce(0, +) == 75)
        for (request, stream) in streams {
            var events: [TokenEvent] = []
            for await event in stream { events.append(event) }
            #expect(
                events == [.admitted]
                    + Reference.events(request, seed: 1, vocabularySize: 24))
        }
    }

    @Test("a decode never waits for more than the step's tokens of somebody's prompt")
    func decodesGoFirst() {
        var configuration = EngineConfiguration()
        configuration.tokensPerStep = 8
        let model = ScriptedModel()
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration)
        let (_, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
        func enqueue(_ id: UInt64, prompt: Int, maximum: Int) {
            var request = SequenceRequest(
                prompt: (0..<prompt).map { Int32($0 % 24) }, maximumTokens: maximum)
            request.sampling.temperature = 0
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: id), request: request, seed: 0, outlet: outlet))
        }
        enqueue(0, prompt: 3, maximum: 20)
        loop.admit()
        loop.stepAndNotify()
        enqueue(1, prompt: 100, maximum: 1)
        for generated in 2...15 {
            loop.admit()
            loop.stepAndNotify()
            // 7 tokens of the long prompt a step, and always 1 decode.
            #expect(loop.snapshot().tokensGenerated == generated)
            #expect(loop.snapshot().tokensPrefilled == 3 + 7 * (generated - 1))
        }
    }

    @Test("first come is first served where it is asked for, and nobody overtakes who needs pages")
    func firstInFirstOut() {
        var shape = ScriptedModel.Shape()
        shape.pageCount = 10
        let model = ScriptedModel(shape)
        var configuration = EngineConfiguration()
        configuration.order = .fifo
        var loop = DecodeLoop(
            model: model, limits: RequestLimits(model: model, configuration: configuration),
            configuration: configuration)
        let (_, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
        // 6 pages, then 8 that do not fit beside them, then 1 that would.
        for (id, tokens) in [21, 29, 1].enumerated() {
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: UInt64(id)),
                    request: SequenceRequest(
                        prompt: [Int32(id), 1, 2, 3], maximumTokens: tokens),
                    seed: 0, outlet: outlet))
        }
        loop.admit()
        #expect(loop.snapshot().running == 1 && loop.waitingCount == 2)
        #expect(loop.snapshot().pagesUsed == 6)
        loop.end(SequenceID(rawValue: 0), .cancelled)
        loop.admit()
        #expect(loop.snapshot().running == 2 && loop.waitingCount == 0)
        loop.checkInvariants()
    }
}

extension TokenEvent {
    fileprivate var isToken: Bool {
        if case .token = self { true } else { false }
    }
}
