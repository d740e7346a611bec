/// Where a sequence is with its thought: a value without clock or sampler.
///
///     answering ──open──▶ thinking ──close──▶ answering
///         ▲                  │ a ceiling is near
///         │                  ▼
///         └──closed── closing ◀── completing a code point
///
/// Before each draw `constraint` says what may be drawn; after it `append` takes what was. As long
/// as both are asked, no ceiling is ever passed: a free draw happens only while the rest of a code
/// point, the closer and the answer's reserve still fit behind it.
struct ThoughtState: Sendable, Equatable {
    /// What the next token may be.
    enum Constraint: Equatable {
        /// Anything.
        case free
        /// This one, without a draw.
        case forced(Int32)
        /// One of these.
        case only([Int32])
        /// None of these.
        case without([Int32])
        /// None at all: the thought is cut.
        case none
    }

    private enum Phase: Equatable {
        case answering
        case thinking
        /// The closer's token to come.
        case closing(Int)
    }

    private var phase: Phase
    /// Tokens of the thought so far, tags included.
    private(set) var thoughtTokens = 0
    /// Bytes missing for the last code point to be whole.
    private var missing = 0
    /// The last tokens, as many as the longer tag has.
    private var tail: [Int32] = []
    /// Whether the thought is over and the answer has shown nothing yet.
    private var awaitsAnswer = false
    /// Whether the last token ended a sentence.
    private var isAtSentenceEnd = false
    /// What made the thought end early, once something did.
    private(set) var ceiling: ThoughtCeiling?

    init(_ control: ThoughtControl) {
        phase = control.startsOpen ? .thinking : .answering
    }

    /// What may be drawn next, given how many tokens may still come.
    ///
    /// - Parameters:
    ///   - left: Tokens that may come, this one included, at least 1.
    ///   - byDeadline: Whether time, not the ceiling on tokens, leaves no more.
    ///   - control: The ceilings.
    ///   - stopIDs: What would end the sequence.
    mutating func constraint(
        left: Int, byDeadline: Bool = false, control: ThoughtControl, stopIDs: Set<Int32>
    ) -> Constraint {
        switch phase {
        case .closing(let next):
            return .forced(control.closer[next])
        case .answering:
            return answering(left: left, control: control, stopIDs: stopIDs)
        case .thinking:
            guard control.closes else {
                let isCut = control.maximumTokens.map { thoughtTokens >= $0 } ?? false
                return isCut ? .none : .free
            }
            return thinking(left: left, byDeadline: byDeadline, control: control)
        }
    }

    private mutating func thinking(
        left: Int, byDeadline: Bool, control: ThoughtControl
    ) -> Constraint {
        // Where not even the closer and a token of the answer fit, there is nothing to close for.
        guard left > control.closer.count else { return .free }
        let own = control.maximumTokens.map { $0 - thoughtTokens } ?? .max
        let reserve = max(1, min(control.answerReserve, left - control.closer.count))
        let room = min(own, left - reserve) - control.closer.count
        let isAtEnd = room <= 0 || (room <= control.grace && isAtSentenceEnd)
        if missing > 0 {
            let completions = control.shapes.completions(of: missing)
            if room > 3 { return .free }
            if room > 0, !completions.isEmpty { return .only(completions) }
        } else if !isAtEnd {
            let unfinished = control.shapes.unfinished(within: room - 1)
            return unfinished.isEmpty ? .free : .without(unfinished)
        }
        close(own <= left - reserve ? .reasoning : byDeadline ? .latency : .tokens)
        return .forced(control.closer[0])
    }

    private func answering(
        left: Int, control: ThoughtControl, stopIDs: Set<Int32>
    ) -> Constraint {
        if missing > 0 {
            let completions = control.shapes.completions(of: missing)
            if missing >= left, !completions.isEmpty { return .only(completions) }
        }
        var banned = control.shapes.unfinished(within: left - 1)
        if awaitsAnswer { banned += stopIDs.sorted() }
        let prefix = control.open.dropLast()
        if let last = control.open.last, tail.suffix(prefix.count) == prefix,
            !mayOpen(left: left, control: control)
        {
            banned.append(last)
        }
        return banned.isEmpty ? .free : .without(banned)
    }

    /// Whether a thought that opens now could still be closed and answered.
    private func mayOpen(left: Int, control: ThoughtControl) -> Bool {
        let needed = control.open.count + control.closer.count
        if let most = control.maximumTokens, most - thoughtTokens < needed { return false }
        return !control.closes
            || left > 1 + control.closer.count + max(1, control.answerReserve)
    }

    /// What is put in place of a drawn token that would end the sequence inside its thought.
    ///
    /// - Returns: The closer's first token if it and an answer fit; else the token itself.
    mutating func replacing(
        _ id: Int32, left: Int, control: ThoughtControl, stopIDs: Set<Int32>
    ) -> Int32 {
        guard phase == .thinking, control.closes, stopIDs.contains(id),
            left > control.closer.count,
            control.maximumTokens.map({ $0 - thoughtTokens >= control.closer.count }) ?? true
        else { return id }
        close(.stop)
        return control.closer[0]
    }

    /// Closes the thought with the next token, because the caller wants the answer.
    mutating func answerNow() {
        guard phase == .thinking else { return }
        close(.request)
    }

    private mutating func close(_ ceiling: ThoughtCeiling) {
        phase = .closing(0)
        if self.ceiling == nil { self.ceiling = ceiling }
    }

    /// Takes the next token.
    mutating func append(_ id: Int32, control: ThoughtControl, stopIDs: Set<Int32>) {
        missing = control.shapes.missing(after: id, before: missing)
        isAtSentenceEnd = control.shapes.endsSentence(id)
        tail.append(id)
        let longest = max(control.open.count, control.close.count)
        if tail.count > longest { tail.removeFirst(tail.count - longest) }
        switch phase {
        case .closing(let next):
            thoughtTokens += 1
            phase = next + 1 < control.closer.count ? .closing(next + 1) : .answering
            if phase == .answering { awaitsAnswer = true }
        case .thinking:
            thoughtTokens += 1
            guard tail.suffix(control.close.count) == control.close[...] else { return }
            phase = .answering
            awaitsAnswer = control.closes
        case .answering:
            if !control.shapes.isBlank(id), !stopIDs.contains(id) { awaitsAnswer = false }
            guard tail.suffix(control.open.count) == control.open[...] else { return }
            thoughtTokens += control.open.count
            phase = .thinking
        }
    }
}
