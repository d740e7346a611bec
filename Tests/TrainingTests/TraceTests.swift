import Evaluation
import Testing
import Training

@Suite struct TraceTests {
    static let examples: [TraceCorpus.Example] = {
        guard let corpus = try? TraceCorpus(seed: 11, mix: [.easy: 1, .medium: 1, .hard: 1])
        else { return [] }
        return (0..<900).map { corpus.example(at: $0) }
    }()

    @Test func `every trace ends in the right answer's box, behind one thought`() {
        #expect(Self.examples.count == 900)
        for example in Self.examples {
            let (text, answer) = (example.trace.text, "\(example.problem.answer)")
            let last = text.split(separator: "\n").last ?? ""
            let isRight =
                StrictGrading.isCorrect(text, answer: answer)
                && (last == "\\boxed{\(answer)}" || last == "The answer is \\boxed{\(answer)}.")
            #expect(isRight, "\(text)")
        }
    }

    @Test func `whatever is stated is true, unless it is a masked mistake or follows from one`() {
        var stated = 0
        for example in Self.examples {
            let trace = ParsedTrace(example.trace)
            for line in trace.lines {
                let isMistaken = trace.isMasked(line.range)
                let equations = line.equations
                stated += equations.count
                let wrong = equations.filter { !$0.isTrue && !trace.isMasked($0.valueRange) }
                if isMistaken {
                    // columns with a mistake end in the number that their digits make
                    let isOutcome = wrong.isEmpty || wrong == [equations[equations.count - 1]]
                    #expect(isOutcome, "\(line.text)")
                } else {
                    #expect(wrong.isEmpty, "\(line.text)")
                }
            }
        }
        #expect(stated > 5000)
    }

    @Test func `the outcome of mistaken columns is the number that their digits make`() {
        var count = 0
        for example in Self.examples {
            let trace = ParsedTrace(example.trace)
            for line in trace.lines where trace.isMasked(line.range) && line.equations.count > 1 {
                var (number, power) = (0, 1)
                let columns = line.equations.dropLast()
                for (index, column) in columns.enumerated() {
                    number +=
                        (index == columns.count - 1 ? column.value : column.value % 10) * power
                    power *= 10
                }
                #expect(line.equations.last?.value == number, "\(line.text)")
                count += 1
            }
        }
        #expect(count > 3)
    }

    @Test func `every mistake is masked, digits only, noticed in the next line and then repaired`()
    {
        var mistakes = 0
        for example in Self.examples {
            let trace = ParsedTrace(example.trace)
            for segment in example.trace.segments where !segment.isLearned {
                #expect(
                    !segment.text.isEmpty && segment.text.allSatisfy { "0123456789".contains($0) })
            }
            let wrong = trace.lines.indices.filter { trace.isMasked(trace.lines[$0].range) }
            #expect(wrong.count == trace.masked.count, "one mistake a line")
            let noticed = trace.lines.count { $0.text.hasSuffix(" Wrong.") }
            #expect(noticed == wrong.count && wrong.allSatisfy { $0 + 2 < trace.lines.count })
            for index in wrong where index + 2 < trace.lines.count {
                let (line, check, repair) = (
                    trace.lines[index], trace.lines[index + 1], trace.lines[index + 2]
                )
                mistakes += 1
                let claim = line.equations.last
                let isFalse = claim?.isTrue == false
                let isNoticed = check.text.hasSuffix(" Wrong.") && check.text.contains(", not ")
                let isRepaired =
                    repair.text.hasPrefix("Again: ") && repair.equations.last?.work == claim?.work
                    && repair.equations.last?.isTrue == true
                #expect(isFalse && isNoticed && isRepaired, "\(line.text)\n\(check.text)")
            }
        }
        #expect(mistakes > 40)
    }

    @Test func `a check leads back to the step's left side, or says that it does not`() {
        for example in Self.examples {
            let trace = ParsedTrace(example.trace)
            for (line, check) in zip(trace.lines, trace.lines.dropFirst()) {
                guard check.text.hasPrefix("Check: ") || check.text.hasPrefix("Let me check: "),
                    let step = line.equations.last, let back = check.equations.last
                else { continue }
                let left = Int(step.work.prefix { $0.isNumber })
                let returns = back.value == left && back.rest == 0
                #expect(back.work.hasPrefix("\(step.value)"), "\(check.text)")
                #expect(returns == !check.text.hasSuffix(" Wrong."), "\(check.text)")
                #expect(returns == step.isTrue, "\(check.text)")
            }
        }
    }

    @Test func `segments are not empty and take turns, and the first and last are learned`() {
        for example in Self.examples {
            let segments = example.trace.segments
            let learned = segments.map(\.isLearned)
            let takeTurns = zip(learned, learned.dropFirst()).allSatisfy { $0 != $1 }
            #expect(takeTurns && learned.first == true && learned.last == true)
            let hasEmpty = segments.contains { $0.text.isEmpty }
            #expect(!hasEmpty)
        }
    }

    @Test func `problems are from the train split, as seldom as the mix says from each tier`()
        throws
    {
        #expect(Self.examples.allSatisfy { $0.problem.split == .train })
        let corpus = try TraceCorpus(seed: 5, mix: [.easy: 3, .hard: 1])
        let tiers = (0..<400).map { corpus.example(at: $0).problem.tier }
        #expect(!tiers.contains(.medium))
        // 300 expected, with a deviation of 8.7
        #expect((265...335).contains(tiers.count { $0 == .easy }))
    }

    @Test func `every tier has the same styles as often as they weigh`() throws {
        #expect(TraceStyle.allCases.reduce(0) { $0 + $1.weight } == 100)
        for tier in Tier.allCases {
            let corpus = try TraceCorpus(seed: 21, mix: [tier: 1])
            let styles = (0..<400).map { corpus.example(at: $0).trace.style }
            for style in TraceStyle.allCases {
                let share = Double(style.weight) / 100
                let deviation = (400 * share * (1 - share)).squareRoot()
                let count = Double(styles.count { $0 == style })
                #expect(abs(count - 400 * share) < 4 * deviation, "\(tier) \(style)")
            }
        }
    }

    @Test func `the style follows from the seed alone, whatever the problem`() {
        let problems = Tier.allCases.map { tier in
            ProblemGenerator(seed: 1).problem(tier: tier, split: .train, index: 0)
        }
        for seed in 0..<100 as Range<UInt64> {
            let styles = problems.map { TraceWriter.trace(of: $0, seed: seed).style }
            #expect(Set(styles).count == 1)
        }
    }

    @Test func `an element follows from seed and index, in any order`() throws {
        let mix: [Tier: Int] = [.easy: 1, .medium: 1, .hard: 1]
        let again = try TraceCorpus(seed: 11, mix: mix)
        for index in [899, 3, 500, 3] {
            #expect(again.example(at: UInt64(index)) == Self.examples[index])
        }
        let other = try TraceCorpus(seed: 12, mix: mix)
        #expect((0..<5).contains { other.example(at: UInt64($0)) != Self.examples[$0] })
    }

    @Test func `a mix without weight is refused`() {
        for mix in [[:], [.easy: 0], [.easy: -1], [.easy: 1001]] as [[Tier: Int]] {
            #expect(throws: TrainingError.self) { try TraceCorpus(seed: 1, mix: mix) }
        }
    }
}
