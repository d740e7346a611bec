/// A generated problem: a running total, what happens to it, and how that is told.
public struct ArithmeticProblem: Sendable, Equatable {
    /// Where the total starts.
    public enum Start: Sendable, Equatable {
        /// With a number.
        case number(Int)
        /// With packs of equal size.
        case packs(count: Int, size: Int)

        /// The total at the start.
        public var total: Int {
            switch self {
            case .number(let number): number
            case .packs(let count, let size): count * size
            }
        }
    }

    /// What happens to the total.
    public enum Operation: Sendable, Equatable {
        /// So many come.
        case add(Int)
        /// So many go.
        case subtract(Int)
        /// It becomes twice as much.
        case double
        /// It becomes three times as much.
        case triple
        /// It becomes half as much.
        case halve
        /// Packs of equal size come.
        case addPacks(count: Int, size: Int)
        /// Packs of equal size go.
        case subtractPacks(count: Int, size: Int)

        /// Operations of arithmetic that it takes.
        var weight: Int {
            switch self {
            case .addPacks, .subtractPacks: 2
            default: 1
            }
        }

        /// The total after it; `nil` where it does not come out as a whole number.
        public func callAsFunction(_ total: Int) -> Int? {
            switch self {
            case .add(let number): total + number
            case .subtract(let number): total - number
            case .double: total * 2
            case .triple: total * 3
            case .halve: total.isMultiple(of: 2) ? total / 2 : nil
            case .addPacks(let count, let size): total + count * size
            case .subtractPacks(let count, let size): total - count * size
            }
        }
    }

    /// How it is told.
    public enum Form: Sendable, Equatable {
        /// As orders: "Start with 33. Add 83."
        case orders
        /// As a story of somebody's things.
        case story(Scenario)
    }

    /// How hard it is.
    public var tier: Tier
    /// Where the total starts.
    public var start: Start
    /// What happens to it, in order.
    public var operations: [Operation]
    /// How it is told.
    public var form: Form
    /// Chooses among the phrasings.
    public var wordingSeed: UInt64

    /// The total at the start and after each operation.
    public var totals: [Int] {
        var totals = [start.total]
        for operation in operations { totals.append(operation(totals[totals.count - 1]) ?? 0) }
        return totals
    }

    /// The answer: the last total.
    public var answer: Int { totals[totals.count - 1] }

    /// The computation from left to right, such as `3*6 +14 *2 /2 -2*5`: a step applies to all
    /// before it, and a product within a step comes first.
    public var computation: String {
        var words: [String]
        switch start {
        case .number(let number): words = ["\(number)"]
        case .packs(let count, let size): words = ["\(count)*\(size)"]
        }
        for operation in operations {
            switch operation {
            case .add(let number): words.append("+\(number)")
            case .subtract(let number): words.append("-\(number)")
            case .double: words.append("*2")
            case .triple: words.append("*3")
            case .halve: words.append("/2")
            case .addPacks(let count, let size): words.append("+\(count)*\(size)")
            case .subtractPacks(let count, let size): words.append("-\(count)*\(size)")
            }
        }
        return words.joined(separator: " ")
    }

    /// The split that it belongs to.
    public var split: Split { Split(ofComputation: computation) }

    /// The problem as one of a set.
    ///
    /// - Parameter id: Its id there.
    /// - Returns: Question, answer and the tier's name as difficulty.
    public func problem(id: String) -> Problem {
        Problem(
            id: id, question: question, answer: "\(answer)", difficulty: .tier(tier.rawValue))
    }
}
