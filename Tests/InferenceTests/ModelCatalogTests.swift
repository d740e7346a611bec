import Decoding
import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Inference

/// What came of one completion.
private struct Outcome {
    var accepted: CompletionEvent.Accepted?
    var echo: [TokenReport]?
    var reasoning: [Int: String] = [:]
    var content: [Int: String] = [:]
    var tokens: [Int: [TokenReport]] = [:]
    var finished: [Int: CompletionEvent.Finished] = [:]
    /// Tokens that the pieces told of.
    var told: [Int: (all: Int, reasoning: Int)] = [:]

    init(_ events: AsyncStream<CompletionEvent>) async {
        for await event in events {
            switch event {
            case .accepted(let value): accepted = value
            case .echo(let tokens): echo = tokens
            case .revised, .escalated: break
            case .delta(let delta):
                reasoning[delta.sample, default: ""] += delta.reasoning
                content[delta.sample, default: ""] += delta.content
                tokens[delta.sample, default: []] += delta.tokens
                told[delta.sample, default: (0, 0)].all += delta.tokenCount
                told[delta.sample, default: (0, 0)].reasoning += delta.reasoningCount
            case .finished(let value): finished[value.sample] = value
            }
        }
    }

    func ids(_ sample: Int = 0) -> [Int32] { tokens[sample, default: []].map(\.id) }
}

@Suite struct ModelCatalogTests {
    private let checkpoint: TinyCheckpoint
    private let catalog: ModelCatalog

    init() throws {
        checkpoint = try TinyCheckpoint()
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        catalog = try ModelCatalog.load(
            models: [checkpoint.path], family: nil, options: options, progress: { _ in })
    }

    private func chat(_ text: String) -> CompletionRequest {
        let message = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string(text)),
        ])
        var request = CompletionRequest(prompt: .conversation(["messages": .array([message])]))
        request.maximumTokens = 24
        request.sampling.seed = 5
        request.reportsTokens = true
        return request
    }

    private func run(_ request: CompletionRequest) async throws -> Outcome {
        await Outcome(try await catalog.complete(request))
    }

    @Test func aPromptHasExactlyOneBeginOfSequenceHoweverItArrives() throws {
        let model = try ModelSource(path: checkpoint.path).text
        let bos = TinyCheckpoint.beginOfSequence
        let rendered = try catalog.applyTemplate(
            ["messages": .array([])], model: nil)
        let ids = model.tokenizer.encode(rendered, addSpecialTokens: false)
        #expect(ids.filter { $0 == bos }.count == 1 && ids.first == bos)
        for text in ["hi", "<｜begin▁of▁sentence｜>hi"] {
            #expect(
                model.tokenizer.encodePrompt(text).prefix(2) == [bos, Int32(UInt8(ascii: "h"))])
        }
    }

    @Test func theThoughtIsOpenOnlyWhenTheLastTagOpensItAndNoMarkFollows() throws {
        let text = try ModelSource(path: checkpoint.path).text
        func ends(_ prompt: String) -> Bool {
            text.endsInReasoning(text.tokenizer.encode(prompt, addSpecialTokens: false))
        }
        #expect(ends("<｜User｜>q<｜Assistant｜><think>\n"))
        #expect(ends("<｜User｜>q<｜Assistant｜><think>\nwell, "))
        #expect(!ends("<｜User｜>q<｜Assistant｜><think>\n\n</think>\n\n"))
        #expect(!ends("<｜User｜>what is <think>?<｜Assistant｜>"))
        #expect(!ends("plain"))
        #expect(!ends(""))
    }

    @Test func defaultsComeFromTheGenerationConfiguration() throws {
        let defaults = try ModelSource(path: checkpoint.path).text.defaults
        #expect(defaults.temperature == 0.7 && defaults.topP == 0.9)
        #expect(defaults.stopIDs == [TinyCheckpoint.endOfSequence])
        var overrides = SamplingOverrides()
        overrides.temperature = 0
        #expect(defaults.sampling(overrides).temperature == 0)
        #expect(defaults.sampling(overrides).topP == 0.9)
    }

    @Test(arguments: [1, 2, 7, 24]) func aBudgetIsKeptToTheToken(budget: Int) async throws {
        var request = chat("count")
        request.maximumTokens = budget
        request.ignoresEndOfSequence = true
        let outcome = try await run(request)
        #expect(outcome.ids().count == budget)
        #expect(outcome.finished[0]?.completionTokens == budget)
        #expect(outcome.finished[0]?.reason == .length)
        #expect(outcome.accepted?.startsInReasoning == true)
    }

    @Test func reasoningIsCountedFromIDsUpToTheClosingTag() async throws {
        var request = chat("think")
        request.maximumTokens = 6
        request.ignoresEndOfSequence = true
        request.sampling.logitBias = [TinyCheckpoint.closeThought: 100]
        let closed = try await run(request)
        #expect(closed.ids().first == TinyCheckpoint.closeThought)
        #expect(closed.finished[0]?.reasoningTokens == 1)
        #expect(closed.reasoning[0] ?? "" == "")

        request.sampling.logitBias = [TinyCheckpoint.closeThought: -100]
        let open = try await run(request)
        #expect(open.finished[0]?.reasoningTokens == 6)
        #expect(open.content[0] ?? "" == "")
        #expect(open.tokens[0]?.allSatisfy(\.isReasoning) == true)
    }

    @Test(arguments: [false, true])
    func piecesTellOfNoMoreTokensThanTheEndAndStagesFollowEachOther(reports: Bool) async throws {
        var request = chat("count")
        request.samples = 3
        request.reportsTokens = reports
        request.ignoresEndOfSequence = true
        request.sampling.logitBias = [TinyCheckpoint.closeThought: 3]
        let before = ContinuousClock.now
        let outcome = try await run(request)
        for (sample, finished) in outcome.finished {
            let told = outcome.told[sample] ?? (0, 0)
            // What is held back at the end has no piece of its own.
            #expect((1...finished.completionTokens).contains(told.all))
            #expect((0...finished.reasoningTokens).contains(told.reasoning))
            if reports { #expect(told.all == finished.completionTokens) }
            let stages = try #require(finished.stages)
            let (admitted, first) = (try #require(stages.admitted), try #require(stages.firstToken))
            #expect(before <= stages.submitted && stages.submitted <= admitted)
            #expect(admitted <= first && first <= stages.ended && stages.ended <= .now)
            #expect(finished.queueTime == stages.submitted.duration(to: admitted))
        }
        // The step that ends the samples is told by the engine a moment after they are.
        await catalog.drain()
        let histograms = catalog.decodingHistograms
        #expect(histograms.secondsBetweenTokens.count == 3 * 24 - 3)
        #expect(histograms.tokensPerStep.count == catalog.decoding.steps)
        #expect(catalog.decoding.pageSize > 0)
    }

    @Test func aStopStringSleepsInTheThoughtAndCutsTheAnswer() async throws {
        var request = chat("stop")
        request.ignoresEndOfSequence = true
        request.sampling.temperature = 0
        let letter = Int32(UInt8(ascii: "z"))
        request.sampling.logitBias = [letter: 100]
        request.stopStrings = ["zz"]
        let thought = try await run(request)
        #expect(thought.finished[0]?.reason == .length)
        #expect(thought.reasoning[0] == String(repeating: "z", count: 24))

        request.prompt = .text("answer: ")
        let answer = try await run(request)
        #expect(answer.finished[0]?.reason == .stop)
        #expect(answer.finished[0]?.stopString == "zz")
        #expect(answer.content[0] ?? "" == "")
        #expect(answer.finished[0]?.completionTokens == 2)
    }

    @Test func samplesAreWhatEachSeedGivesAlone() async throws {
        var request = chat("several")
        request.ignoresEndOfSequence = true
        request.samples = 4
        let together = try await run(request)
        for sample in 0..<4 {
            var alone = request
            alone.samples = 1
            alone.sampling.seed = 5 + UInt64(sample)
            #expect(try await run(alone).ids() == together.ids(sample))
        }
        #expect(Set((0..<4).map { together.ids($0) }).count > 1)
    }

    @Test func anEchoReportsThePromptWithItsLogprobs() async throws {
        var request = CompletionRequest(prompt: .ids([1, 2, 3, 4]))
        request.echo = true
        request.topLogprobs = 2
        request.maximumTokens = 0
        let outcome = try await run(request)
        let echo = try #require(outcome.echo)
        #expect(echo.map(\.id) == [1, 2, 3, 4])
        #expect(echo[0].logprob == nil)
        #expect(echo.dropFirst().allSatisfy { ($0.logprob ?? 1) < 0 && $0.top.count == 2 })
        #expect(outcome.finished[0]?.completionTokens == 0)
        #expect(outcome.ids().isEmpty)
    }

    @Test func anEchoIsAcceptedBeforeItsPromptIsComputed() async throws {
        var request = CompletionRequest(prompt: .ids([1, 2, 3, 4]))
        request.echo = true
        request.maximumTokens = 2
        for logprobs in [nil, 1] {
            request.topLogprobs = logprobs
            var kinds: [String] = []
            for await event in try await catalog.complete(request) {
                switch event {
                case .accepted: kinds.append("accepted")
                case .echo: kinds.append("echo")
                case .delta, .finished, .revised, .escalated: kinds.append("text")
                }
            }
            #expect(kinds.prefix(2) == ["accepted", "echo"])
            #expect(kinds.dropFirst(2).allSatisfy { $0 == "text" } && kinds.count > 2)
        }
    }

    @Test(arguments: [TinyCheckpoint.endOfSequence, TinyCheckpoint.closeThought])
    func aSampleThatEndsInsideItsThoughtSaysSo(id: Int32) async throws {
        var request = chat("why")
        request.maximumTokens = 3
        request.sampling.logitBias = [id: 100]
        let end = try #require(try await run(request).finished[0])
        #expect(end.endsInReasoning == (id == TinyCheckpoint.endOfSequence))
        #expect(end.reasoningTokens == 1)
    }

    @Test func anEqualPromptIsReportedAsCached() async throws {
        let request = chat(String(repeating: "again ", count: 40))
        let first = try await run(request)
        let second = try await run(request)
        #expect(first.finished[0]?.cachedPromptTokens == 0)
        let cached = try #require(second.finished[0]?.cachedPromptTokens)
        #expect(cached > 0 && cached < second.accepted?.promptTokens ?? 0)
        #expect(second.ids() == first.ids())
    }

    @Test func refusalsNameWhatIsWrong() async throws {
        var request = chat("x")
        request.model = "other"
        await #expect(throws: InferenceError.unknownModel(asked: "other", served: ["tiny"])) {
            try await catalog.complete(request)
        }
        await #expect(throws: InferenceError.emptyPrompt) {
            try await catalog.complete(CompletionRequest(prompt: .ids([])))
        }
        await #expect(throws: InferenceError.invalidToken(id: 262, vocabularySize: 262)) {
            try await catalog.complete(CompletionRequest(prompt: .ids([1, 262])))
        }
        var biased = chat("x")
        biased.sampling.logitBias = [262: 1]
        await #expect(
            throws: InferenceError.invalidRequest(
                field: "logit_bias.262", message: "expected a token id below 262")
        ) {
            try await catalog.complete(biased)
        }
        biased.sampling = SamplingOverrides()
        biased.sampling.topK = -1
        await #expect(
            throws: InferenceError.invalidRequest(
                field: "top_k", message: "expected at least 0, found -1.0")
        ) {
            try await catalog.complete(biased)
        }
        let long = [Int32](repeating: 1, count: 512)
        await #expect(
            throws: InferenceError.contextLengthExceeded(promptTokens: 512, contextLength: 512)
        ) {
            try await catalog.complete(CompletionRequest(prompt: .ids(long)))
        }
    }

    @Test func droppingTheEventsFreesThePages() async throws {
        var request = chat("leave")
        request.maximumTokens = 400
        request.ignoresEndOfSequence = true
        do {
            let events = try await catalog.complete(request)
            for await event in events {
                if case .delta = event { break }
            }
        }
        for _ in 0..<200 where catalog.runningCount > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(catalog.runningCount == 0)
    }

    @Test func aTextWithItsOwnStartTokenIsNotGivenASecond() throws {
        let bare = try catalog.tokenize("hi", addSpecialTokens: true, model: nil)
        let written = try catalog.tokenize(
            "<｜begin▁of▁sentence｜>hi", addSpecialTokens: true, model: nil)
        #expect(bare.map(\.id) == written.map(\.id))
        #expect(bare.first?.id == TinyCheckpoint.beginOfSequence)
        #expect(bare.dropFirst().allSatisfy { $0.id != TinyCheckpoint.beginOfSequence })
    }
}
