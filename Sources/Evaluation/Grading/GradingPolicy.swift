/// What counts as equal where mathematics leaves a choice.
public struct GradingPolicy: Sendable, Hashable {
    /// When a number and a hundred times that number are the same answer.
    public enum Percentages: Sendable, Hashable {
        /// Only where one of the two answers carries a percent sign.
        case whenWritten

        /// Always, as in the checkers of the Qwen2.5-Math lineage: `50`, `0.5` and `5000` all
        /// match `50`.
        case always
    }

    /// When two numbers that differ a little are the same answer.
    public enum Approximation: Sendable, Hashable {
        /// Only where one of the two answers is written as a decimal.
        case decimals

        /// Always, as in the checkers of the Qwen2.5-Math lineage: `20001` matches `20000`.
        case always
    }

    /// When a number and a hundred times that number are the same answer.
    public var percentages: Percentages

    /// When two numbers that differ a little are the same answer.
    public var approximation: Approximation

    /// Largest relative difference of numbers that are the same answer, 0 for none.
    public var relativeTolerance: Double

    /// Sets the policy; the defaults accept no integer for another one.
    ///
    /// - Parameters:
    ///   - percentages: When a number and a hundred times that number are the same answer.
    ///   - approximation: When two numbers that differ a little are the same answer.
    ///   - relativeTolerance: Largest relative difference of numbers that are the same answer.
    public init(
        percentages: Percentages = .whenWritten, approximation: Approximation = .decimals,
        relativeTolerance: Double = 1e-4
    ) {
        self.percentages = percentages
        self.approximation = approximation
        self.relativeTolerance = relativeTolerance
    }

    /// The leniency of the checker that the paper trained and evaluated with
    /// (`math_equal` of the Qwen2.5-Math lineage).
    public static let reference = GradingPolicy(percentages: .always, approximation: .always)
}
