import Testing

@testable import Inference

@Suite struct PerplexityTests {
    @Test func `every token but a window's first is foretold, whatever the window`() throws {
        let checkpoint = try TinyCheckpoint()
        let subject = try Perplexity(path: checkpoint.path, options: LoadOptions())
        let text = String(repeating: "1 + 2 = 3\n", count: 30)
        let whole = subject.run(over: text, window: 64, limit: 100)
        #expect(whole.choices.count == 98 && whole.logLikelihoods.count == 98)
        #expect(whole.logLikelihoods.allSatisfy { $0 < 0 })
        #expect(whole.perplexity > 1)
        // A shorter window sees the same beginning.
        let short = subject.run(over: text, window: 10, limit: 10)
        #expect(short.logLikelihoods[...] == whole.logLikelihoods.prefix(9))
        #expect(whole.agreement(with: whole) == 1)
    }
}
