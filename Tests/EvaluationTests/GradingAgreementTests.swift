import Evaluation
import Foundation
import Testing

@Suite("Grading of rewritten and falsified answers")
struct GradingAgreementTests {
    private static let agreement = Result { GradingAgreement(pairs: try GradingPair.all()) }

    @Test("At least 99 % of the pairs are judged as they were made")
    func construction() throws {
        let agreement = try Self.agreement.get()
        #expect(agreement.total.pairCount >= 9_000)
        let wrong = agreement.wrong.map { "\($0.kind): \($0.gold) and \($0.prediction)" }
        #expect(wrong.count * 100 <= agreement.total.pairCount, "\(wrong)")
    }

    @Test("No kind of pair is judged wrongly more often than one time in ten")
    func kinds() throws {
        for (kind, row) in try Self.agreement.get().rows {
            #expect(row.wrongCount * 10 <= row.pairCount, "\(kind)")
        }
    }

    @Test("At least 99 % of the verdicts are those of math-verify")
    func mathVerify() throws {
        let total = try Self.agreement.get().total
        #expect(total.differsFromMathVerifyCount * 100 <= total.pairCount)
    }

    @Test("At least 98 % of the lenient policy's verdicts are those of the reference rules")
    func reference() throws {
        let total = try Self.agreement.get().total
        #expect(total.differsFromReferenceCount * 50 <= total.pairCount)
    }

    @Test("Every disagreement is counted in the committed table")
    func table() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/grading_agreement.md")
        let text = try String(contentsOf: path, encoding: .utf8)
        let table = try Self.agreement.get().table
        #expect(text.contains(table), "the table is now:\n\(table)")
    }
}
