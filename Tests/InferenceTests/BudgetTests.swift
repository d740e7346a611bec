import Foundation
import Routing
import TestSupport
import Testing
import Tokenization

@testable import Inference

/// Budgets from request to text, on a model whose template opens the thought.
@Suite struct BudgetTests {
    private let checkpoint: TinyCheckpoint
    private let catalog: ModelCatalog
    /// A line break, the closing tag, two line breaks.
    private let closer: [Int32] = [10, TinyCheckpoint.closeThought, 10, 10]

    init() throws {
        checkpoint = try TinyCheckpoint()
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        catalog = try ModelCatalog.load(
            models: [checkpoint.path], family: nil, options: options, progress: { _ in })
    }

    private func request(_ thought: ThoughtCeilings?, maximum: Int = 40) -> CompletionRequest {
        let message = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string("count")),
        ])
        var request = CompletionRequest(prompt: .conversation(["messages": .array([message])]))
        request.maximumTokens = maximum
        request.sampling.seed = 5
        request.sampling.logitBias = [
            TinyCheckpoint.closeThought: -100, TinyCheckpoint.openThought: -100,
            TinyCheckpoint.endOfSequence: -100,
        ]
        request.reportsTokens = true
        request.thought = thought
        return request
    }

    private struct Outcome {
        var accepted: CompletionEvent.Accepted?
        var ids: [Int32] = []
        var content = ""
        var finished: CompletionEvent.Finished?
    }

    private func run(_ request: CompletionRequest) async throws -> Outcome {
        var outcome = Outcome()
        for await event in try await catalog.complete(request) {
            switch event {
            case .accepted(let accepted): outcome.accepted = accepted
            case .echo, .revised, .escalated: break
            case .delta(let delta):
                outcome.ids += delta.tokens.map(\.id)
                outcome.content += delta.content
            case .finished(let finished): outcome.finished = finished
            }
        }
        return outcome
    }

    @Test(arguments: [4, 5, 20, 30])
    func `a thought is closed at its ceiling and the answer follows`(ceiling: Int) async throws {
        var thought = ThoughtCeilings()
        thought.maximumTokens = ceiling
        let outcome = try await run(request(thought))
        #expect(outcome.ids.count == 40)
        #expect(outcome.ids[ceiling - 4..<ceiling].elementsEqual(closer))
        let end = try #require(outcome.finished)
        // What follows the tag is the answer's already.
        #expect(end.reasoningTokens == ceiling - 2 && !end.endsInReasoning)
        #expect(end.forcedClose && end.reason == .length && end.exhausted == .tokens)
    }

    @Test func `what is kept back for the answer is kept back`() async throws {
        var thought = ThoughtCeilings()
        thought.answerReserve = 15
        let end = try #require(try await run(request(thought)).finished)
        #expect(end.reasoningTokens == 40 - 15 - 2 && end.forcedClose)
    }

    @Test(arguments: [0, 1, 3])
    func `a thought that has no room is closed in the prompt`(ceiling: Int) async throws {
        var thought = ThoughtCeilings()
        thought.maximumTokens = ceiling
        var asked = request(thought)
        asked.sampling.logitBias[TinyCheckpoint.openThought] = 100
        asked.sampling.logitBias[TinyCheckpoint.endOfSequence] = 90
        let outcome = try await run(asked)
        let free = try await run(request(nil))
        #expect(outcome.accepted?.startsInReasoning == false)
        #expect(
            outcome.accepted?.promptTokens == (free.accepted?.promptTokens).map { $0 + 4 })
        let end = try #require(outcome.finished)
        #expect(end.reasoningTokens == 0 && end.reason == .stop && !end.forcedClose)
        // The model wanted to think or to end, and had to say something.
        #expect(outcome.ids.count >= 2 && outcome.ids.last == TinyCheckpoint.endOfSequence)
    }

    @Test func `a model that stops inside its thought is made to answer`() async throws {
        var asked = request(ThoughtCeilings())
        asked.sampling.logitBias[TinyCheckpoint.endOfSequence] = 100
        let outcome = try await run(asked)
        #expect(outcome.ids.starts(with: closer))
        let end = try #require(outcome.finished)
        #expect(end.reason == .stop && end.forcedClose && end.exhausted == nil)
        #expect(end.completionTokens >= 6)
        asked.thought?.closes = false
        let cut = try #require(try await run(asked).finished)
        #expect(cut.completionTokens == 1 && cut.endsInReasoning && !cut.forcedClose)
    }

    @Test func `a thought that nothing is to follow is cut, and its ceiling is named`()
        async throws
    {
        var thought = ThoughtCeilings()
        thought.closes = false
        thought.maximumTokens = 9
        let end = try #require(try await run(request(thought)).finished)
        #expect(end.completionTokens == 9 && end.reasoningTokens == 9 && end.endsInReasoning)
        #expect(end.reason == .length && end.exhausted == .reasoning)
    }

    @Test func `a deadline that has passed ends the sample with what there is`() async throws {
        var asked = request(ThoughtCeilings())
        asked.deadline = .now - .seconds(1)
        let end = try #require(try await run(asked).finished)
        #expect(end.reason == .length && end.exhausted == .latency)
        #expect(end.completionTokens == 0)
    }

    @Test func `without a thought told apart, only the ceiling on all tokens holds`() async throws {
        var thought = ThoughtCeilings()
        thought.maximumTokens = 8
        var raw = request(thought)
        raw.separatesReasoning = false
        var free = request(nil)
        free.separatesReasoning = false
        #expect(try await run(raw).ids == (try await run(free).ids))
    }

    @Test func `the family that comes with it goes on by itself behind the bare closing tag`()
        async throws
    {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("Sources/laconic/Resources/family/alpha_0.1").path
        let text = try ModelSource(path: path).text
        #expect(text.closer == text.tags?.close)
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        let catalog = try ModelCatalog.load(
            models: [path], family: nil, options: options, progress: { _ in })
        var thought = ThoughtCeilings()
        thought.maximumTokens = 12
        var asked = request(thought, maximum: 60)
        asked.sampling.logitBias = [:]
        asked.sampling.temperature = 0
        let events = try await catalog.complete(asked)
        var content = ""
        for await event in events {
            if case .delta(let delta) = event { content += delta.content }
            guard case .finished(let end) = event else { continue }
            #expect(end.reasoningTokens == 12 && end.exhausted == .reasoning)
            #expect(end.reason == .stop)
        }
        #expect(content.contains("\\boxed{"))
    }

    @Test func `ceilings that no thought can have are refused by their callers' names`()
        async throws
    {
        var thought = ThoughtCeilings()
        thought.answerReserve = -1
        await #expect(
            throws: InferenceError.invalidRequest(
                field: "budget.answer_tokens", message: "expected at least 0, found -1")
        ) {
            try await catalog.complete(request(thought))
        }
    }

    @Test func `a new total moves a ceiling on the thought that followed from the old one`() {
        var effective = EffectiveBudget(
            tokens: 100, bound: .budget, reasoningTokens: 80, answerTokens: 20)
        var revision = GenerationHandle.Revision()
        revision.tokens = 300
        #expect(
            RevisableBudget(effective).apply(revision, roomForTokens: 500).reasoningTokens == 280)
        #expect(
            RevisableBudget(effective).apply(revision, roomForTokens: 200).reasoningTokens == 180)
        effective.reasoningTokens = 50
        #expect(
            RevisableBudget(effective).apply(revision, roomForTokens: 500).reasoningTokens == 50)
        revision.reasoningTokens = 70
        #expect(
            RevisableBudget(effective).apply(revision, roomForTokens: 500).reasoningTokens == 70)
    }
}
