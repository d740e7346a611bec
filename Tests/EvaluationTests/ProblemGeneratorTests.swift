import Testing

@testable import Evaluation

@Suite struct ProblemGeneratorTests {
    private static let generator = ProblemGenerator(seed: 11)

    @Test("the answer is what the English says, step by step", arguments: Tier.allCases)
    func answers(tier: Tier) throws {
        for split in Split.allCases {
            for problem in try Self.generator.problems(tier: tier, split: split, count: 400) {
                let reading = try #require(
                    EnglishArithmetic(problem.question), "\(problem.question)")
                #expect(reading.totals == problem.totals, "\(problem.question)")
                #expect(problem.answer == reading.totals.last)
            }
        }
    }

    @Test(
        "the computation's text comes to the answer within the tier's ranges",
        arguments: Tier.allCases)
    func ranges(tier: Tier) throws {
        var counts: Set<Int> = []
        for problem in try Self.generator.problems(tier: tier, split: .train, count: 2000) {
            var total = 0
            var operations = 0
            for (index, word) in problem.computation.split(separator: " ").enumerated() {
                let numbers = word.matches(of: /\d+/).compactMap { Int($0.0) }
                let product = numbers.reduce(1, *)
                operations += numbers.count - (index == 0 ? 1 : 0)
                if numbers.count == 2 {
                    #expect((2...6).contains(numbers[0]))
                    #expect((3...(tier == .easy ? 9 : 12)).contains(numbers[1]))
                }
                switch word.first {
                case "+":
                    total += product
                    #expect(numbers.count == 2 || tier.operands.contains(product))
                case "-":
                    total -= product
                    #expect(numbers.count == 2 || tier.operands.contains(product))
                case "*":
                    #expect(product == 2 || product == 3)
                    #expect(total > 0)
                    total *= product
                case "/":
                    #expect(product == 2 && total.isMultiple(of: 2) && total > 4)
                    total /= 2
                default:
                    #expect(index == 0)
                    #expect(numbers.count == 2 || tier.starts.contains(product))
                    total = product
                }
                #expect((0...tier.largestTotal).contains(total), "\(problem.computation)")
            }
            #expect(total == problem.answer)
            #expect(tier.operationCounts.contains(operations), "\(problem.computation)")
            counts.insert(operations)
        }
        #expect(counts == Set(tier.operationCounts))
    }

    @Test("the tiers are those that the recipe was found with")
    func tiers() {
        #expect(Tier.allCases.map(\.largestTotal) == [99, 299, 999])
        #expect(Tier.allCases.map(\.operationCounts) == [1...2, 3...5, 6...10])
        #expect(Tier.allCases.map(\.operands) == [2...30, 5...90, 20...290])
        #expect(Tier.allCases.map(\.starts) == [3...40, 10...90, 30...300])
    }

    @Test("no computation is in two splits, whatever the seeds and tiers")
    func splitsAreDisjoint() throws {
        var splits: [String: Split] = [:]
        for seed in 0..<6 as Range<UInt64> {
            for split in Split.allCases {
                for tier in Tier.allCases {
                    let problems = try ProblemGenerator(seed: seed)
                        .problems(tier: tier, split: split, count: 500)
                    for problem in problems {
                        #expect(
                            splits.updateValue(split, forKey: problem.computation) ?? split == split
                        )
                    }
                }
            }
        }
        let test = splits.values.count { $0 == .test }
        #expect(test > 5000)
    }

    @Test("a tenth of all computations is for tests and a tenth for calibration")
    func splitShares() {
        var counts: [Split: Int] = [:]
        for number in 0..<20_000 {
            counts[Split(ofComputation: "\(number) +\(number % 7)"), default: 0] += 1
        }
        // Standard deviation 42.
        #expect(abs((counts[.test] ?? 0) - 2000) < 250)
        #expect(abs((counts[.calibration] ?? 0) - 2000) < 250)
    }

    @Test(
        "a set has no computation twice and its first n are the shorter set",
        arguments: Tier.allCases)
    func prefix(tier: Tier) throws {
        let long = try Self.generator.problems(tier: tier, split: .test, count: 1000)
        #expect(Set(long.map(\.computation)).count == 1000)
        #expect(
            try Self.generator.problems(tier: tier, split: .test, count: 100)
                == Array(long.prefix(100)))
        let other = try ProblemGenerator(seed: 12).problems(tier: tier, split: .test, count: 100)
        #expect(other.map(\.computation) != long.prefix(100).map(\.computation))
    }

    @Test("the same seed gives the same problems in every release")
    func golden() throws {
        let problems = try Tier.allCases.map {
            try ProblemGenerator(seed: 0).problems(tier: $0, split: .test, count: 1)[0]
        }
        #expect(
            problems.map(\.computation) == [
                "26 -5 -15", "40 -2*11 +5 *3 +24", "218 /2 +44 *2 -272 +238 +166",
            ])
    }

    @Test("stories, orders, products at the start and every operation come as often as they should")
    func variety() throws {
        let problems = try Self.generator.problems(tier: .hard, split: .train, count: 2000)
        let stories = problems.filter { if case .story = $0.form { true } else { false } }
        #expect(abs(stories.count - 1600) < 110)
        let packs = stories.count { if case .packs = $0.start { true } else { false } }
        #expect(abs(Double(packs) / Double(stories.count) - 0.3) < 0.08)
        let words = problems.flatMap { $0.computation.split(separator: " ").dropFirst() }
        for kind in ["*2", "*3", "/2"] {
            #expect(words.count { $0 == kind } > 100)
        }
        #expect(words.count { $0.contains(/^\+\d+\*/) } > 200)
        #expect(words.count { $0.contains(/^-\d+\*/) } > 200)
        #expect(Set(problems.map(\.question)).count == 2000)
    }

    @Test("its lines are a problem set whose tiers and answers are the problems'")
    func lines() throws {
        var text = ""
        for tier in Tier.allCases {
            let lines = try Self.generator.lines(tier: tier, split: .calibration, count: 20)
            text += lines.joined(separator: "\n") + "\n"
        }
        let set = try ProblemSet(name: "s", file: "f", jsonLines: Array(text.utf8))
        let direct = try Tier.allCases.flatMap {
            try Self.generator.problems(tier: $0, split: .calibration, count: 20)
        }
        #expect(set.problems.map(\.question) == direct.map(\.question))
        #expect(set.problems.map(\.answer) == direct.map { "\($0.answer)" })
        #expect(set.problems[0].id == "calibration-easy-s11-00000")
        #expect(Set(set.problems.map(\.difficulty)).count == 3)
    }

    @Test("asking for more than there is ends with how many there are")
    func exhaustion() throws {
        let error = try #require(throws: EvaluationError.self) {
            try Self.generator.problems(tier: .easy, split: .test, count: 1_000_000)
        }
        guard case .exhausted("easy", "test", 1_000_000, let found) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(found > 2000)
    }
}
