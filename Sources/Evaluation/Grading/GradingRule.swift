/// The reason why two answers count as equal, from the strictest to the most lenient.
public enum GradingRule: String, Sendable, Hashable, CaseIterable {
    /// The texts are equal once spacing and typography are put aside.
    case text

    /// Both name the same choice of a multiple-choice question.
    case choice

    /// The same value by exact arithmetic on rationals, radicals and polynomials.
    case exact

    /// The same value at every seeded sample point, to almost the precision of a double.
    case sampled

    /// A decimal and a value that differ by less than the policy's relative tolerance.
    case approximate

    /// Equal once a percentage is read as a hundredth, or a hundredth as a percentage.
    case percentage

    /// Equations with the same solutions: their differences are multiples of each other.
    case equation

    /// Tuples, sets, intervals or matrices whose elements are equal.
    case elements
}
