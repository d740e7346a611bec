/// What the responses of a group turned out to be, in the group's order.
public struct GradedGroup: Sendable, Hashable {
    /// Whether each is right; what was cut off is not.
    public let isCorrect: [Bool]
    /// How long each is, as given or counted.
    public let lengths: [Int]

    /// Verdicts and lengths of as many responses.
    ///
    /// - Parameters:
    ///   - isCorrect: Whether each is right.
    ///   - lengths: How long each is.
    public init(isCorrect: [Bool], lengths: [Int]) {
        precondition(lengths.count == isCorrect.count, "\(isCorrect.count) verdicts")
        self.isCorrect = isCorrect
        self.lengths = lengths
    }

    /// 1 for each right response, 0 for each other.
    public var accuracy: [Double] { isCorrect.map { $0 ? 1 : 0 } }

    /// The paper's reward of each.
    ///
    /// - Parameter alpha: How strongly length is punished, in [0, 1).
    /// - Returns: As many rewards.
    public func rewards(alpha: Double) -> [Double] {
        LengthPenalty(alpha: alpha).rewards(lengths: lengths, isCorrect: isCorrect)
    }

    /// What each is worth beyond the mean of the others.
    ///
    /// - Parameter rewards: Of this group.
    /// - Returns: As many advantages; nil for a response without others.
    public func advantages(of rewards: [Double]) -> [Double?] {
        rewards.count > 1 ? LeaveOneOut.advantages(of: rewards) : rewards.map { _ in nil }
    }
}
