/// Why an answer was not read or not valued; never leaves the grader.
enum MathFailure: Error, Hashable {
    /// The text is not in the notation that the parser knows.
    case unreadable

    /// A limit of ``GradingLimits`` was reached.
    case tooMuchWork

    /// Too large for exact arithmetic, or not made of what it covers.
    case inexact

    /// Division by zero, or an operation on something that is not a number.
    case undefined
}
