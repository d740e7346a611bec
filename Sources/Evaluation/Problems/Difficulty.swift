/// How hard a problem is said to be: a number, or a word such as `easy`.
public enum Difficulty: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// A level or a count of steps; more is harder.
    case level(Int)
    /// A tier's name.
    case tier(String)

    /// The number or the word.
    public var description: String {
        switch self {
        case .level(let level): "\(level)"
        case .tier(let name): name
        }
    }

    /// Numbers rise; then `easy`, `medium`, `hard`; then other words by their letters.
    public static func < (left: Difficulty, right: Difficulty) -> Bool {
        switch (left, right) {
        case (.level(let left), .level(let right)): left < right
        case (.level, .tier): true
        case (.tier, .level): false
        case (.tier(let left), .tier(let right)):
            (rank(left), left) < (rank(right), right)
        }
    }

    private static func rank(_ name: String) -> Int {
        Tier.allCases.firstIndex { $0.rawValue == name } ?? Tier.allCases.count
    }
}
