import TestSupport
import Testing

@testable import Decoding

@Suite struct ThoughtStateTests {
    /// What a random budget asks, and what came of a random model under it.
    struct Run: Equatable {
        var control: ThoughtControlFacts
        var total: Int
        var tokens: [Int32] = []
        var thought = 0
        var ended: FinishReason?
        var ceiling: ThoughtCeiling?
    }

    struct ThoughtControlFacts: Equatable {
        var open: [Int32]
        var close: [Int32]
        var closer: [Int32]
        var startsOpen: Bool
        var most: Int?
        var reserve: Int
        var closes: Bool
    }

    static let stops: Set<Int32> = [TinyVocabulary.stop]

    /// A model that draws anything that a constraint allows, whole code points for the most part.
    static func run(seed: UInt64, wholeText: Bool) -> Run {
        var generator = SeededGenerator(seed: seed)
        let isDouble = Bool.random(using: &generator)
        let open =
            isDouble ? [TinyVocabulary.open, TinyVocabulary.secondOpen] : [TinyVocabulary.open]
        let close =
            isDouble ? [TinyVocabulary.close, TinyVocabulary.secondClose] : [TinyVocabulary.close]
        let words = (0..<Int.random(in: 0...5, using: &generator)).map { _ in Int32(119) }
        let closer = words + close
        let startsOpen = Bool.random(using: &generator)
        let most =
            Bool.random(using: &generator)
            ? Int.random(in: (startsOpen ? closer.count : 0)...60, using: &generator) : nil
        var control = ThoughtControl(
            open: open, close: close, startsOpen: startsOpen, closer: closer,
            shapes: TinyVocabulary.shapes)
        control.maximumTokens = most
        control.answerReserve = Int.random(in: 0...12, using: &generator)
        control.grace = Int.random(in: 0...8, using: &generator)
        control.closes = Int.random(in: 0..<8, using: &generator) > 0
        let total = Int.random(in: 1...80, using: &generator)
        var run = Run(
            control: ThoughtControlFacts(
                open: open, close: close, closer: closer, startsOpen: startsOpen, most: most,
                reserve: control.answerReserve, closes: control.closes),
            total: total)
        var state = ThoughtState(control)
        var model = RandomModel(isWhole: wholeText, open: open, close: close)
        while run.ended == nil {
            let left = total - run.tokens.count
            let constraint = state.constraint(left: left, control: control, stopIDs: stops)
            guard constraint != .none else {
                run.ended = .length
                break
            }
            var id = model.draw(constraint, using: &generator)
            if case .forced = constraint {
            } else {
                id = state.replacing(id, left: left, control: control, stopIDs: stops)
            }
            state.append(id, control: control, stopIDs: stops)
            run.tokens.append(id)
            if stops.contains(id) {
                run.ended = .stop
            } else if run.tokens.count == total {
                run.ended = .length
            }
            model.note(id)
        }
        run.thought = state.thoughtTokens
        run.ceiling = state.ceiling
        return run
    }

    /// Tokens inside a thought, tags included, counted the slow way, and the tokens of the answer.
    static func parts(_ run: Run) -> (thought: [Int32], answer: [Int32], endsInside: Bool) {
        var (thought, answer): ([Int32], [Int32]) = ([], [])
        var isInside = run.control.startsOpen
        for id in run.tokens {
            if isInside {
                thought.append(id)
                if thought.suffix(run.control.close.count) == run.control.close[...] {
                    isInside = false
                }
            } else {
                answer.append(id)
                if answer.suffix(run.control.open.count) == run.control.open[...] {
                    answer.removeLast(run.control.open.count)
                    thought += run.control.open
                    isInside = true
                }
            }
        }
        return (thought, answer, isInside)
    }

    @Test func `no ceiling is ever passed, whatever the model draws`() {
        for seed in 0..<6_000 as Range<UInt64> {
            let run = Self.run(seed: seed, wholeText: seed % 2 == 0)
            let (thought, _, _) = Self.parts(run)
            #expect(run.tokens.count <= run.total)
            #expect(thought.count == run.thought, "seed \(seed)")
            guard run.control.closes || run.control.startsOpen else { continue }
            if let most = run.control.most {
                #expect(thought.count <= most, "seed \(seed): \(run)")
            }
        }
    }

    @Test func `a thought is closed where the closer and an answer fit, and then answered`() {
        var (closed, answered) = (0, 0)
        for seed in 0..<6_000 as Range<UInt64> {
            let run = Self.run(seed: seed, wholeText: true)
            let (_, answer, endsInside) = Self.parts(run)
            let room = run.total - run.control.closer.count
            guard run.control.closes, run.control.startsOpen, room >= 1 else { continue }
            closed += 1
            #expect(!endsInside, "seed \(seed): \(run)")
            let shown = answer.contains {
                !TinyVocabulary.shapes.isBlank($0) && !Self.stops.contains($0)
            }
            let ended = run.ended == .stop
            #expect(!ended || shown, "seed \(seed): \(run)")
            answered += shown ? 1 : 0
        }
        #expect(closed > 1_000 && answered > 1_000)
    }

    @Test func `the answer's reserve is left behind the first thought`() {
        var checked = 0
        for seed in 0..<6_000 as Range<UInt64> {
            let run = Self.run(seed: seed, wholeText: true)
            guard run.control.closes, run.control.startsOpen else { continue }
            let closing = run.tokens.indices.first {
                run.tokens[...$0].suffix(run.control.close.count) == run.control.close[...]
            }
            guard let closing, run.total >= run.control.closer.count + run.control.reserve else {
                continue
            }
            checked += 1
            #expect(run.total - (closing + 1) >= run.control.reserve, "seed \(seed): \(run)")
        }
        #expect(checked > 600)
    }

    @Test func `no code point is split, neither by the closing nor by the end`() {
        for seed in 0..<6_000 as Range<UInt64> {
            let run = Self.run(seed: seed, wholeText: true)
            guard run.control.closes else { continue }
            let (thought, answer, _) = Self.parts(run)
            guard run.total > run.control.closer.count else { continue }
            #expect(TinyVocabulary.isWhole(thought), "seed \(seed): \(run)")
            #expect(TinyVocabulary.isWhole(answer), "seed \(seed): \(run)")
        }
    }

    @Test func `the same draws give the same states`() {
        for seed in 0..<500 as Range<UInt64> {
            #expect(
                Self.run(seed: seed, wholeText: false) == Self.run(seed: seed, wholeText: false))
        }
    }

    @Test func `a sentence that ends within the grace closes the thought`() {
        var control = ThoughtControl(
            open: [300], close: [301], startsOpen: true, closer: [301], maximumTokens: 20, grace: 5,
            shapes: TinyVocabulary.shapes)
        var state = ThoughtState(control)
        for _ in 0..<15 { state.append(97, control: control, stopIDs: []) }
        #expect(state.constraint(left: 900, control: control, stopIDs: []) != .forced(301))
        state.append(259, control: control, stopIDs: [])
        #expect(state.constraint(left: 900, control: control, stopIDs: []) == .forced(301))
        #expect(state.ceiling == .reasoning)
        control.grace = 0
        var other = ThoughtState(control)
        for _ in 0..<15 { other.append(97, control: control, stopIDs: []) }
        other.append(259, control: control, stopIDs: [])
        #expect(other.constraint(left: 900, control: control, stopIDs: []) != .forced(301))
    }

    @Test func `the answer is given at once where it is asked for`() {
        let control = ThoughtControl(
            open: [300], close: [301], startsOpen: true, closer: [119, 301],
            shapes: TinyVocabulary.shapes)
        var state = ThoughtState(control)
        state.append(97, control: control, stopIDs: [])
        state.answerNow()
        #expect(state.constraint(left: 50, control: control, stopIDs: []) == .forced(119))
        #expect(state.ceiling == .request)
    }
}

/// Draws what a constraint allows: tags and stops now and then, else bytes.
struct RandomModel {
    var isWhole: Bool
    var open: [Int32]
    var close: [Int32]
    /// Bytes of the code point under way.
    private var pending: [UInt8] = []
    /// The rest of a tag under way.
    private var tag: [Int32] = []

    init(isWhole: Bool, open: [Int32], close: [Int32]) {
        self.isWhole = isWhole
        self.open = open
        self.close = close
    }

    mutating func draw(
        _ constraint: ThoughtState.Constraint, using generator: inout SeededGenerator
    ) -> Int32 {
        switch constraint {
        case .forced(let id): return id
        case .none, .free: return wish(using: &generator, banned: [])
        case .without(let ids): return wish(using: &generator, banned: Set(ids))
        case .only(let ids):
            // The likeliest continuation is the code point's own.
            if let byte = pending.first, ids.contains(Int32(byte)) { return Int32(byte) }
            return ids.randomElement(using: &generator) ?? 0
        }
    }

    private mutating func wish(
        using generator: inout SeededGenerator, banned: Set<Int32>
    ) -> Int32 {
        if let next = tag.first, !banned.contains(next) { return next }
        tag = []
        if isWhole, let byte = pending.first { return Int32(byte) }
        for _ in 0..<200 {
            let id: Int32
            switch Int.random(in: 0..<40, using: &generator) {
            case 0: id = TinyVocabulary.stop
            case 1:
                tag = Bool.random(using: &generator) ? open : close
                id = tag[0]
            case 2..<12:
                id = Int32.random(in: 256..<Int32(256 + (isWhole ? 6 : 11)), using: &generator)
            case 12..<24:
                pending = Array(["é", "日", "😀", "ß"].randomElement(using: &generator)!.utf8)
                id = Int32(pending[0])
            default: id = Int32.random(in: 97...122, using: &generator)
            }
            if !banned.contains(id) { return id }
            pending = []
            tag = []
        }
        return (97...122).first { !banned.contains($0) } ?? 97
    }

    mutating func note(_ id: Int32) {
        if tag.first == id { tag.removeFirst() } else { tag = [] }
        if let byte = pending.first, Int32(byte) == id {
            pending.removeFirst()
        } else {
            pending = []
        }
    }
}
