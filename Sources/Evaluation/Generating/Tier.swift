/// How hard a generated problem is: how many operations, on how large numbers.
public enum Tier: String, Sendable, CaseIterable {
    /// One or two operations below 100.
    case easy
    /// Three to five operations below 300.
    case medium
    /// Six to ten operations below 1000.
    case hard

    /// Operations of a problem; a product within a step is one of them.
    public var operationCounts: ClosedRange<Int> {
        switch self {
        case .easy: 1...2
        case .medium: 3...5
        case .hard: 6...10
        }
    }

    /// What no running total exceeds; none is below 0.
    public var largestTotal: Int {
        switch self {
        case .easy: 99
        case .medium: 299
        case .hard: 999
        }
    }

    /// What is added or subtracted at once.
    public var operands: ClosedRange<Int> {
        switch self {
        case .easy: 2...30
        case .medium: 5...90
        case .hard: 20...290
        }
    }

    /// What a problem starts from, when it does not start with a product.
    public var starts: ClosedRange<Int> {
        switch self {
        case .easy: 3...40
        case .medium: 10...90
        case .hard: 30...300
        }
    }

    /// How many packs there are at a time.
    public var packCounts: ClosedRange<Int> { 2...6 }

    /// How much a pack holds.
    public var packSizes: ClosedRange<Int> { self == .easy ? 3...9 : 3...12 }
}
