/// What one row of logits says about its target.
public struct TargetStatistics: Sendable, Equatable {
    /// `log Σ e^x` of the row.
    public var logSum: Float
    /// Natural logarithm of the target's probability.
    public var logProbability: Float
    /// Entropy of the row's softmax, in nats.
    public var entropy: Float

    /// All zeros: what a row without a target gets.
    public static let none = TargetStatistics(logSum: 0, logProbability: 0, entropy: 0)

    /// Takes all values.
    public init(logSum: Float, logProbability: Float, entropy: Float) {
        self.logSum = logSum
        self.logProbability = logProbability
        self.entropy = entropy
    }
}
