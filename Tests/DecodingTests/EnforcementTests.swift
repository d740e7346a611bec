import TestSupport
import Testing

@testable import Decoding

/// Budgets through the engine, with a scripted model.
@Suite(.timeLimit(.minutes(5))) struct EnforcementTests {
    @Test func `a thought at its ceiling is closed, and what comes before is as without`()
        async throws
    {
        let engine = Engine(model: ScriptedModel())
        var request = ScriptedThought.request()
        let free = ids(await collect(try engine.submit(request)))
        request.thought?.maximumTokens = 12
        request.topLogprobs = 0
        let events = await collect(try engine.submit(request))
        let bounded = ids(events)
        #expect(bounded.prefix(8) == free.prefix(8))
        #expect(bounded[8..<12].elementsEqual(ScriptedThought.closer))
        #expect(bounded.count == 30 && events.last == .finished(.length))
        #expect(events.firstIndex(of: .closing(.reasoning)) == 9)
        // A forced token is as likely as the model thought it was.
        let row = ScriptedModel.logits(
            after: request.prompt + bounded[..<8], member: 0, vocabularySize: 24)
        var sampler = Sampler()
        let logprob = sampler.logprob(of: bounded[8], in: row.span, alternatives: 0)
        #expect(events[10] == .token(id: bounded[8], logprob: logprob))
    }

    @Test func `what is kept back for the answer closes the thought in time`() async throws {
        let engine = Engine(model: ScriptedModel())
        var request = ScriptedThought.request(maximum: 20)
        request.thought?.answerReserve = 9
        let events = await collect(try engine.submit(request))
        #expect(ids(events)[7..<11].elementsEqual(ScriptedThought.closer))
        #expect(events.contains(.closing(.tokens)) && ids(events).count == 20)
    }

    @Test func `a stop id in the thought makes room for the answer, and then ends it`()
        async throws
    {
        let engine = Engine(model: ScriptedModel())
        var request = ScriptedThought.request()
        request.thought?.answerReserve = 1
        request.sampling.logitBias[ScriptedThought.stop] = 1000
        let events = await collect(try engine.submit(request))
        // The closer's last id is a word, so the stop id is the answer's next.
        #expect(ids(events) == ScriptedThought.closer + [ScriptedThought.stop])
        #expect(events.contains(.closing(.stop)) && events.last == .finished(.stop))
        // Without such a word the model has to say one first.
        request.thought?.closer = [ScriptedThought.close]
        let worded = ids(await collect(try engine.submit(request)))
        #expect(
            worded.first == ScriptedThought.close && worded.last == ScriptedThought.stop
                && worded.count > 2)
        #expect(worded.dropLast().contains { $0 < 20 })
        request.thought?.closes = false
        #expect(ids(await collect(try engine.submit(request))) == [ScriptedThought.stop])
    }

    @Test func `a thought that nothing is to follow is cut at its ceiling`() async throws {
        let engine = Engine(model: ScriptedModel())
        var request = ScriptedThought.request()
        request.thought?.closes = false
        request.thought?.maximumTokens = 6
        let events = await collect(try engine.submit(request))
        #expect(ids(events).count == 6 && events.last == .finished(.length))
    }

    @Test func `a thought that could not be closed is never opened`() async throws {
        let engine = Engine(model: ScriptedModel())
        var request = ScriptedThought.request()
        request.thought = ScriptedThought.control(startsOpen: false)
        request.sampling.logitBias[ScriptedThought.open] = 1000
        for (ceiling, opens) in [(4, false), (5, true)] {
            request.thought?.maximumTokens = ceiling
            let said = ids(await collect(try engine.submit(request)))
            #expect(said.contains(ScriptedThought.open) == opens)
            #expect(said.contains(ScriptedThought.close) == opens)
        }
    }

    @Test func `what cannot be closed within its ceiling is refused with the numbers`() {
        let limits = RequestLimits(
            model: ScriptedModel(), configuration: EngineConfiguration())
        func refusal(_ change: (inout ThoughtControl) -> Void) -> DecodingError? {
            var request = ScriptedThought.request()
            var control = ScriptedThought.control()
            change(&control)
            request.thought = control
            do throws(DecodingError) {
                try limits.validate(request, samples: 1)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal { $0.maximumTokens = 4 } == nil)
        #expect(
            refusal { $0.maximumTokens = 3 }
                == .invalidThought(field: "maximumTokens", value: 3, range: "at least 4"))
        #expect(refusal { ($0.maximumTokens, $0.startsOpen) = (0, false) } == nil)
        #expect(
            refusal { $0.answerReserve = -1 }
                == .invalidThought(field: "answerReserve", value: -1, range: "at least 0"))
        #expect(
            refusal { $0.closer = [24] }
                == .tokenOutOfRange(field: "thought.closer", id: 24, vocabularySize: 24))
        for change: (inout ThoughtControl) -> Void in [
            { $0.open = [] }, { $0.close = [] }, { $0.closer = [1, 2] }, { $0.grace = -1 },
            { $0.shapes = TokenShapes(vocabularySize: 3) { _ in [] } },
        ] {
            guard case .invalidThought? = refusal(change) else {
                Issue.record("taken: \(refusal(change) as Any)")
                continue
            }
        }
    }
}
