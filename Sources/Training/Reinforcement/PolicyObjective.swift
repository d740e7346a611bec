import Foundation

/// PPO's clipped objective, as weights of log-probabilities (arXiv 1707.06347, equation 7).
///
/// The loss of a token is `-min(r A, clip(r, 1 - ε, 1 + ε) A)` with `r = p / p_old`. Its slope with
/// regard to log p is `-r A`, or 0 where the clipped side is the smaller one.
public struct PolicyObjective: Sendable, Equatable {
    /// How a batch of tokens becomes one number.
    public enum Normalization: String, Sendable, Equatable, Codable, CaseIterable {
        /// The mean over each sequence's tokens, then over sequences: the paper's.
        case sequence
        /// The mean over all tokens: a token weighs the same in long and short responses.
        case token
    }

    /// ε.
    public var clip: Double
    /// How a batch of tokens becomes one number.
    public var normalization: Normalization

    /// An objective; see the properties.
    public init(clip: Double = 0.2, normalization: Normalization = .sequence) {
        self.clip = clip
        self.normalization = normalization
    }

    /// What one token contributes.
    public struct Term: Sendable, Equatable {
        /// The loss.
        public var loss: Double
        /// What `-log p` has to be weighed with to have the loss's slope.
        public var weight: Double
        /// Whether the clipped side counts.
        public var isClipped: Bool
    }

    /// The loss of one token and its slope, before normalisation.
    ///
    /// - Parameters:
    ///   - logProbability: Now.
    ///   - old: When the token was drawn.
    ///   - advantage: The token's.
    /// - Returns: Loss and weight.
    public func term(logProbability: Double, old: Double, advantage: Double) -> Term {
        // A ratio beyond e^20 is clipped or infinite either way.
        let ratio = exp(min(max(logProbability - old, -20), 20))
        let clipped = min(max(ratio, 1 - clip), 1 + clip)
        let isClipped = clipped * advantage < ratio * advantage
        return Term(
            loss: -min(ratio * advantage, clipped * advantage),
            weight: isClipped ? 0 : ratio * advantage, isClipped: isClipped)
    }

    /// What the terms of a response's tokens are multiplied by.
    ///
    /// - Parameters:
    ///   - tokens: Of the response.
    ///   - sequenceCount: Responses of the minibatch.
    ///   - tokenCount: Tokens of all of them.
    /// - Returns: A factor that makes the sum over all tokens the mean.
    public func factor(tokens: Int, sequenceCount: Int, tokenCount: Int) -> Double {
        switch normalization {
        case .sequence: 1 / (Double(max(1, tokens)) * Double(max(1, sequenceCount)))
        case .token: 1 / Double(max(1, tokenCount))
        }
    }
}
