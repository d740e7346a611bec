import Foundation

/// The paper's reward: a right answer is worth less the longer it is among the right answers to the
/// same prompt (arXiv 2502.04463, equations 4 and 5).
///
/// With the lengths of the right responses, their mean and standard deviation (divided by the
/// count, as the authors' code does):
///
///     right:             1 - alpha * sigmoid((length - mean) / (deviation + 1e-7))
///     wrong or cut off:  0
public struct LengthPenalty: Sendable, Equatable {
    /// How strongly length is punished, in [0, 1): any right answer beats any wrong one.
    public let alpha: Double

    /// What keeps equal lengths from dividing by zero.
    private static let epsilon = 1e-7

    /// A penalty.
    ///
    /// - Parameter alpha: In [0, 1).
    public init(alpha: Double) {
        precondition((0..<1).contains(alpha), "alpha is \(alpha); expected 0 up to 1")
        self.alpha = alpha
    }

    /// The rewards of all responses to one prompt.
    ///
    /// - Parameters:
    ///   - lengths: Tokens of each response.
    ///   - isCorrect: Whether each is right; false for what was cut off.
    /// - Returns: As many rewards, 0 or in [1 - alpha, 1].
    public func rewards(lengths: [Int], isCorrect: [Bool]) -> [Double] {
        precondition(lengths.count == isCorrect.count, "\(isCorrect.count) verdicts")
        let right = zip(lengths, isCorrect).filter(\.1).map { Double($0.0) }
        guard !right.isEmpty else { return lengths.map { _ in 0 } }
        let count = Double(right.count)
        let mean = right.reduce(0, +) / count
        let deviation = (right.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
        return zip(lengths, isCorrect).map { length, isCorrect in
            // A wrong response may lie far outside, where the exponential overflows.
            guard isCorrect else { return 0 }
            let relative = (Double(length) - mean) / (deviation + Self.epsilon)
            return 1 - alpha / (1 + exp(-relative))
        }
    }
}

/// RLOO: what each response of a group is worth beyond the mean of the others (arXiv 2402.14740).
public enum LeaveOneOut {
    /// The advantages of a group, not divided by its deviation: that would cancel alpha where all
    /// responses are right.
    ///
    /// - Parameter rewards: Of at least two responses.
    /// - Returns: As many numbers, whose sum is 0.
    public static func advantages(of rewards: [Double]) -> [Double] {
        precondition(rewards.count > 1, "a group of \(rewards.count)")
        let sum = rewards.reduce(0, +)
        return rewards.map { $0 - (sum - $0) / Double(rewards.count - 1) }
    }
}
