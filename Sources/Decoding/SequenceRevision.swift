/// New terms for a sequence under way; `nil` leaves a term as it is.
public struct SequenceRevision: Sendable, Equatable {
    /// Ceiling on new tokens, those so far included.
    ///
    /// At or below what was spent, it ends the sequence with `.length`; the pages that a lower one
    /// frees are free at once.
    public var maximumTokens: Int?
    /// Ceiling on tokens of the thought, those so far included.
    ///
    /// If what is left of it cannot hold the closer, the thought is closed at once all the same.
    public var thoughtTokens: Int?
    /// When the sequence ends at the latest.
    public var deadline: ContinuousClock.Instant?
    /// Close the thought before the next token, whatever `ThoughtControl.closes` says, and open no
    /// other.
    public var answersNow = false

    /// The terms as they are.
    public init() {}
}
