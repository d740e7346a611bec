import Evaluation
import Testing

@Suite("Grading of rewritten and falsified answers")
struct GradingAgreementTests {
    @Test("At least 99 % of the pairs are judged as they were made")
    func construction() throws {
        let pairs = try GradingPair.all()
        #expect(pairs.count >= 3_000)
        let grader = Grader()
        let wrong = pairs.filter {
            grader.grade($0.prediction, against: $0.gold).isEqual != $0.isEqual
        }
        for pair in wrong {
            print("\(pair.kind)\t\(pair.gold)\t\(pair.prediction)")
        }
        #expect(wrong.count * 100 <= pairs.count)
    }
}
