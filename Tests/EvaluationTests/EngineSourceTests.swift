import Inference
import Testing
import Tokenization

@testable import Evaluation

@Suite struct EngineSourceTests {
    private func respond(
        _ service: ScriptedService, settings: EvaluationSettings = EvaluationSettings()
    ) async throws -> Response {
        try await EngineSource(service: service).respond(
            to: "What is 6·7?", member: "alpha_0.4", settings: settings, seed: 77)
    }

    @Test("the response is the deltas put together, with what was spent")
    func response() async throws {
        let service = ScriptedService { _, _ in ScriptedService.events("42") }
        #expect(
            try await respond(service)
                == Response(
                    reasoning: "I think.", text: "\\boxed{42}", finish: .stop, promptTokens: 21,
                    completionTokens: 9, reasoningTokens: 4))
        let cut = ScriptedService { _, _ in ScriptedService.events("42", finish: .length) }
        #expect(try await respond(cut).finish == .length)
    }

    @Test("the request says every sampling field, so that a checkpoint's defaults change nothing")
    func request() async throws {
        let service = ScriptedService { _, _ in ScriptedService.events("42") }
        var settings = EvaluationSettings()
        settings.maximumTokens = 500
        _ = try await respond(service, settings: settings)
        let request = try #require(service.requests.first)
        #expect(request.model == "alpha_0.4")
        #expect(request.maximumTokens == 500 && request.samples == 1)
        #expect(request.sampling.temperature == 0.6 && request.sampling.topP == 1)
        #expect(request.sampling.topK == 0 && request.sampling.minP == 0)
        #expect(request.sampling.repetitionPenalty == 1 && request.sampling.seed == 77)
        guard case .conversation(let variables) = request.prompt,
            case .array(let messages) = variables["messages"]
        else {
            Issue.record("no conversation")
            return
        }
        #expect(messages.count == 1)
        #expect(messages[0]["role"] == .string("user"))
        #expect(messages[0]["content"] == .string("What is 6·7?"))
    }

    @Test("raw prompts go without a template")
    func raw() async throws {
        let service = ScriptedService { _, _ in ScriptedService.events("42") }
        var settings = EvaluationSettings()
        settings.usesChatTemplate = false
        _ = try await respond(service, settings: settings)
        guard case .text("What is 6·7?")? = service.requests.first?.prompt else {
            Issue.record("no raw text")
            return
        }
    }

    @Test("a full queue is waited for")
    func fullQueue() async throws {
        let service = ScriptedService { _, number throws(InferenceError) in
            if number == 1 { throw .queueFull(depth: 4, retryAfterSeconds: 0) }
            return ScriptedService.events("42")
        }
        #expect(try await respond(service).finish == .stop)
        #expect(service.requests.count == 2)
    }

    @Test("a prompt beyond the context is a wrong answer, not the end")
    func longPrompt() async throws {
        let service = ScriptedService { _, _ throws(InferenceError) in
            throw .contextLengthExceeded(promptTokens: 3000, contextLength: 2048)
        }
        #expect(
            try await respond(service)
                == Response(text: "", finish: .refused, promptTokens: 3000))
    }

    @Test("what no sample can survive is refused in words")
    func refusals() async throws {
        let errors: [(InferenceError, String)] = [
            (.noChatTemplate(model: "m"), "m has no chat template; --raw continues"),
            (.unknownModel(asked: "x", served: ["a", "b"]), "no model 'x'; there are a, b"),
            (.shuttingDown, "the engine is shutting down"),
            (.invalidRequest(field: "top_p", message: "is 7"), "top_p: is 7"),
        ]
        for (error, words) in errors {
            let service = ScriptedService { _, _ throws(InferenceError) in throw error }
            let refusal = try await #require(throws: ResponseError.self) {
                try await respond(service)
            }
            guard case .refused(let reason) = refusal else {
                Issue.record("\(refusal)")
                continue
            }
            #expect(reason.hasPrefix(words))
        }
    }

    @Test(
        "an engine that ends an answer early ends the evaluation",
        arguments: [
            FinishReason.cancelled, .shutdown,
        ])
    func earlyEnd(reason: FinishReason) async throws {
        let service = ScriptedService { _, _ in ScriptedService.events("42", finish: reason) }
        await #expect(throws: ResponseError.self) { try await respond(service) }
    }

    @Test("an evaluation through the service grades thought and answer and keeps the spending")
    func evaluation() async throws {
        let service = ScriptedService { request, _ in
            // The shorter-spoken member is wrong on every problem but one.
            let isRight = request.model == "alpha_0" || request.sampling.seed.map { $0 % 2 } == 0
            return ScriptedService.events(isRight ? "\\frac{1}{2}" : "3")
        }
        let problems = (0..<6).map {
            Problem(id: "p\($0)", question: "q", answer: "\\frac{1}{2}")
        }
        let source = EngineSource(service: service)
        let settings = EvaluationSettings()
        let grader = Grader()
        let evaluator = Evaluator(source: source, settings: settings, concurrency: 4) {
            Judgement(of: $0, to: $1, by: grader)
        }
        let outcome = try await evaluator.run(
            problems, samples: 2, log: nil, progress: { _ in })
        let report = Report(
            name: "s", settings: settings, members: source.members, outcome: outcome)
        #expect(report.parts.map(\.alpha) == [0, 0.4])
        #expect(report.parts[0].overall.accuracy == 1)
        let even = problems.flatMap { problem in
            (0..<2).map { settings.seed(ofSample: $0, problem: problem.id) }
        }.count { $0 % 2 == 0 }
        #expect(abs(report.parts[1].overall.accuracy - Double(even) / 12) < 1e-12)
        #expect(report.parts[1].overall.tokens.mean == 9)
        #expect(report.parts[1].overall.reasoningTokens == 4)
    }
}
