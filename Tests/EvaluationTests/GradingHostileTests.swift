import Evaluation
import TestSupport
import Testing

@Suite("Grading of hostile answers")
struct GradingHostileTests {
    private let grader = Grader()

    @Test("A hostile answer is never equal to an honest one, on either side")
    func constructed() {
        for answer in HostileAnswer.constructed {
            for gold in ["17", "x+1", "(3,4]"] {
                #expect(!grader.grade(answer, against: gold).isEqual, "\(answer.prefix(60))")
                #expect(!grader.grade(gold, against: answer).isEqual, "\(answer.prefix(60))")
            }
        }
    }

    @Test("Hostile answers against each other always come to a verdict, the same in both orders")
    func pairwise() {
        let answers = HostileAnswer.constructed
        for (answer, other) in zip(answers, answers.dropFirst()) {
            let verdict = grader.grade(answer, against: other)
            #expect(verdict.isEqual == grader.grade(other, against: answer).isEqual)
        }
    }

    @Test("Random fragments come to a verdict, and equal themselves unless they are empty")
    func fragments() {
        var generator = SeededGenerator(seed: 0x6A0D)
        for _ in 0..<1_500 {
            let answer = HostileAnswer.random(using: &generator)
            let other = HostileAnswer.random(using: &generator)
            #expect(grader.grade(answer, against: answer) != .different, "\(answer)")
            let verdict = grader.grade(answer, against: other)
            #expect(verdict == grader.grade(answer, against: other), "\(answer) and \(other)")
        }
    }

    @Test("A value equals itself plus nothing, and not itself plus one")
    func expressions() {
        var generator = SeededGenerator(seed: 0xBEEF)
        for _ in 0..<400 {
            let answer = HostileAnswer.expression(depth: 4, using: &generator)
            let same = grader.grade("0 + \(answer)", against: answer)
            #expect(same != .different, "\(answer)")
            let next = grader.grade("1 + \(answer)", against: answer)
            // A huge value swallows the one where only sampling can tell, so a tie is allowed there.
            #expect(next != .equal(by: .exact), "\(answer)")
        }
    }

    @Test("Fewer steps can leave a question open and never turn a verdict around")
    func steps() {
        var generator = SeededGenerator(seed: 0x57E9)
        for _ in 0..<100 {
            let answer = HostileAnswer.expression(depth: 3, using: &generator)
            let other = HostileAnswer.expression(depth: 3, using: &generator)
            let full = grader.grade(answer, against: other)
            for steps in [0, 10, 100, 1_000] {
                let limits = GradingLimits(maximumStepCount: steps)
                let short = Grader(limits: limits).grade(answer, against: other)
                #expect(short == .undecided || short == full)
            }
        }
    }
}
