/// What a comparison of two answers came to.
public enum Verdict: Sendable, Hashable {
    /// The answers mean the same; the rule that showed it.
    case equal(by: GradingRule)

    /// The answers mean different things.
    case different

    /// Neither could be shown: a side is empty, is not mathematics that this grader reads, or the
    /// limits ran out. Counts as wrong wherever an answer must be right or wrong.
    case undecided

    /// Whether the answers were shown to be equal.
    public var isEqual: Bool {
        guard case .equal = self else { return false }
        return true
    }
}
