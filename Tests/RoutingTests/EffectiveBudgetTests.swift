import Routing
import TestSupport
import Testing

@Suite struct EffectiveBudgetTests {
    static let thinker = Candidate(
        id: "thinker", alpha: 0.1, contextLength: 1000, price: Price(prompt: 1, completion: 2),
        thought: .init(closerTokens: 3, answerReserve: 20, leastAnswer: 4),
        load: Load(waitSeconds: 1, prefillSeconds: 0.5, secondsPerToken: 0.01))
    static let plain = Candidate(id: "plain", alpha: nil, contextLength: 100)

    static func effective(
        _ budget: Budget, _ fields: RequestCeilings = RequestCeilings(), prompt: Int = 10,
        candidate: Candidate = thinker
    ) throws(RoutingError) -> EffectiveBudget {
        try EffectiveBudget(budget, fields: fields, promptTokens: prompt, candidate: candidate)
    }

    @Test func `without any ceiling the context decides`() throws {
        let effective = try Self.effective(Budget(), candidate: Self.plain)
        #expect(effective.tokens == 90)
        #expect(effective.bound == .context)
        #expect(effective.reasoningTokens == nil)
    }

    @Test func `max_completion_tokens silences max_tokens even when it is larger`() throws {
        let ceilings = RequestCeilings(maximumTokens: 5, maximumCompletionTokens: 50)
        let effective = try Self.effective(Budget(), ceilings, candidate: Self.plain)
        #expect(effective.tokens == 50)
        #expect(effective.bound == .request)
    }

    @Test func `of equal ceilings the budget is named before the field and the context`() throws {
        var budget = Budget()
        budget.tokens = 20
        let twins = RequestCeilings(maximumNewTokens: 20)
        #expect(
            try Self.effective(budget, twins, prompt: 80, candidate: Self.plain).bound == .budget)
        #expect(
            try Self.effective(Budget(), twins, prompt: 80, candidate: Self.plain).bound
                == .request)
    }

    @Test(arguments: [100, 101, Int.max])
    func `a prompt that fills the context leaves no room`(prompt: Int) {
        #expect(throws: RoutingError.noRoom(promptTokens: prompt, contextLength: 100)) {
            try Self.effective(Budget(), prompt: prompt, candidate: Self.plain)
        }
    }

    @Test func `a field below one is refused, not clamped`() {
        #expect(
            throws: RoutingError.invalid(key: "max_tokens", expected: "1 or more", found: "0")
        ) { try Self.effective(Budget(), RequestCeilings(maximumTokens: 0)) }
    }

    @Test func `the thought leaves the answer its reserve, by default at most half of the room`()
        throws
    {
        var budget = Budget()
        budget.tokens = 200
        #expect(try Self.effective(budget).reasoningTokens == 180)
        budget.tokens = 13
        let tight = try Self.effective(budget)
        #expect(tight.answerTokens == 5 && tight.reasoningTokens == 8)
        budget.tokens = 7
        let least = try Self.effective(budget)
        #expect(least.answerTokens == 4 && least.reasoningTokens == 3)
        budget.onExhausted = .stop
        #expect(try Self.effective(budget).reasoningTokens == 7)
        budget = Budget()
        (budget.tokens, budget.answerTokens, budget.reasoningTokens) = (200, 50, 900)
        let asked = try Self.effective(budget)
        #expect(asked.answerTokens == 50 && asked.reasoningTokens == 150)
        budget.reasoningTokens = 0
        #expect(try Self.effective(budget).reasoningTokens == 0)
        #expect(
            try Self.effective(budget, RequestCeilings(reasoningTokens: 7)).reasoningTokens == 0)
    }

    @Test func `a refused budget names a minimum, and that minimum works`() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1_000 {
            var candidate = Self.thinker
            candidate.price = Price(
                prompt: .random(in: 0...9, using: &generator),
                completion: .random(in: 0.01...9, using: &generator))
            candidate.load.secondsPerToken = .random(in: 0.0001...0.2, using: &generator)
            candidate.thought = .init(
                closerTokens: .random(in: 1...30, using: &generator), answerReserve: 64,
                leastAnswer: .random(in: 1...9, using: &generator))
            let prompt = Int.random(in: 1...500, using: &generator)
            for key in ["tokens", "cost", "latency_ms"] {
                var budget = Budget()
                switch key {
                case "tokens": budget.tokens = 1
                case "cost": budget.cost = 1e-12
                default: budget.latencyMilliseconds = 1
                }
                do {
                    _ = try Self.effective(budget, prompt: prompt, candidate: candidate)
                    Issue.record("\(key) was enough")
                } catch {
                    guard case .infeasible(key, let minimum) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    budget = Budget()
                    budget.tokens = minimum.tokens
                    budget.cost = minimum.cost
                    // The wait is load, not the budget's fault: 429, not 400.
                    budget.latencyMilliseconds = minimum.latencyMilliseconds
                    candidate.load.waitSeconds = 0
                    let effective = try Self.effective(
                        budget, prompt: prompt, candidate: candidate)
                    #expect(effective.tokens == minimum.tokens)
                    candidate.load.waitSeconds = 1
                }
            }
        }
    }

    @Test func `what only the queue makes late is the queue's fault`() {
        var budget = Budget()
        budget.latencyMilliseconds = 1200
        #expect(throws: RoutingError.deadlineUnmeetable(waitSeconds: 1)) {
            try Self.effective(budget)
        }
    }

    @Test func `every ceiling holds, and what bound is one of them`() throws {
        var generator = SeededGenerator(seed: 11)
        func perhaps(_ range: ClosedRange<Int>) -> Int? {
            Bool.random(using: &generator) ? Int.random(in: range, using: &generator) : nil
        }
        for _ in 0..<5_000 {
            var budget = Budget()
            budget.tokens = perhaps(7...400)
            budget.reasoningTokens = perhaps(0...400)
            budget.cost = perhaps(30...900).map { Double($0) * 1e-6 }
            budget.latencyMilliseconds = perhaps(1600...9000)
            let fields = RequestCeilings(maximumTokens: perhaps(1...400))
            let effective = try Self.effective(budget, fields)
            let cost = Self.thinker.price.cost(
                promptTokens: 10, completionTokens: Double(effective.tokens))
            #expect(effective.tokens >= 1 && effective.tokens <= 990)
            #expect(budget.tokens.map { effective.tokens <= $0 } ?? true)
            #expect(fields.tightest.map { effective.tokens <= $0 } ?? true)
            #expect(budget.cost.map { cost <= $0 + 1e-15 } ?? true)
            #expect(
                budget.latencyMilliseconds.map {
                    Self.thinker.load.seconds(for: Double(effective.tokens)) <= Double($0) / 1000
                        + 1e-9
                } ?? true)
            let reasoning = try #require(effective.reasoningTokens)
            #expect(reasoning <= budget.reasoningTokens ?? 990)
            #expect(
                reasoning >= 0 && reasoning <= max(0, effective.tokens - effective.answerTokens))
        }
    }

    @Test func `the largest numbers there are break nothing`() throws {
        for change: (inout Budget) -> Void in [
            { $0.tokens = .max }, { $0.reasoningTokens = .max }, { $0.answerTokens = .max },
            { $0.latencyMilliseconds = .max }, { $0.cost = .greatestFiniteMagnitude },
            { ($0.tokens, $0.answerTokens) = (.max, .max - 1) },
        ] {
            var budget = Budget()
            change(&budget)
            let fields = RequestCeilings(reasoningTokens: .max)
            do {
                let effective = try Self.effective(budget, fields)
                #expect(effective.tokens == 990)
                #expect(effective.answerTokens <= 990)
            } catch {
                guard case .infeasible = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
    }

    @Test func `numbers that are no ceilings are refused by name`() {
        for (key, change): (String, (inout Budget) -> Void) in [
            ("tokens", { $0.tokens = 0 }), ("reasoning_tokens", { $0.reasoningTokens = -2 }),
            ("answer_tokens", { $0.answerTokens = 0 }), ("cost", { $0.cost = 0 }),
            ("cost", { $0.cost = .nan }), ("cost", { $0.cost = .infinity }),
            ("latency_ms", { $0.latencyMilliseconds = 0 }),
        ] {
            var budget = Budget()
            change(&budget)
            do {
                try budget.validate()
                Issue.record("\(key) was taken")
            } catch {
                guard case .invalid(key, _, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        var budget = Budget()
        (budget.tokens, budget.answerTokens) = (10, 10)
        #expect(throws: RoutingError.self) { try budget.validate() }
    }
}
