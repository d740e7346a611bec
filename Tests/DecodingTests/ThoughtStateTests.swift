import TestSupport
import Testing

@testable import Decoding

/// The enforcement of budgets alone: a random model in place of network and sampler.
@Suite struct ThoughtStateTests {
    /// One sequence, from its first token to its last.
    private struct Run {
        let control: ThoughtControl
        var state: ThoughtState
        /// New tokens that time allows.
        var deadline: Int?
        var ids: [Int32] = []
        var causes: [ThoughtCeiling] = []
        var reason: FinishReason?
        /// Text of the part that the next token belongs to.
        private var text: [UInt8] = []
        private let wildness: Int

        init(_ control: ThoughtControl, maximumTokens: Int, wildness: Int) {
            self.control = control
            self.wildness = wildness
            state = ThoughtState(
                control, maximumTokens: maximumTokens, stopIDs: Set(FakeVocabulary.stops))
        }

        /// One turn of the decode loop.
        mutating func step(using generator: inout SeededGenerator) {
            var draw = state.draw(tokensLeft: deadline.map { $0 - ids.count })
            if case .close(let cause) = draw {
                causes.append(cause)
                draw = .force(state.beginClosing())
            }
            switch draw {
            case .force(let id): append(id)
            case .sample(let mask):
                var id = drawn(mask, using: &generator)
                if state.replacesStop(id) {
                    causes.append(.stop)
                    id = state.beginClosing()
                }
                append(id)
            case .close, .end: reason = .length
            }
        }

        private mutating func append(_ id: Int32) {
            let phase = state.phase
            state.append(id)
            ids.append(id)
            text = state.phase == phase ? text + FakeVocabulary.bytes(id) : []
            if FakeVocabulary.stops.contains(id) {
                reason = .stop
            } else if ids.count >= state.maximumTokens || state.isCut {
                reason = .length
            } else if deadline == ids.count {
                reason = .deadline
            }
        }

        /// A token that the mask allows and that keeps the text UTF-8.
        private func drawn(_ mask: TokenMask, using generator: inout SeededGenerator) -> Int32 {
            let isWhole = FakeVocabulary.isText(text)
            for _ in 0..<3000 {
                var id = Int32.random(in: 0..<Int32(FakeVocabulary.count), using: &generator)
                if Int.random(in: 0..<30, using: &generator) < wildness {
                    let marks = control.open + control.close + FakeVocabulary.stops
                    id = marks.randomElement(using: &generator) ?? id
                }
                let bytes = FakeVocabulary.bytes(id)
                let fits =
                    bytes.isEmpty ? isWhole : FakeVocabulary.canBecomeText(text + bytes)
                if fits && mask.allows(id) { return id }
            }
            Issue.record("nothing that the mask allows is UTF-8")
            return 0
        }

        /// The ids as a reader splits them: texts of thoughts and answers in turn, and the number
        /// of tokens from a thought's opening tag to its closing tag.
        var split: (parts: [(isThought: Bool, text: [UInt8], tokens: Int)], thoughtTokens: Int) {
            var parts = [(isThought: control.startsOpen, text: [UInt8](), tokens: 0)]
            var thoughtTokens = 0
            var rest = ids[...]
            while let id = rest.first {
                let last = parts.count - 1
                let isThought = parts[last].isThought
                let tag = isThought ? control.close : control.open
                if rest.starts(with: tag) {
                    rest.removeFirst(tag.count)
                    thoughtTokens += tag.count
                    parts.append((!isThought, [], 0))
                } else {
                    rest.removeFirst()
                    thoughtTokens += isThought ? 1 : 0
                    parts[last].tokens += 1
                    parts[last].text += FakeVocabulary.bytes(id)
                }
            }
            return (parts, thoughtTokens)
        }
    }

    private static func run(seed: UInt64, deadline: Bool = false) -> Run {
        var generator = SeededGenerator(seed: seed)
        let control = FakeVocabulary.control(using: &generator)
        let edge = control.closer.count + control.answerReserve + control.open.count
        let total =
            Bool.random(using: &generator)
            ? Int.random(in: 1...48, using: &generator)
            : max(1, edge + Int.random(in: -2...4, using: &generator))
        var run = Run(
            control, maximumTokens: total,
            wildness: [0, 1, 6, 20].randomElement(using: &generator) ?? 1)
        if deadline { run.deadline = Int.random(in: 1...48, using: &generator) }
        while run.reason == nil { run.step(using: &generator) }
        return run
    }

    @Test(arguments: UInt64(0)..<500)
    func `no ceiling is passed, by no token`(seed: UInt64) {
        let run = Self.run(seed: seed)
        #expect(run.ids.count <= run.state.maximumTokens)
        #expect(run.state.tokenCount == run.ids.count)
        #expect(run.state.thoughtCount <= run.control.maximumTokens ?? .max)
        let thoughtTokens = run.split.thoughtTokens
        #expect(thoughtTokens <= run.state.thoughtCount)
        if run.causes.isEmpty { #expect(thoughtTokens == run.state.thoughtCount) }
    }

    @Test(arguments: UInt64(0)..<500)
    func `a cut never splits a code point`(seed: UInt64) {
        let run = Self.run(seed: seed)
        for part in run.split.parts { #expect(FakeVocabulary.isText(part.text)) }
        // A deadline is an estimate: it may cut the answer, but never the thought before it.
        for part in Self.run(seed: seed, deadline: true).split.parts.dropLast() {
            #expect(FakeVocabulary.isText(part.text))
        }
    }

    @Test(arguments: UInt64(0)..<500)
    func `what is kept back for the answer is there when the thought has ended`(seed: UInt64) {
        for deadline in [false, true] {
            let run = Self.run(seed: seed, deadline: deadline)
            let control = run.control
            let needed = control.closer.count + control.answerReserve
            let time = run.deadline ?? .max
            guard control.closes, control.answerReserve > 0,
                run.state.maximumTokens >= needed,
                // A thought that opens late may leave a deadline no time to close it.
                time >= needed && (!deadline || control.startsOpen && run.split.parts.count < 3)
            else { continue }
            guard let last = run.split.parts.last else { continue }
            #expect(!last.isThought)
            let isFirst = run.split.parts.count == 1
            if isFirst { continue }
            if run.reason != .stop { #expect(last.tokens >= control.answerReserve) }
            let answers = run.split.parts.filter { !$0.isThought }.flatMap(\.text)
            if run.reason == .stop { #expect(!TokenShapes.Shape(answers).contains(.whiteSpace)) }
        }
    }

    @Test func `every way to close a thought is met, and R is used to its last token`() {
        var met: [ThoughtCeiling: Int] = [:]
        var (exact, cut, reopened) = (0, 0, 0)
        for seed in UInt64(0)..<1000 {
            let run = Self.run(seed: seed)
            for cause in run.causes { met[cause, default: 0] += 1 }
            if run.control.grace == 0, run.causes.contains(.reasoning) {
                #expect(run.state.thoughtCount == run.control.maximumTokens)
                exact += 1
            }
            if run.reason == .length, !run.control.closes,
                run.ids.count < run.state.maximumTokens
            {
                #expect(run.split.thoughtTokens == run.control.maximumTokens)
                cut += 1
            }
            if run.split.parts.count > 3 { reopened += 1 }
            for cause in Self.run(seed: seed, deadline: true).causes where cause == .latency {
                met[cause, default: 0] += 1
            }
        }
        #expect(met.count == 4 && met.values.allSatisfy { $0 > 10 }, "\(met)")
        #expect(exact > 30 && cut > 15 && reopened > 8, "\(exact) \(cut) \(reopened)")
    }

    @Test(arguments: UInt64(0)..<100)
    func `equal runs have equal states`(seed: UInt64) {
        var first = SeededGenerator(seed: seed)
        var second = SeededGenerator(seed: seed)
        var one = Run(FakeVocabulary.control(using: &first), maximumTokens: 40, wildness: 3)
        var two = Run(FakeVocabulary.control(using: &second), maximumTokens: 40, wildness: 3)
        while one.reason == nil {
            #expect(one.state == two.state)
            one.step(using: &first)
            two.step(using: &second)
        }
        #expect(one.state == two.state && one.ids == two.ids && two.reason == one.reason)
    }

    @Test(arguments: UInt64(0)..<500)
    func `revised ceilings hold from where they were revised`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let control = FakeVocabulary.control(using: &generator)
        var run = Run(control, maximumTokens: 40, wildness: 2)
        var (leastTotal, leastThought) = (0, 0)
        while run.reason == nil {
            run.step(using: &generator)
            guard run.reason == nil, Int.random(in: 0..<8, using: &generator) == 0 else { continue }
            let total =
                Bool.random(using: &generator)
                ? Int.random(in: run.ids.count + 1...60, using: &generator) : nil
            let thought =
                Bool.random(using: &generator)
                ? Int.random(in: 0...40, using: &generator) : nil
            run.state.revise(
                maximumTokens: total, thoughtTokens: thought,
                answersNow: Int.random(in: 0..<6, using: &generator) == 0)
            leastTotal = run.ids.count
            // A thought that has no room left for its closer is closed at once all the same.
            leastThought = run.state.thoughtCount + control.closer.count
        }
        #expect(run.ids.count <= max(run.state.maximumTokens, leastTotal))
        let thoughtTokens = run.state.control.maximumTokens ?? .max
        #expect(run.state.thoughtCount <= max(thoughtTokens, leastThought))
    }

    @Test func `asked for the answer, the thought closes before the next draw and opens no more`() {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.startsOpen = true
        var state = ThoughtState(control, maximumTokens: 100, stopIDs: [])
        state.append(97)
        state.revise(maximumTokens: nil, thoughtTokens: nil, answersNow: true)
        #expect(state.draw() == .close(.asked))
        state.append(state.beginClosing())
        #expect(state.phase == .answer && state.thoughtCount == 2)
        #expect(state.draw() == .sample(TokenMask(excluded: [FakeVocabulary.open])))
    }

    @Test func `asked for the answer inside a code point, the code point comes first`() {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.startsOpen = true
        var state = ThoughtState(control, maximumTokens: 100, stopIDs: [])
        for byte in [0xF0, 0x9F] as [Int32] {
            state.append(byte)
            state.revise(maximumTokens: nil, thoughtTokens: nil, answersNow: true)
        }
        guard case .sample(let mask) = state.draw() else {
            Issue.record("closed at once")
            return
        }
        let allowed = (0..<Int32(FakeVocabulary.count)).filter(mask.allows)
        #expect(
            allowed.map(FakeVocabulary.bytes) == (0x80...0xBF).map { [$0] } + [
                [0x81, 0x82], [0x98, 0x80],
            ])
        state.append(allowed[64])
        #expect(state.draw() == .close(.asked))
        // A ceiling comes before whole code points.
        state = ThoughtState(control, maximumTokens: 100, stopIDs: [])
        state.append(0xF0)
        state.revise(maximumTokens: nil, thoughtTokens: 3, answersNow: false)
        #expect(state.draw() == .close(.reasoning))
    }

    @Test func `a stop id inside the thought is the model's when it cannot be closed any more`() {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [10, FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.startsOpen = true
        control.answerReserve = 1
        for (total, replaces) in [(3, true), (2, false)] {
            let state = ThoughtState(control, maximumTokens: total, stopIDs: [256])
            #expect(state.replacesStop(256) == replaces)
            #expect(!state.replacesStop(97))
        }
        control.closes = false
        #expect(!ThoughtState(control, maximumTokens: 9, stopIDs: [256]).replacesStop(256))
    }

    @Test func `near the ceiling the thought closes where a sentence ends`() {
        var control = ThoughtControl(
            open: [FakeVocabulary.open], close: [FakeVocabulary.close],
            closer: [FakeVocabulary.close], shapes: FakeVocabulary.shapes)
        control.startsOpen = true
        control.maximumTokens = 12
        control.grace = 6
        func closes(after text: String) -> Bool {
            var state = ThoughtState(control, maximumTokens: 100, stopIDs: [])
            for byte in text.utf8 { state.append(Int32(byte)) }
            return state.draw() == .close(.reasoning)
        }
        #expect(!closes(after: "12345."))
        #expect(!closes(after: "So."))
        #expect(closes(after: "So it is."))
        #expect(!closes(after: "It is 3."))
        #expect(!closes(after: "So it is"))
        #expect(closes(after: "So it is ab"))
    }
}
