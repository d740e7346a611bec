/// What a text may be, byte by byte: rules that call each other, as a recursive transition network.
///
///     rule -> node -> node -> … -> end
///
/// Immutable and comparable, so that equal grammars share what is worked out about them.
public struct Grammar: Sendable, Hashable {
    /// A place in a rule; the numbers are indices of `nodes`.
    enum Node: Sendable, Hashable {
        /// One byte of a set comes next.
        case bytes(ByteSet, next: Int)
        /// One of several places, without a byte.
        case either([Int])
        /// A whole rule comes next.
        case call(rule: Int, next: Int)
        /// The rule is complete.
        case end
    }

    let nodes: [Node]
    /// Where each rule begins.
    let rules: [Int]
    /// The rule that is the whole text.
    let start: Int
    /// For each node, the fewest bytes to the end of its rule; `nil` where there is no way there.
    let least: [Int?]
    /// For each node, the fewest rules that lie open at a time on some way to the end.
    let depth: [Int?]

    /// Why rules are no grammar.
    public enum Failure: Error, Equatable {
        /// No text at all is allowed: whatever begins never ends, or not within a MiB.
        case endless
        /// It is larger than what is worked with here.
        case tooLarge(nodes: Int, limit: Int)
    }

    /// Nodes of a grammar at most.
    public static let nodeLimit = 200_000
    /// Rules that lie open at a time at most.
    static let depthLimit = 64
    /// The bytes of a shortest text are fewer.
    private static let costLimit = 1 << 20

    init(nodes: [Node], rules: [Int], start: Int) throws(Failure) {
        guard nodes.count <= Self.nodeLimit else {
            throw .tooLarge(nodes: nodes.count, limit: Self.nodeLimit)
        }
        try self.init(nodes, rules, start, spelledWith: ByteSet(UInt8.min...UInt8.max))
    }

    private init(
        _ nodes: [Node], _ rules: [Int], _ start: Int, spelledWith bytes: ByteSet
    ) throws(Failure) {
        self.nodes = nodes
        self.rules = rules
        self.start = start
        least = Self.fixpoint(nodes, rules, bytes, ofBytes: 1) { $0 + $1 }
        depth = Self.fixpoint(nodes, rules, bytes, ofBytes: 0) { max($0 + 1, $1) }
        guard least[rules[start]] != nil, let open = depth[rules[start]], open < Self.depthLimit
        else { throw .endless }
    }

    /// The same grammar for writers who cannot write every byte by itself.
    ///
    /// Whatever is begun can be finished byte by byte then; a byte that is no token may still come
    /// as part of a longer one.
    ///
    /// - Parameter vocabulary: What is written with.
    /// - Throws: `Failure.endless` where it has no text of the grammar's for certain.
    /// - Returns: The grammar.
    public func spelled(with vocabulary: VocabularyTrie) throws(Failure) -> Grammar {
        try Grammar(nodes, rules, start, spelledWith: ByteSet(vocabulary.singles))
    }

    /// The fewest bytes of a whole text.
    public var leastBytes: Int { least[rules[start]] ?? 0 }

    /// The costs of the ends, found in rising order, so that each node is met once (Knuth 1977).
    ///
    /// - Parameters:
    ///   - nodes: The nodes.
    ///   - rules: Where the rules begin.
    ///   - bytes: What ways may be made of.
    ///   - cost: What a byte costs.
    ///   - call: What a rule and what follows cost together, never less than either.
    /// - Returns: The cost of each node; `nil` where there is no way to its rule's end, or none
    ///   that costs less than `costLimit`.
    private static func fixpoint(
        _ nodes: [Node], _ rules: [Int], _ bytes: ByteSet, ofBytes cost: Int,
        call: (Int, Int) -> Int
    ) -> [Int?] {
        // For each node, the nodes whose cost depends on it.
        var users: [[Int32]] = Array(repeating: [], count: nodes.count)
        var buckets: [[Int]] = [[]]
        for (index, node) in nodes.enumerated() {
            let user = Int32(index)
            switch node {
            case .end: buckets[0].append(index)
            case .bytes(let set, let next):
                if !set.isDisjoint(with: bytes) { users[next].append(user) }
            case .either(let ways): for way in ways { users[way].append(user) }
            case .call(let rule, let next):
                users[next].append(user)
                if rules[rule] != next { users[rules[rule]].append(user) }
            }
        }
        var costs = [Int?](repeating: nil, count: nodes.count)
        var level = 0
        while level < buckets.count {
            while let index = buckets[level].popLast() {
                guard costs[index] == nil else { continue }
                costs[index] = level
                for user in users[index].map(Int.init) where costs[user] == nil {
                    let found: Int? =
                        switch nodes[user] {
                        case .end: nil
                        case .bytes: level + cost
                        case .either: level
                        case .call(let rule, let next):
                            costs[rules[rule]].flatMap { inner in
                                costs[next].map { call(inner, $0) }
                            }
                        }
                    guard let found, found < costLimit else { continue }
                    while buckets.count <= found { buckets.append([]) }
                    buckets[found].append(user)
                }
            }
            level += 1
        }
        return costs
    }
}
