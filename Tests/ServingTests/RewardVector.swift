import Testing
import Tokenization

/// Lengths, verdicts, alpha and the rewards that the paper's arithmetic gives.
struct RewardVector: Sendable, CustomTestStringConvertible {
    let lengths: [Int]
    let isCorrect: [Bool]
    let alpha: Double
    let rewards: [Double]
    var advantages: [Double]?

    var testDescription: String { "\(lengths), alpha \(alpha)" }

    static let all = [
        RewardVector(
            lengths: [256, 128, 512], isCorrect: [true, false, true], alpha: 0.2,
            rewards: [0.946212, 0, 0.853788]),
        RewardVector(
            lengths: [100, 200, 300, 400], isCorrect: [true, true, true, false], alpha: 0.1,
            rewards: [0.97729, 0.95, 0.92271, 0]),
        RewardVector(
            lengths: [100, 200], isCorrect: [true, false], alpha: 0.4, rewards: [0.8, 0]),
        RewardVector(
            lengths: Array(stride(from: 100, through: 800, by: 100)),
            isCorrect: [true, true, true, true, false, false, true, true], alpha: 0.1,
            rewards: [0.977639, 0.970091, 0.961268, 0.951637, 0, 0, 0.924718, 0.918142],
            advantages: [
                0.302517, 0.29389, 0.283807, 0.2728, -0.814785, -0.814785, 0.242036, 0.23452,
            ]),
    ]

    /// Responses of these lengths in bytes, which are the scripted service's tokens.
    var texts: [String] {
        zip(lengths, isCorrect).map { length, isCorrect in
            let end = #"</think>\boxed{\#(isCorrect ? 4 : 5)}"#
            return String(repeating: "x", count: length - end.utf8.count) + end
        }
    }
}

/// A text as it stands in JSON.
func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\""
}

/// A list as it stands in JSON.
func list(_ elements: [String]) -> String {
    "[\(elements.joined(separator: ","))]"
}

extension Reply {
    /// The numbers of a list, `nil` for `null`; fails where there is no such list.
    func numbers(_ path: String) throws -> [Double?] {
        guard case .array(let values) = try at(path) else {
            Issue.record("no list at \(path) in \(text)")
            return []
        }
        return values.map(\.realNumber)
    }

    /// Expects a list of numbers, to six digits; the vectors' advantages were made from such.
    func expect(_ path: String, _ expected: [Double]) throws {
        let found = try numbers(path).map { $0 ?? .nan }
        let isClose =
            found.count == expected.count
            && zip(found, expected).allSatisfy { abs($0 - $1) < 2e-6 }
        #expect(isClose, "\(path) is \(found), expected \(expected)")
    }
}

extension TemplateValue {
    fileprivate var realNumber: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
