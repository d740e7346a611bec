/// A deterministic automaton over code points: which texts a pattern, a format, a length or the
/// bounds of a number allow.
///
/// From every state some accepting one can be reached; there is no state where no text is allowed.
public struct TextAutomaton: Sendable {
    struct State: Sendable {
        var accepts: Bool
        /// Where characters lead; the sets of a state are disjoint, and so are the targets.
        var edges: [(characters: CodePointSet, target: Int)]
    }

    /// Texts begin in the first.
    private(set) var states: [State] = []

    /// Why there is no automaton.
    public enum Failure: Error, Equatable {
        /// A pattern is none: what is wrong, and behind how many characters.
        case syntax(String, offset: Int)
        /// A pattern holds a construct that is not read here.
        case unsupported(construct: String)
        /// It would take more states or work than is spent on a request.
        case tooLarge
    }

    /// What the automata of one request may take together.
    public struct Allowance: Sendable {
        /// Steps of construction that are left.
        private var steps = 500_000
        /// States that an automaton has at most.
        static let stateLimit = 8192

        /// The whole allowance.
        public init() {}

        mutating func spend(_ count: Int) throws(Failure) {
            steps -= count
            guard steps >= 0 else { throw .tooLarge }
        }
    }

    /// Finds all states that can be reached.
    ///
    /// - Parameters:
    ///   - start: Where texts begin.
    ///   - allowance: Pays for the construction.
    ///   - accepts: Whether a text may end in a state.
    ///   - steps: Where a state's characters lead, each set once and disjoint from the others.
    /// - Throws: `Failure.tooLarge`, and what `steps` throws.
    init<Key: Hashable>(
        from start: Key, paidBy allowance: inout Allowance, accepts: (Key) -> Bool,
        steps: (Key, inout Allowance) throws(Failure) -> [(CodePointSet, Key)]
    ) throws(Failure) {
        var keys = [start]
        var numbers = [start: 0]
        var found: [State] = []
        while found.count < keys.count {
            let key = keys[found.count]
            var ranges: [Int: [ClosedRange<UInt32>]] = [:]
            for (characters, next) in try steps(key, &allowance) where !characters.isEmpty {
                let number = numbers[next] ?? keys.count
                if number == keys.count {
                    guard number < Allowance.stateLimit else { throw .tooLarge }
                    numbers[next] = number
                    keys.append(next)
                }
                ranges[number, default: []] += characters.ranges
                try allowance.spend(1 + characters.ranges.count)
            }
            let edges = ranges.sorted { $0.key < $1.key }
                .map { (characters: CodePointSet($0.value), target: $0.key) }
            found.append(State(accepts: accepts(key), edges: edges))
        }
        states = Self.pruned(found)
    }

    /// Whether there is no text at all.
    public var isEmpty: Bool { states.isEmpty }

    /// The texts that both automata allow.
    public func intersection(
        _ other: TextAutomaton, paidBy allowance: inout Allowance
    ) throws(Failure) -> TextAutomaton {
        guard !isEmpty else { return self }
        guard !other.isEmpty else { return other }
        return try TextAutomaton(
            from: SIMD2(0, 0), paidBy: &allowance,
            accepts: { states[$0[0]].accepts && other.states[$0[1]].accepts },
            steps: { pair, allowance throws(Failure) in
                var steps: [(CodePointSet, SIMD2<Int>)] = []
                for mine in states[pair[0]].edges {
                    for theirs in other.states[pair[1]].edges {
                        try allowance.spend(
                            mine.characters.ranges.count + theirs.characters.ranges.count)
                        steps.append(
                            (
                                mine.characters.intersection(theirs.characters),
                                SIMD2(mine.target, theirs.target)
                            ))
                    }
                }
                return steps
            })
    }

    /// The texts of so many code points; `nil` is no bound.
    public static func lengths(
        from least: Int, to most: Int?, paidBy allowance: inout Allowance
    ) throws(Failure) -> TextAutomaton {
        try TextAutomaton(
            from: 0, paidBy: &allowance, accepts: { $0 >= least },
            steps: { count, _ throws(Failure) in
                if let most {
                    count < most ? [(.all, count + 1)] : []
                } else {
                    [(.all, min(count + 1, least))]
                }
            })
    }

    /// The states from which a text can end, renumbered.
    private static func pruned(_ states: [State]) -> [State] {
        var sources: [[Int]] = Array(repeating: [], count: states.count)
        for (number, state) in states.enumerated() {
            for edge in state.edges { sources[edge.target].append(number) }
        }
        var isAlive = states.map(\.accepts)
        var open = isAlive.indices.filter { isAlive[$0] }
        while let number = open.popLast() {
            for source in sources[number] where !isAlive[source] {
                isAlive[source] = true
                open.append(source)
            }
        }
        guard isAlive[0] else { return [] }
        var count = 0
        let numbers = isAlive.map { isAlive in
            defer { count += isAlive ? 1 : 0 }
            return count
        }
        return states.indices.filter { isAlive[$0] }.map { number in
            let edges = states[number].edges.filter { isAlive[$0.target] }
                .map { (characters: $0.characters, target: numbers[$0.target]) }
            return State(accepts: states[number].accepts, edges: edges)
        }
    }
}
