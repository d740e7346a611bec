import Foundation
import Routing
import Synchronization
import TestSupport
import Testing
import Tokenization

@testable import Inference

/// Two attempts under one budget, with attempts that are scripted.
@Suite struct EscalationTests {
    /// What an attempt says, one token each.
    struct Script: Sendable {
        var thought = 3
        var answer = ["42"]
        var logprob: Float = -0.1
        var reason = FinishReason.stop
    }

    /// Plays scripts in turn, each cut at its request's ceiling, and remembers what it was asked.
    final class Player: Sendable {
        let scripts: [Script?]
        let asked = Mutex<[CompletionRequest]>([])

        init(_ scripts: [Script?]) { self.scripts = scripts }

        func begin(
            _ request: CompletionRequest
        ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
            let turn = asked.withLock {
                $0.append(request)
                return $0.count - 1
            }
            guard let script = scripts[turn] else { throw .shuttingDown }
            let (stream, continuation) = AsyncStream.makeStream(of: CompletionEvent.self)
            let ceiling = request.budget?.tokens ?? 1000
            continuation.yield(
                .accepted(
                    .init(
                        model: "m\(turn)", promptTokens: 10,
                        effective: EffectiveBudget(tokens: ceiling, bound: .budget),
                        startsInReasoning: true,
                        price: Price(prompt: 1, completion: Double(turn + 1)),
                        handle: GenerationHandle { _ in
                            EffectiveBudget(tokens: ceiling, bound: .budget)
                        })))
            var spent = (thought: 0, all: 0)
            for _ in 0..<script.thought where spent.all < ceiling {
                spent = (spent.thought + 1, spent.all + 1)
                continuation.yield(
                    .delta(.init(sample: 0, reasoning: "t\(turn)", content: "", tokens: [])))
            }
            for piece in script.answer where spent.all < ceiling {
                spent.all += 1
                let token = TokenReport(
                    id: 1, bytes: Array(piece.utf8), logprob: script.logprob, top: [],
                    isReasoning: false)
                continuation.yield(
                    .delta(.init(sample: 0, reasoning: "", content: piece, tokens: [token])))
            }
            let isCut = spent.all < script.thought + script.answer.count
            continuation.yield(
                .finished(
                    .init(
                        sample: 0, reason: isCut ? .length : script.reason, stopString: nil,
                        completionTokens: spent.all, reasoningTokens: spent.thought,
                        endsInReasoning: spent.all == spent.thought)))
            continuation.finish()
            return stream
        }
    }

    struct Outcome {
        var thought = ""
        var answer = ""
        var escalated: CompletionEvent.Accepted?
        var finished: [CompletionEvent.Finished] = []
        var accepted: CompletionEvent.Accepted?
        var tokens = 0
    }

    private func escalation(
        _ player: Player, tokens: Int = 100, _ change: (inout Budget) -> Void = { _ in }
    ) -> Escalation {
        var request = CompletionRequest(prompt: .text("q"))
        var budget = Budget()
        budget.tokens = tokens
        change(&budget)
        request.budget = budget
        var first = request
        first.topLogprobs = 0
        return Escalation(
            request: request, first: first, others: ["m1"],
            effective: EffectiveBudget(tokens: tokens, bound: .budget), received: .now
        ) { request throws(InferenceError) in try await player.begin(request) }
    }

    private func run(_ escalation: Escalation) async throws -> Outcome {
        var outcome = Outcome()
        for await event in try await escalation.events() {
            switch event {
            case .accepted(let accepted): outcome.accepted = accepted
            case .escalated(let accepted): outcome.escalated = accepted
            case .delta(let delta):
                outcome.thought += delta.reasoning
                outcome.answer += delta.content
                outcome.tokens += delta.tokens.count
            case .finished(let finished): outcome.finished.append(finished)
            case .echo, .revised: break
            }
        }
        return outcome
    }

    @Test func `a sure answer is the answer, and nobody else is asked`() async throws {
        let player = Player([Script()])
        let outcome = try await run(escalation(player))
        #expect(outcome.answer == "42" && outcome.thought == "t0t0t0")
        #expect(outcome.escalated == nil && outcome.finished.map(\.completionTokens) == [4])
        #expect(player.asked.withLock { $0.count } == 1)
        #expect(outcome.tokens == 0, "nobody asked for tokens")
    }

    @Test func `an unsure answer becomes thought, and what is left goes to another`() async throws {
        let player = Player([Script(logprob: -2), Script(thought: 5, answer: ["4", "3"])])
        let outcome = try await run(escalation(player) { $0.reasoningTokens = 20 })
        #expect(outcome.thought == "t0t0t042t1t1t1t1t1" && outcome.answer == "43")
        let second = try #require(player.asked.withLock { $0.last })
        #expect(second.budget?.tokens == 96 && second.budget?.reasoningTokens == 16)
        #expect(second.members == ["m1"] && second.reason == .escalated)
        let end = try #require(outcome.finished.first)
        #expect(end.completionTokens == 4 + 7 && end.reasoningTokens == 4 + 5)
        let next = try #require(outcome.escalated)
        #expect(next.model == "m1" && next.earlierTokens == 4)
        // 10 prompt tokens at 1 and 4 new ones at 1, per million.
        #expect(abs((next.earlierCost ?? 0) - 14e-6) < 1e-12)
    }

    @Test(arguments: [Script(answer: []), Script(answer: [" ", "\n"]), Script(reason: .length)])
    func `a missing answer is made up for`(first: Script) async throws {
        let outcome = try await run(escalation(Player([first, Script(answer: ["7"])])))
        #expect(outcome.answer == "7" && outcome.finished.count == 1)
    }

    @Test func `where the rest buys nothing the first answer stands`() async throws {
        let outcome = try await run(escalation(Player([Script(logprob: -2), nil])))
        #expect(outcome.answer == "42" && outcome.escalated == nil)
        #expect(outcome.finished.count == 1)
    }

    @Test func `a cost that the first attempt used up buys no second`() async throws {
        let player = Player([Script(logprob: -2), Script()])
        let outcome = try await run(escalation(player) { $0.cost = 14e-6 })
        #expect(outcome.answer == "42" && player.asked.withLock { $0.count } == 1)
    }

    @Test func `both attempts together never exceed the ceiling`() async throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let ceiling = Int.random(in: 2...60, using: &generator)
            let scripts = (0..<2).map { _ in
                Script(
                    thought: .random(in: 0...50, using: &generator),
                    answer: Array(repeating: "x", count: .random(in: 0...9, using: &generator)),
                    logprob: .random(in: -2...0, using: &generator))
            }
            let outcome = try await run(escalation(Player(scripts), tokens: ceiling))
            let end = try #require(outcome.finished.first)
            #expect(outcome.finished.count == 1)
            #expect(end.completionTokens <= ceiling)
            #expect(end.reasoningTokens <= end.completionTokens)
            #expect(outcome.accepted?.effective.tokens == ceiling)
        }
    }

    @Test func `whoever runs is revised, less what was spent before`() async throws {
        let ledger = EscalationLedger(tokens: 100)
        let asked = Mutex<[GenerationHandle.Revision]>([])
        let handle = GenerationHandle { revision in
            asked.withLock { $0.append(revision) }
            return EffectiveBudget(tokens: revision.tokens ?? 1, bound: .budget)
        }
        var revision = GenerationHandle.Revision()
        revision.tokens = 80
        #expect(await ledger.handle.revise(revision) == nil, "nobody runs")
        #expect(ledger.tokens == 100)
        ledger.follow(handle, spent: 0)
        #expect(await ledger.handle.revise(revision)?.tokens == 80)
        ledger.follow(handle, spent: 30)
        revision.answersNow = true
        #expect(await ledger.handle.revise(revision)?.tokens == 80)
        #expect(asked.withLock { $0.map(\.tokens) } == [80, 50])
        #expect(ledger.tokens == 80 && ledger.answersNow)
    }

    @Test func `a family spends one budget on two members, and refuses what leaves no choice`()
        async throws
    {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-\(UUID().uuidString)").path
        let members = try [(1, "alpha_0.05"), (2, "alpha_0.2"), (3, "alpha_0.4")].map {
            try TinyCheckpoint(seed: UInt64($0), name: $1, in: folder)
        }
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        let catalog = try ModelCatalog.load(
            models: [], family: folder, options: options, progress: { _ in })
        let message = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string("count")),
        ])
        var request = CompletionRequest(prompt: .conversation(["messages": .array([message])]))
        request.policy = .escalate
        for (seed, tokens) in [(1, 40), (2, 80), (3, 160), (4, 3)] {
            request.budget = Budget()
            request.budget?.tokens = tokens
            request.sampling.seed = UInt64(seed)
            guard tokens > 3 else {
                await #expect(throws: InferenceError.self) {
                    _ = try await catalog.complete(request)
                }
                continue
            }
            var spent = 0
            for await event in try await catalog.complete(request) {
                if case .finished(let finished) = event { spent = finished.completionTokens }
            }
            #expect(spent > 0 && spent <= tokens)
        }
        #expect(catalog.routing.overrunTokens == 0)
        #expect(catalog.routing.decisions.keys.contains { $0.reason == .tersest })
        request.budget?.tokens = 80
        request.model = "alpha_0.05"
        await #expect(throws: InferenceError.self) { _ = try await catalog.complete(request) }
        request.model = nil
        request.samples = 2
        await #expect(throws: InferenceError.self) { _ = try await catalog.complete(request) }
        _ = members
    }
}
