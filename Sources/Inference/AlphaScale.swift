import Foundation

/// The members of a family in order of their alpha, and what lies between neighbours.
///
/// An alpha between two members is rounded to hundredths, so that there are few of them.
struct AlphaScale: Sendable, Equatable {
    /// Where an alpha lies.
    enum Place: Equatable {
        /// At a member, by its number.
        case member(Int)
        /// Between two.
        case between(Gap)
    }

    /// A place between two neighbours.
    struct Gap: Equatable {
        /// The number of the neighbour with the lower alpha.
        var lower: Int
        /// That of the other.
        var upper: Int
        /// How far from the lower to the upper.
        var share: Double
        /// The alpha in hundredths.
        var step: Int

        var alpha: Double { Double(step) / Double(AlphaScale.stepsPerUnit) }
    }

    private struct Mark: Equatable {
        var alpha: Double
        var member: Int
    }

    private static let stepsPerUnit = 100
    /// Alphas that are no farther apart are the same.
    private static let tolerance = 1e-9

    /// By rising alpha.
    private let marks: [Mark]

    /// The members' alphas by number; those without one, such as the base, lie nowhere.
    init(_ alphas: [Double?]) {
        marks = alphas.enumerated().compactMap { member, alpha in
            alpha.map { Mark(alpha: $0, member: member) }
        }.sorted { $0.alpha < $1.alpha }
    }

    /// The least and the greatest alpha; nil where no member has one.
    var range: ClosedRange<Double>? {
        guard let first = marks.first, let last = marks.last else { return nil }
        return first.alpha...last.alpha
    }

    /// Places that a gap can have: its `step` is below.
    var stepCount: Int {
        range.map { Int(($0.upperBound * Double(Self.stepsPerUnit)).rounded(.up)) + 1 } ?? 0
    }

    /// Where an alpha lies; nil beyond the members.
    func place(of alpha: Double) -> Place? {
        if let member = member(at: alpha) { return .member(member) }
        guard let range, range.contains(alpha) else { return nil }
        let step = (alpha * Double(Self.stepsPerUnit)).rounded()
        // Rounding must not leave the range at its ends.
        let rounded = step / Double(Self.stepsPerUnit)
        let kept = min(max(rounded, range.lowerBound), range.upperBound)
        if let member = member(at: kept) { return .member(member) }
        return gap(atStep: Int(step)).map { .between($0) }
    }

    /// The place of so many hundredths; nil where no two members are on either side.
    func gap(atStep step: Int) -> Gap? {
        let alpha = Double(step) / Double(Self.stepsPerUnit)
        guard let index = marks.firstIndex(where: { $0.alpha > alpha }), index > 0 else {
            return nil
        }
        let (lower, upper) = (marks[index - 1], marks[index])
        return Gap(
            lower: lower.member, upper: upper.member,
            share: (alpha - lower.alpha) / (upper.alpha - lower.alpha), step: step)
    }

    private func member(at alpha: Double) -> Int? {
        marks.first { abs($0.alpha - alpha) <= Self.tolerance }?.member
    }
}
