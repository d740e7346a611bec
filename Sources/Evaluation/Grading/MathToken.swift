/// One sign of an answer, with typography already put aside.
enum MathToken: Hashable, Sendable {
    case number(NumberLiteral)

    /// A variable or constant of one sign, such as `x` or `alpha`.
    case letter(String)

    /// A word of prose, lowercased: an answer like "east", or a unit.
    case word(String)

    /// A command or function that the parser knows, such as `frac` or `sin`.
    case command(String)

    /// An operator, bracket or separator.
    case sign(Unicode.Scalar)

    case openGroup
    case closeGroup
    case openSet
    case closeSet
    case rowBreak
    case beginMatrix
    case endMatrix
}

/// A token and whether a blank stands before it.
struct Lexeme {
    let token: MathToken
    let isSpaced: Bool
}
