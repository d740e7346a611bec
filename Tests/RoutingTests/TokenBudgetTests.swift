import Routing
import TestSupport
import Testing

@Suite struct TokenBudgetTests {
    @Test(arguments: [0, -1, Int.min])
    func `a budget below one token is refused`(tokens: Int) {
        #expect(throws: RoutingError.ceilingTooLow(tokens: tokens)) {
            try TokenBudget(tokens: tokens)
        }
    }

    @Test func `without any ceiling the context decides`() throws {
        let effective = try TokenBudget.unlimited.resolve(
            promptTokens: 10, contextLength: 100, requestCeilings: RequestCeilings())
        #expect(effective.tokens == 90)
        #expect(effective.bound == .context)
    }

    @Test func `max_completion_tokens silences max_tokens even when it is larger`() throws {
        let ceilings = RequestCeilings(maximumTokens: 5, maximumCompletionTokens: 50)
        let effective = try TokenBudget.unlimited.resolve(
            promptTokens: 10, contextLength: 100, requestCeilings: ceilings)
        #expect(effective.tokens == 50)
        #expect(effective.bound == .request)
    }

    @Test func `of equal ceilings the budget is named before the field and the context`() throws {
        let budget = try TokenBudget(tokens: 20)
        let twins = RequestCeilings(maximumNewTokens: 20)
        let effective = try budget.resolve(
            promptTokens: 10, contextLength: 30, requestCeilings: twins)
        #expect(effective.bound == .budget)
        let field = try TokenBudget.unlimited.resolve(
            promptTokens: 10, contextLength: 30, requestCeilings: twins)
        #expect(field.bound == .request)
    }

    @Test(arguments: [(10, 10), (11, 10), (0, 0), (Int.max, Int.max)])
    func `a prompt that fills the context leaves no room`(prompt: Int, context: Int) {
        #expect(throws: RoutingError.noRoom(promptTokens: prompt, contextLength: context)) {
            try TokenBudget.unlimited.resolve(
                promptTokens: prompt, contextLength: context, requestCeilings: RequestCeilings())
        }
    }

    @Test func `a field below one is refused, not clamped`() {
        #expect(throws: RoutingError.ceilingTooLow(tokens: 0)) {
            try TokenBudget.unlimited.resolve(
                promptTokens: 1, contextLength: 9,
                requestCeilings: RequestCeilings(maximumTokens: 0))
        }
    }

    @Test func `the effective ceiling is the least of all and is the value of what bound`() throws {
        var generator = SeededGenerator(seed: 11)
        func perhaps() -> Int? {
            Bool.random(using: &generator) ? Int.random(in: 1...60, using: &generator) : nil
        }
        for _ in 0..<2_000 {
            let prompt = Int.random(in: 0...40, using: &generator)
            let context = prompt + Int.random(in: 1...60, using: &generator)
            let tokens = perhaps()
            let budget = try tokens.map { try TokenBudget(tokens: $0) } ?? .unlimited
            let ceilings = RequestCeilings(
                maximumTokens: perhaps(), maximumCompletionTokens: perhaps(),
                maximumNewTokens: perhaps())
            let effective = try budget.resolve(
                promptTokens: prompt, contextLength: context, requestCeilings: ceilings)
            let field = ceilings.maximumCompletionTokens ?? ceilings.maximumTokens
            let all = [context - prompt, tokens, field, ceilings.maximumNewTokens]
            #expect(effective.tokens == all.compactMap(\.self).min())
            let named =
                switch effective.bound {
                case .budget: tokens
                case .request: ceilings.tightest
                case .context: context - prompt
                }
            #expect(named == effective.tokens)
        }
    }
}
