import Foundation

/// Two answers with what is known about them, as a line of `Fixtures/grading_pairs.tsv`.
struct GradingPair {
    /// What another grader said of a pair; nil where it failed or ran out of time.
    let mathVerify: Bool?
    let reference: Bool?

    let kind: String
    let isEqual: Bool
    let gold: String
    let prediction: String

    /// All pairs of the fixture.
    static func all() throws -> [GradingPair] {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/grading_pairs.tsv")
        let text = try String(contentsOf: path, encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            guard fields.count == 6 else { return nil }
            return GradingPair(
                mathVerify: verdict(fields[2]), reference: verdict(fields[3]), kind: fields[0],
                isEqual: fields[1] == "1", gold: fields[4], prediction: fields[5])
        }
    }

    private static func verdict(_ field: String) -> Bool? {
        switch field {
        case "1": true
        case "0": false
        default: nil
        }
    }
}
