import Foundation
import Routing
import TestSupport
import Testing

@Suite struct RouterTests {
    static let residuals = (0..<200).map { Double($0) / 100 - 0.995 }

    static func candidate(
        _ alpha: Double, median: Double, accuracy: Double, closing: Double = 0.1,
        price: Price = .perToken
    ) -> Candidate {
        Candidate(
            id: "alpha_\(alpha)", alpha: alpha, contextLength: 100_000, price: price,
            thought: .init(closerTokens: 1, answerReserve: 16),
            forecast: Forecast(
                location: log(median), scale: 0.3, residuals: residuals, accuracy: accuracy,
                closings: [.init(share: 1, accuracy: closing)]))
    }

    static let family = [
        candidate(0, median: 4000, accuracy: 0.95), candidate(0.1, median: 1000, accuracy: 0.93),
        candidate(0.4, median: 200, accuracy: 0.80),
    ]

    static func budget(_ change: (inout Budget) -> Void) -> Budget {
        var budget = Budget()
        change(&budget)
        return budget
    }

    @Test(arguments: [(100, 0.4), (300, 0.4), (1500, 0.1), (20_000, 0.0)])
    func `the member that is right most often within the budget answers`(
        tokens: Int, alpha: Double
    ) throws {
        let route = try Router().route(
            Self.family, budget: Self.budget { $0.tokens = tokens }, promptTokens: 50)
        #expect(route.alpha == alpha)
        #expect(route.effective.tokens == tokens)
        #expect(route.reason == (tokens == 100 ? .capped : .best))
    }

    @Test func `of equally right members the cheaper answers`() throws {
        let twins = [
            Self.candidate(0, median: 900, accuracy: 0.900),
            Self.candidate(0.2, median: 300, accuracy: 0.898),
        ]
        let route = try Router().route(
            twins, budget: Self.budget { $0.tokens = 5000 }, promptTokens: 5)
        #expect(route.alpha == 0.2)
        #expect(route.reason == .cheaper)
    }

    @Test func `a dear member is not asked for what does not pay for its answer`() throws {
        let family = [
            Self.candidate(
                0, median: 300, accuracy: 0.99, price: Price(prompt: 0, completion: 1000)),
            Self.candidate(0.4, median: 200, accuracy: 0.8),
        ]
        let route = try Router().route(
            family, budget: Self.budget { $0.cost = 0.0005 }, promptTokens: 5)
        #expect(route.alpha == 0.4)
        #expect(route.reason == .feasible)
        #expect(route.effective.bound == .cost)
        #expect(try #require(route.cost) <= 0.0005)
    }

    @Test func `without a ceiling the knee of the frontier answers and says so`() throws {
        let route = try Router().route(Self.family, budget: Budget(), promptTokens: 50)
        #expect(route.alpha == 0.1)
        #expect(route.reason == .knee)
    }

    @Test func `more effort never chooses a shorter thinker`() throws {
        var last = 0.0
        for effort in Effort.allCases.dropFirst() {
            let route = try Router().route(
                Self.family, budget: Self.budget { $0.effort = effort }, promptTokens: 50)
            let tokens = try #require(route.meanTokens)
            #expect(tokens >= last)
            #expect(route.reason == .effort)
            last = tokens
        }
        #expect(last > 4000)
    }

    @Test(arguments: [20, 150, 300, 1500, 9000])
    func `more effort never expects fewer tokens within a ceiling`(ceiling: Int) throws {
        var (tokens, accuracy) = (0.0, 0.0)
        for effort in Effort.allCases.dropFirst() {
            let route = try Router().route(
                Self.family,
                budget: Self.budget { ($0.tokens, $0.effort) = (ceiling, effort) },
                promptTokens: 50)
            #expect(try #require(route.meanTokens) >= tokens - 1e-9)
            #expect(try #require(route.accuracy) >= accuracy - 1e-9)
            #expect(route.effective.tokens == ceiling && route.reason == .effort)
            (tokens, accuracy) = (route.meanTokens ?? 0, route.accuracy ?? 0)
        }
        let free = try Router().route(
            Self.family, budget: Self.budget { $0.tokens = ceiling }, promptTokens: 50)
        #expect(try #require(free.accuracy) <= accuracy + Router().tolerance)
    }

    @Test func `little effort does not think about what the ceiling cannot hold`() throws {
        let family = [
            Self.candidate(0, median: 4000, accuracy: 0.95, closing: 0.01),
            Self.candidate(0.4, median: 2000, accuracy: 0.9, closing: 0.01),
        ]
        func route(_ tokens: Int, _ effort: Effort?) throws -> Route {
            try Router().route(
                family, budget: Self.budget { ($0.tokens, $0.effort) = (tokens, effort) },
                promptTokens: 5)
        }
        #expect(try route(500, .low).effective.reasoningTokens == 0)
        #expect(try route(500, nil).effective.reasoningTokens == 484)
        #expect(try route(500, .max).effective.reasoningTokens == 484)
        #expect(try route(6000, .low).alpha == 0.4)
        #expect(try route(500, .low).sentence.contains("a thought of 0"))
    }

    @Test func `what would likely run out is refused where that was asked`() throws {
        let budget = Self.budget {
            $0.tokens = 150
            $0.onExhausted = .reject
        }
        #expect(throws: RoutingError.self) {
            try Router().route(Self.family, budget: budget, promptTokens: 5)
        }
        let loose = Self.budget {
            $0.tokens = 400
            $0.onExhausted = .reject
        }
        #expect(try Router().route(Self.family, budget: loose, promptTokens: 5).alpha == 0.4)
    }

    @Test func `a family without profiles is served by its lightest member`() throws {
        let family = Self.family.map { candidate in
            var candidate = candidate
            candidate.forecast = nil
            return candidate
        }
        let route = try Router().route(
            family, budget: Self.budget { $0.tokens = 100 }, promptTokens: 5)
        #expect(route.alpha == 0)
        #expect(route.reason == .unmeasured)
    }

    @Test func `the choice has the highest expected accuracy, whatever the family`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<1_000 {
            let family = (0..<Int.random(in: 1...6, using: &generator)).map { index in
                Self.candidate(
                    Double(index) / 10, median: .random(in: 10...3000, using: &generator),
                    accuracy: .random(in: 0...1, using: &generator),
                    closing: .random(in: 0...1, using: &generator))
            }
            let tokens = Int.random(in: 2...4000, using: &generator)
            let route = try Router().route(
                family, budget: Self.budget { $0.tokens = tokens }, promptTokens: 5)
            for candidate in family {
                let forecast = try #require(candidate.forecast)
                let other = forecast.accuracy(within: tokens, closes: true)
                #expect(try #require(route.accuracy) >= other - Router().tolerance - 1e-12)
            }
        }
    }

    @Test func `a quantile covers its share of what it was made from, and counts whole tokens`() {
        let forecast = Self.family[1].forecast!
        for q in [0.05, 0.5, 0.9, 0.99] {
            #expect(forecast.share(within: forecast.quantile(q)) >= q)
        }
        #expect(forecast.share(within: 0) == 0)
        #expect(forecast.share(within: 1_000_000) == 1)
    }
}
