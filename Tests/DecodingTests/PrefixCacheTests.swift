import Models
import TestSupport
import Testing

@testable import Decoding

@Suite struct PrefixCacheTests {
    private struct Bench: ~Copyable {
        let model: ScriptedModel
        var loop: DecodeLoop
        var nextID: UInt64 = 0

        init(pageCount: Int = 64, _ configuration: EngineConfiguration = EngineConfiguration()) {
            var shape = ScriptedModel.Shape()
            shape.pageCount = pageCount
            model = ScriptedModel(shape)
            loop = DecodeLoop(
                model: model, limits: RequestLimits(model: model, configuration: configuration),
                configuration: configuration)
        }

        mutating func submit(_ request: SequenceRequest) -> AsyncStream<TokenEvent> {
            let (stream, outlet) = AsyncStream.makeStream(of: TokenEvent.self)
            loop.enqueue(
                TokenSequence(
                    id: SequenceID(rawValue: nextID), request: request, seed: nextID,
                    outlet: outlet))
            nextID += 1
            return stream
        }

        mutating func runToEnd() {
            while !loop.isEmpty {
                loop.admit()
                loop.stepAndNotify()
                loop.checkInvariants()
            }
        }
    }

    private func prompt(_ count: Int, from first: Int = 0) -> [Int32] {
        (0..<count).map { Int32(($0 * 7 + first) % 24) }
    }

    @Test("an equal prompt recomputes only what follows its last full page", arguments: 1...14)
    func secondTime(length: Int) {
        var bench = Bench()
        let request = SequenceRequest(prompt: prompt(length), maximumTokens: 1)
        _ = bench.submit(request)
        bench.runToEnd()
        _ = bench.submit(request)
        bench.runToEnd()
        let statistics = bench.loop.snapshot()
        // Full pages of 4, the last prompt token never reused.
        let reused = (length - 1) / 4 * 4
        #expect(statistics.prefixTokensReused == reused)
        #expect(statistics.tokensPrefilled == 2 * length - reused)
        #expect(statistics.prefixHits == (reused > 0 ? 1 : 0))
    }

    @Test("a sequence tells before its first token how much of its prompt was cached, if any was")
    func reuseIsTold() async {
        var bench = Bench()
        let request = SequenceRequest(prompt: prompt(14), maximumTokens: 2)
        for expected in [[], [TokenEvent.reused(tokens: 12)]] {
            let stream = bench.submit(request)
            bench.runToEnd()
            var events: [TokenEvent] = []
            for await event in stream { events.append(event) }
            #expect(Array(events.dropFirst().dropLast(3)) == expected)
        }
    }

    @Test("the samples of one prompt compute its pages once")
    func samples() {
        var bench = Bench()
        let request = SequenceRequest(prompt: prompt(17), maximumTokens: 3)
        for _ in 0..<8 { _ = bench.submit(request) }
        bench.runToEnd()
        #expect(bench.loop.snapshot().tokensPrefilled == 17 + 7)
        #expect(bench.model.log.violations.isEmpty)
    }

    @Test("a system text that many questions begin with is computed once by each member")
    func systemText() {
        var bench = Bench(pageCount: 400)
        let system = prompt(22)
        for question in 0..<20 {
            var request = SequenceRequest(
                prompt: system + prompt(5 + question % 7, from: question + 1), maximumTokens: 2)
            request.member = question % 2
            _ = bench.submit(request)
            // Some come together, some when others are under way or done.
            if question % 3 == 0 {
                bench.loop.admit()
                bench.loop.stepAndNotify()
            }
        }
        bench.runToEnd()
        let statistics = bench.loop.snapshot()
        let asked = (0..<20).reduce(0) { $0 + 22 + 5 + $1 % 7 }
        // Its five full pages, by 18 of 20; some questions share a page more.
        #expect(statistics.prefixTokensReused >= 18 * 20)
        #expect(statistics.prefixTokensReused < 18 * 20 + 60)
        #expect(statistics.tokensPrefilled == asked - statistics.prefixTokensReused)
        #expect(statistics.prefixTokensQueried == asked)
        #expect(bench.model.log.violations.isEmpty)
    }

    @Test("another member's pages are never taken")
    func members() {
        var bench = Bench()
        var request = SequenceRequest(prompt: prompt(16), maximumTokens: 1)
        _ = bench.submit(request)
        bench.runToEnd()
        request.member = 1
        _ = bench.submit(request)
        bench.runToEnd()
        #expect(bench.loop.snapshot().prefixTokensReused == 0)
        #expect(bench.model.log.violations.isEmpty)
    }

    @Test("equal pages after different beginnings are different prefixes")
    func chains() {
        var bench = Bench()
        _ = bench.submit(SequenceRequest(prompt: prompt(4) + prompt(8), maximumTokens: 1))
        bench.runToEnd()
        _ = bench.submit(
            SequenceRequest(prompt: prompt(4, from: 1) + prompt(8), maximumTokens: 1))
        bench.runToEnd()
        #expect(bench.loop.snapshot().prefixTokensReused == 0)
    }

    @Test("a conversation that goes on reuses the answer's pages too")
    func conversation() async {
        var bench = Bench()
        let first = SequenceRequest(prompt: prompt(10), maximumTokens: 11)
        let stream = bench.submit(first)
        bench.runToEnd()
        var answer: [Int32] = []
        for await case .token(let id, _) in stream { answer.append(id) }
        _ = bench.submit(
            SequenceRequest(prompt: first.prompt + answer + prompt(5), maximumTokens: 1))
        bench.runToEnd()
        // Of 21 tokens, 20 were computed: five pages.
        #expect(bench.loop.snapshot().prefixTokensReused == 20)
    }

    @Test("a request for the prompt's own log-probabilities reuses nothing")
    func promptLogprobs() {
        var bench = Bench()
        var request = SequenceRequest(prompt: prompt(16), maximumTokens: 1)
        _ = bench.submit(request)
        bench.runToEnd()
        request.promptLogprobs = true
        _ = bench.submit(request)
        bench.runToEnd()
        #expect(bench.loop.snapshot().prefixTokensReused == 0)
        #expect(bench.loop.snapshot().tokensPrefilled == 32)
    }

    @Test("cached pages are evicted, the longest unused first and each prefix from its end")
    func eviction() {
        var bench = Bench(pageCount: 8)
        let old = SequenceRequest(prompt: prompt(16), maximumTokens: 1)
        let young = SequenceRequest(prompt: prompt(12, from: 3), maximumTokens: 1)
        _ = bench.submit(old)
        bench.runToEnd()
        _ = bench.submit(young)
        bench.runToEnd()
        #expect(bench.loop.snapshot().pagesCached == 7)
        // Needs 3 pages: the free one and the two last of `old`.
        _ = bench.submit(SequenceRequest(prompt: prompt(12, from: 5), maximumTokens: 1))
        bench.runToEnd()
        let before = bench.loop.snapshot().prefixTokensReused
        _ = bench.submit(young)
        bench.runToEnd()
        #expect(bench.loop.snapshot().prefixTokensReused == before + 8)
        // Its last page, recomputed, took one more of `old`, whose beginning is left.
        _ = bench.submit(old)
        bench.runToEnd()
        #expect(bench.loop.snapshot().prefixTokensReused == before + 12)
    }

    @Test("shared pages let in sequences that would not fit with pages of their own")
    func sharingSavesRoom() {
        var bench = Bench(pageCount: 10)
        let request = SequenceRequest(prompt: prompt(25), maximumTokens: 4)
        _ = bench.submit(request)
        bench.loop.admit()
        bench.loop.stepAndNotify()
        _ = bench.submit(request)
        bench.loop.admit()
        // 7 pages each, 6 of them shared.
        #expect(bench.loop.snapshot().running == 2)
        #expect(bench.loop.snapshot().pagesUsed == 8)
        bench.runToEnd()
        #expect(bench.model.log.violations.isEmpty)
    }

    @Test("with reuse off nothing is kept")
    func off() {
        var configuration = EngineConfiguration()
        configuration.reusesPrefixes = false
        var bench = Bench(configuration)
        for _ in 0..<3 {
            _ = bench.submit(SequenceRequest(prompt: prompt(16), maximumTokens: 5))
            bench.runToEnd()
        }
        #expect(bench.loop.snapshot().pagesCached == 0)
        #expect(bench.loop.snapshot().tokensPrefilled == 48)
    }
}
