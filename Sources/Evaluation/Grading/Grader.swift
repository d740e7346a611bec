/// Decides whether two written answers mean the same.
///
/// Grading is a pure function of the two texts, the policy and the limits: it never throws or
/// traps, and gives the same verdict on every machine.
public struct Grader: Sendable {
    /// What counts as equal where mathematics leaves a choice.
    public let policy: GradingPolicy

    /// How much work one comparison may cost.
    public let limits: GradingLimits

    /// Makes a grader.
    ///
    /// - Parameters:
    ///   - policy: What counts as equal where mathematics leaves a choice.
    ///   - limits: How much work one comparison may cost.
    public init(policy: GradingPolicy = GradingPolicy(), limits: GradingLimits = GradingLimits()) {
        self.policy = policy
        self.limits = limits
    }

    /// Compares a model's answer with the right one.
    ///
    /// - Parameters:
    ///   - prediction: The model's answer, as extracted: LaTeX or plain text.
    ///   - gold: The right answer, in the same notations.
    /// - Returns: Whether they are equal and by which rule.
    public func grade(_ prediction: String, against gold: String) -> Verdict {
        prediction == gold ? .equal(by: .text) : .undecided
    }
}
