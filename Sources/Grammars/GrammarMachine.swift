/// A grammar's automaton, worked out as far as it was needed.
///
/// A state is every place in the grammar that a text may have reached, each with the rules that
/// lie open there (Thompson 1968, with a stack). States and open rules are numbered when they are
/// first met, and steps between states are remembered, so that most steps are a look into a table.
struct GrammarMachine {
    /// A rule that lies open: where it goes on, and in which other open rule.
    private struct Frame: Hashable {
        let node: Int32
        let parent: Int32
    }

    private struct State {
        /// Places that take a byte.
        let places: [Frame]
        /// Whether the text may end here.
        let accepts: Bool
        /// The fewest bytes to an end.
        let least: Int
    }

    /// More bytes than any end is away; where none can be reached byte by byte it is more still.
    static let farthest = 1 << 29
    /// No text begins like this.
    static let dead: Int32 = -1
    private static let unknown: Int32 = -2
    /// The frame below the whole text.
    private static let bottom: Int32 = -1

    private let grammar: Grammar
    /// For each byte, its class: bytes of a class lead to the same states everywhere.
    private let classes: [UInt8]
    private let classCount: Int

    private var frames: [Frame] = []
    /// For each frame, the fewest bytes from it to the end of the text, and how many lie open.
    private var costs: [(least: Int, depth: Int)] = []
    private var frameIDs: [Frame: Int32] = [:]
    private var states: [State] = []
    private var stateIDs: [[Frame]: Int32] = [:]
    /// The steps of each state, a row of `classCount` a state.
    private var steps: [Int32] = []

    /// Where every text begins.
    private(set) var start: Int32 = 0

    init(_ grammar: Grammar) {
        self.grammar = grammar
        (classes, classCount) = Self.classes(of: grammar)
        start = closure(of: [Frame(node: Int32(grammar.rules[grammar.start]), parent: Self.bottom)])
    }

    /// States met so far.
    var stateCount: Int { states.count }

    /// Whether the text may end in a state.
    func accepts(_ state: Int32) -> Bool { states[Int(state)].accepts }

    /// Whether nothing may follow in a state.
    func isComplete(_ state: Int32) -> Bool { states[Int(state)].places.isEmpty }

    /// The fewest bytes to an end from a state.
    func least(_ state: Int32) -> Int { states[Int(state)].least }

    /// The state behind a byte, or `dead`.
    mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
        let index = Int(state) * classCount + Int(classes[Int(byte)])
        let known = steps[index]
        guard known == Self.unknown else { return known }
        let next = reach(state, byte)
        steps[index] = next
        return next
    }

    private mutating func reach(_ state: Int32, _ byte: UInt8) -> Int32 {
        var reached: [Frame] = []
        for place in states[Int(state)].places {
            guard case .bytes(let set, let next) = grammar.nodes[Int(place.node)],
                set.contains(byte)
            else { continue }
            reached.append(Frame(node: Int32(next), parent: place.parent))
        }
        return reached.isEmpty ? Self.dead : closure(of: reached)
    }

    /// The state of all places that can be reached without a byte.
    private mutating func closure(of reached: [Frame]) -> Int32 {
        var open = reached
        var seen: Set<Frame> = []
        var places: [Frame] = []
        var accepts = false
        while let place = open.popLast() {
            guard seen.insert(place).inserted else { continue }
            switch grammar.nodes[Int(place.node)] {
            case .bytes(_, let next):
                // A byte that leads where too many rules would have to open leads nowhere.
                if fits(next, in: place.parent) { places.append(place) }
            case .either(let ways):
                for way in ways { open.append(Frame(node: Int32(way), parent: place.parent)) }
            case .call(let rule, let next):
                if let parent = push(next, on: place.parent, for: rule) {
                    open.append(Frame(node: Int32(grammar.rules[rule]), parent: parent))
                }
            case .end where place.parent == Self.bottom:
                accepts = true
            case .end:
                open.append(frames[Int(place.parent)])
            }
        }
        guard accepts || !places.isEmpty else { return Self.dead }
        places.sort { ($0.node, $0.parent) < ($1.node, $1.parent) }
        let end = Frame(node: accepts ? 1 : 0, parent: Self.bottom - 1)
        if let known = stateIDs[places + [end]] { return known }
        let least = accepts ? 0 : places.map(least).min() ?? 0
        let id = Int32(states.count)
        states.append(State(places: places, accepts: accepts, least: least))
        stateIDs[places + [end]] = id
        steps.append(contentsOf: repeatElement(Self.unknown, count: classCount))
        return id
    }

    private func least(_ place: Frame) -> Int {
        (grammar.least[Int(place.node)] ?? Self.farthest + 1)
            + (place.parent == Self.bottom ? 0 : costs[Int(place.parent)].least)
    }

    /// The frame to come back to behind a rule; `nil` where too many would lie open, or where the
    /// rule has no end.
    private mutating func push(_ next: Int, on parent: Int32, for rule: Int) -> Int32? {
        guard let inner = grammar.depth[grammar.rules[rule]], fits(next, in: parent) else {
            return nil
        }
        let depth = parent == Self.bottom ? 0 : costs[Int(parent)].depth
        guard depth + inner + 1 < Grammar.depthLimit else { return nil }
        // Where nothing follows, the rule's end is the end of the one that calls it.
        if case .end = grammar.nodes[next] { return parent }
        let frame = Frame(node: Int32(next), parent: parent)
        if let known = frameIDs[frame] { return known }
        let id = Int32(frames.count)
        frames.append(frame)
        costs.append((least(frame), depth + 1))
        frameIDs[frame] = id
        return id
    }

    /// Whether some way from a node to its rule's end keeps to the limit of open rules.
    private func fits(_ node: Int, in parent: Int32) -> Bool {
        guard let needed = grammar.depth[node] else { return false }
        let depth = parent == Self.bottom ? 0 : costs[Int(parent)].depth
        return depth + needed < Grammar.depthLimit
    }

    private static func classes(of grammar: Grammar) -> (classes: [UInt8], count: Int) {
        var sets: Set<ByteSet> = []
        for case .bytes(let set, _) in grammar.nodes { sets.insert(set) }
        var ids: [[Bool]: UInt8] = [:]
        let ordered = Array(sets)
        let classes = (UInt8.min...UInt8.max).map { byte in
            let membership = ordered.map { $0.contains(byte) }
            let fresh = UInt8(ids.count)
            return ids[membership]
                ?? {
                    ids[membership] = fresh
                    return fresh
                }()
        }
        return (classes, ids.count)
    }
}
