/// A pattern's non-deterministic automaton (Thompson 1968), and the way to a deterministic one.
///
///     any* -> pattern -> tail = any* -> match
///
/// A pattern is searched for: what its anchors do not exclude may come before and behind.
struct PatternNetwork {
    private enum Node {
        case read(set: Int, next: Int)
        case either([Int])
        case start(next: Int)
        case finish(next: Int)
        case match
    }

    /// A set of nodes that read, and whether the text may end among them.
    private struct Place: Hashable {
        var readers: [Int]
        var accepts: Bool
    }

    private var nodes: [Node] = [.match]
    private var sets: [CodePointSet] = []
    private var setNumbers: [CodePointSet: Int] = [:]
    /// For each set, its classes: characters that no set tells apart.
    private var classesOfSet: [[Int]] = []
    private var classes: [CodePointSet] = []
    /// What reads anything behind the pattern; who is there has matched, whatever comes.
    private var tail = 0
    private var head = 0

    /// The automaton of the texts in which a pattern is found.
    static func automaton(
        of pattern: PatternNode, paidBy allowance: inout TextAutomaton.Allowance
    ) throws(TextAutomaton.Failure) -> TextAutomaton {
        var network = PatternNetwork()
        network.nodes.append(.match)
        let behind = network.nodes.count - 1
        network.tail = network.read(.all, then: behind)
        network.nodes[behind] = .either([0, network.tail])
        let body = try network.add(pattern, then: behind, paidBy: &allowance)
        network.nodes.append(.match)
        network.head = network.nodes.count - 1
        let more = network.read(.all, then: network.head)
        network.nodes[network.head] = .either([body, more])
        try network.classify(paidBy: &allowance)
        let made = network
        let start = try made.place(of: [made.head], atStart: true, paidBy: &allowance)
        return try TextAutomaton(
            from: start, paidBy: &allowance, accepts: { $0.accepts },
            steps: { place, allowance throws(TextAutomaton.Failure) in
                try made.steps(from: place, paidBy: &allowance)
            })
    }

    private mutating func append(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }

    private mutating func read(_ set: CodePointSet, then next: Int) -> Int {
        let number = setNumbers[set] ?? sets.count
        if number == sets.count {
            setNumbers[set] = number
            sets.append(set)
        }
        return append(.read(set: number, next: next))
    }

    /// Writes a node of the tree from its end to its beginning.
    private mutating func add(
        _ node: PatternNode, then next: Int, paidBy allowance: inout TextAutomaton.Allowance
    ) throws(TextAutomaton.Failure) -> Int {
        // Empty parts cost too: they can be repeated without end.
        try allowance.spend(10)
        switch node {
        case .character(let set): return read(set, then: next)
        case .start: return append(.start(next: next))
        case .finish: return append(.finish(next: next))
        case .sequence(let parts):
            var place = next
            for part in parts.reversed() { place = try add(part, then: place, paidBy: &allowance) }
            return place
        case .either(let ways):
            var places: [Int] = []
            for way in ways { places.append(try add(way, then: next, paidBy: &allowance)) }
            return append(.either(places))
        case .repeated(let part, let least, let most):
            var place = next
            if let most {
                for _ in least..<most {
                    let more = try add(part, then: place, paidBy: &allowance)
                    place = append(.either([next, more]))
                }
            } else {
                place = append(.match)
                let more = try add(part, then: place, paidBy: &allowance)
                nodes[place] = .either([next, more])
            }
            for _ in 0..<least { place = try add(part, then: place, paidBy: &allowance) }
            return place
        }
    }

    /// Cuts the code points into classes that no set tells apart.
    private mutating func classify(
        paidBy allowance: inout TextAutomaton.Allowance
    ) throws(TextAutomaton.Failure) {
        let bounds = Set(sets.flatMap { $0.ranges.flatMap { [$0.lowerBound, $0.upperBound + 1] } })
            .sorted()
        var members: [[Int]] = Array(repeating: [], count: bounds.count)
        for (number, set) in sets.enumerated() {
            var piece = 0
            for range in set.ranges {
                while bounds[piece] < range.lowerBound { piece += 1 }
                while piece < bounds.count, bounds[piece] <= range.upperBound {
                    members[piece].append(number)
                    piece += 1
                    try allowance.spend(1)
                }
            }
        }
        var pieces: [[Int]: [ClosedRange<UInt32>]] = [:]
        for (piece, members) in members.enumerated() where !members.isEmpty {
            pieces[members, default: []].append(bounds[piece]...bounds[piece + 1] - 1)
        }
        classesOfSet = Array(repeating: [], count: sets.count)
        for (members, ranges) in pieces {
            for set in members { classesOfSet[set].append(classes.count) }
            classes.append(CodePointSet(ranges))
        }
    }

    /// Everything that can be reached from some nodes without a character.
    private func place(
        of reached: [Int], atStart: Bool, paidBy allowance: inout TextAutomaton.Allowance
    ) throws(TextAutomaton.Failure) -> Place {
        // A node behind `$` is another place than the node itself: nothing may be read there.
        var open = reached.map { (node: $0, isFinished: false) }
        var seen: Set<Int> = []
        var place = Place(readers: [], accepts: false)
        while let (node, isFinished) = open.popLast() {
            guard seen.insert(node * 2 + (isFinished ? 1 : 0)).inserted else { continue }
            try allowance.spend(1)
            switch nodes[node] {
            case .read where isFinished: break
            case .read: place.readers.append(node)
            case .either(let ways):
                try allowance.spend(ways.count)
                for way in ways { open.append((way, isFinished)) }
            case .start(let next): if atStart { open.append((next, isFinished)) }
            case .finish(let next): open.append((next, true))
            case .match: place.accepts = true
            }
        }
        // Whatever else could still happen adds nothing to what matches already.
        if place.readers.contains(tail) { place.readers = [tail] }
        place.readers.sort()
        return place
    }

    private func steps(
        from place: Place, paidBy allowance: inout TextAutomaton.Allowance
    ) throws(TextAutomaton.Failure) -> [(CodePointSet, Place)] {
        var reached: [Int: [Int]] = [:]
        for node in place.readers {
            guard case .read(let set, let next) = nodes[node] else { continue }
            try allowance.spend(classesOfSet[set].count)
            for number in classesOfSet[set] { reached[number, default: []].append(next) }
        }
        // Classes that lead to the same nodes share the work.
        var classesOf: [[Int]: [ClosedRange<UInt32>]] = [:]
        for (number, nodes) in reached { classesOf[nodes, default: []] += classes[number].ranges }
        var steps: [(CodePointSet, Place)] = []
        for (nodes, ranges) in classesOf.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let next = try self.place(of: nodes, atStart: false, paidBy: &allowance)
            steps.append((CodePointSet(ranges), next))
        }
        return steps
    }
}

extension TextAutomaton {
    /// The texts in which a regular expression is found.
    ///
    /// - Parameters:
    ///   - pattern: A regular expression as ECMA-262 with flag `u` has them, without lookaround,
    ///     backreferences, word boundaries and classes of Unicode's.
    ///   - allowance: Pays for the construction.
    /// - Throws: `Failure` where it is none, holds what is not read, or takes too much.
    public init(pattern: String, paidBy allowance: inout Allowance) throws(Failure) {
        self = try PatternNetwork.automaton(
            of: try PatternParser.parse(pattern), paidBy: &allowance)
    }
}
