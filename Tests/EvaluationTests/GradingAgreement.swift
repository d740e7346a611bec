import Evaluation
import Foundation

/// How this grader and two others judge the pairs of the fixture, kind by kind.
struct GradingAgreement {
    /// Counts of one kind of pair.
    struct Row {
        var pairCount = 0
        var wrongCount = 0
        var mathVerifyWrongCount = 0
        var referenceWrongCount = 0
        var differsFromMathVerifyCount = 0
        var differsFromReferenceCount = 0
    }

    private(set) var rows: [String: Row] = [:]
    private(set) var total = Row()

    /// Pairs that this grader judges otherwise than they were made.
    private(set) var wrong: [GradingPair] = []

    init(pairs: [GradingPair]) {
        let (grader, lenient) = (Grader(), Grader(policy: .reference))
        for pair in pairs {
            let verdict = grader.grade(pair.prediction, against: pair.gold).isEqual
            let other = lenient.grade(pair.prediction, against: pair.gold).isEqual
            var row = Row(pairCount: 1)
            row.wrongCount = verdict == pair.isEqual ? 0 : 1
            row.mathVerifyWrongCount = pair.mathVerify == pair.isEqual ? 0 : 1
            row.referenceWrongCount = pair.reference == pair.isEqual ? 0 : 1
            row.differsFromMathVerifyCount = pair.mathVerify == verdict ? 0 : 1
            row.differsFromReferenceCount = pair.reference == other ? 0 : 1
            total.add(row)
            rows[pair.kind, default: Row()].add(row)
            if row.wrongCount > 0 { wrong.append(pair) }
        }
    }

    /// A table of the kinds that any two disagree about.
    var table: String {
        let disputed = rows.filter { $0.value.isDisputed }.sorted { $0.key < $1.key }
        let lines = (disputed + [("**all kinds**", total)]).map { kind, row in
            let counts = [
                row.pairCount, row.wrongCount, row.mathVerifyWrongCount, row.referenceWrongCount,
                row.differsFromMathVerifyCount, row.differsFromReferenceCount,
            ]
            return "| \(kind) | " + counts.map(String.init).joined(separator: " | ") + " |"
        }
        let head = [
            "| kind | pairs | this grader wrong | math-verify wrong | reference wrong "
                + "| this and math-verify differ | this (reference policy) and reference differ |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        return (head + lines).joined(separator: "\n")
    }
}

extension GradingAgreement.Row {
    /// Whether any of the graders is wrong about a pair or differs from another.
    var isDisputed: Bool {
        wrongCount + mathVerifyWrongCount + referenceWrongCount + differsFromMathVerifyCount
            + differsFromReferenceCount > 0
    }

    /// Adds the counts of another row.
    mutating func add(_ other: GradingAgreement.Row) {
        pairCount += other.pairCount
        wrongCount += other.wrongCount
        mathVerifyWrongCount += other.mathVerifyWrongCount
        referenceWrongCount += other.referenceWrongCount
        differsFromMathVerifyCount += other.differsFromMathVerifyCount
        differsFromReferenceCount += other.differsFromReferenceCount
    }
}
