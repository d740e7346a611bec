/// A new budget for a sequence that waits or runs; nil leaves a ceiling as it is.
public struct SequenceRevision: Sendable, Equatable {
    /// Ceiling on new tokens, at least 1; below what was drawn it ends the sequence.
    public var maximumTokens: Int?
    /// Ceiling on tokens of the thought; below what was drawn it closes the thought.
    public var reasoningTokens: Int?
    /// When the sequence ends at the latest.
    public var deadline: ContinuousClock.Instant?
    /// Whether the thought is closed with the next token.
    public var answersNow = false

    /// Changes nothing.
    public init() {}
}
