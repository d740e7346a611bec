/// Whether tokens are guessed from what a sequence has said before, and checked in one pass.
///
/// A guess changes no result: it is taken only where the draw comes to the same id.
public enum Speculation: Sendable, Equatable {
    /// Never.
    case off
    /// While it pays.
    case automatic
    /// Up to so many tokens wherever a text repeats itself, at least 1.
    case always(Int)

    /// Tokens that are guessed at a time at most.
    static let longest = 8
    /// Tokens that are guessed in a step at most, of all sequences: each brings a row of logits as
    /// wide as the vocabulary.
    static let rowsPerStep = 64

    /// Tokens that are guessed at a time at most.
    var longest: Int {
        switch self {
        case .off: 0
        case .automatic: Self.longest
        case .always(let count): min(count, Self.rowsPerStep)
        }
    }
}
