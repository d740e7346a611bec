/// Writes grammars from their end to their beginning: each piece is told what follows it.
public struct GrammarBuilder {
    /// A place in a grammar under construction.
    public struct Place: Sendable, Hashable {
        let index: Int
    }

    /// A rule of a grammar under construction.
    public struct Rule: Sendable, Hashable {
        let index: Int
    }

    private var nodes: [Grammar.Node] = [.end]
    private var rules: [Int] = []

    /// Nothing yet.
    public init() {}

    /// Where every rule ends.
    public let end = Place(index: 0)

    /// Nodes so far.
    public var size: Int { nodes.count }

    /// A rule that is defined later, so that rules can call each other.
    public mutating func declare() -> Rule {
        rules.append(0)
        return Rule(index: rules.count - 1)
    }

    /// Says where a rule begins.
    public mutating func define(_ rule: Rule, as place: Place) {
        rules[rule.index] = place.index
    }

    /// A byte of a set, and what follows.
    public mutating func byte(
        of bytes: some Sequence<UInt8>, then next: Place
    ) -> Place {
        add(.bytes(ByteSet(bytes), next: next.index))
    }

    /// These bytes in order, and what follows.
    public mutating func literal(_ text: some Sequence<UInt8>, then next: Place) -> Place {
        Array(text).reversed().reduce(next) { byte(of: CollectionOfOne($1), then: $0) }
    }

    /// One of several ways.
    public mutating func either(_ ways: [Place]) -> Place {
        ways.count == 1 ? ways[0] : add(.either(ways.map(\.index)))
    }

    /// A whole rule, and what follows.
    public mutating func call(_ rule: Rule, then next: Place) -> Place {
        add(.call(rule: rule.index, next: next.index))
    }

    /// A byte of a set from `least` to `most` times, and what follows.
    public mutating func repeated(
        _ bytes: some Sequence<UInt8>, _ count: ClosedRange<Int>, then next: Place
    ) -> Place {
        var place = next
        for number in (0..<count.upperBound).reversed() {
            let more = byte(of: bytes, then: place)
            place = number >= count.lowerBound ? either([next, more]) : more
        }
        return place
    }

    /// A place that is filled later, so that ways can lead back to it.
    public mutating func reserve() -> Place { add(.end) }

    /// Makes of a reserved place the choice between ways.
    public mutating func fill(_ place: Place, with ways: [Place]) {
        nodes[place.index] = .either(ways.map(\.index))
    }

    /// The grammar whose texts are those of `rule`.
    ///
    /// - Throws: `Grammar.Failure` where it has no text or too many nodes.
    public func grammar(of rule: Rule) throws(Grammar.Failure) -> Grammar {
        try Grammar(nodes: nodes, rules: rules, start: rule.index)
    }

    private mutating func add(_ node: Grammar.Node) -> Place {
        nodes.append(node)
        return Place(index: nodes.count - 1)
    }
}
