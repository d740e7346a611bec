/// Where a sequence is between thought and answer, and what it may draw next.
///
///                    opening tag               ceiling, deadline, stop id
///     answer  ------------------------> thought ------------------------> closing(0...)
///        ^                                 |        (whole code point)         |
///        |           closing tag           |                                   |
///        +---------------------------------+<----------------------------------+
///
/// Differs from llama.cpp's reasoning budget in that forced tokens count, so that the ceiling
/// holds as told, and in that a code point is never begun that could not be finished in time. Knows
/// no clock and no sampler: equal calls give equal states.
///
///     thoughtCount <= control.maximumTokens      while no revision lowers it
///     tokenCount   <= maximumTokens
struct ThoughtState: Sendable, Equatable {
    /// What the next id belongs to.
    enum Phase: Sendable, Equatable {
        case answer
        case thought
        /// The closer's id at this index comes next.
        case closing(Int)
    }

    /// How the next id comes about.
    enum Draw: Sendable, Equatable {
        /// The model draws it.
        case sample(TokenMask)
        /// It is this one.
        case force(Int32)
        /// The thought has to be closed first: call `beginClosing` and ask again.
        case close(ThoughtCeiling)
        /// None comes: the thought is cut.
        case end
    }

    private(set) var control: ThoughtControl
    /// Ceiling on all new tokens.
    private(set) var maximumTokens: Int
    private(set) var phase: Phase
    /// New tokens so far.
    private(set) var tokenCount = 0
    /// Those of them that belong to thoughts, forced ones included.
    private(set) var thoughtCount = 0

    /// In order, so that equal states have equal masks.
    private let stopIDs: [Int32]
    private var matcher = TagMatcher()
    private var pending = PendingCodePoint.none
    /// Whether a thought was closed.
    private var hasThought: Bool
    /// Whether the answer has a token that is not white space.
    private var hasAnswered = false
    private var endsSentence = false
    private var endsInDigit = false
    private var answersNow = false

    /// The state before the first new token.
    init(_ control: ThoughtControl, maximumTokens: Int, stopIDs: Set<Int32>) {
        self.control = control
        self.maximumTokens = maximumTokens
        self.stopIDs = stopIDs.sorted()
        phase = control.startsOpen ? .thought : .answer
        hasThought = control.startsClosed
    }

    /// How the next id comes about.
    ///
    /// - Parameter tokensLeft: New tokens that the deadline still allows; `nil` without one.
    /// - Returns: The same until `append`, `beginClosing` or `revise` is called.
    func draw(tokensLeft: Int? = nil) -> Draw {
        switch phase {
        case .answer: .sample(answerMask)
        case .closing(let index): .force(control.closer[index])
        case .thought: drawInThought(tokensLeft: tokensLeft)
        }
    }

    /// Whether a drawn id would end the sequence inside its thought though an answer can follow:
    /// the thought is closed then, and the closer's first id takes the place of this one.
    ///
    /// A stop id that belongs to the closing tag was meant to end the sequence there.
    func replacesStop(_ id: Int32) -> Bool {
        phase == .thought && control.closes && hasRoomToClose
            && thoughtRoom >= control.closer.count && stopIDs.contains(id)
            && !control.close.contains(id)
    }

    /// Begins to force the closer.
    ///
    /// - Returns: Its first id.
    mutating func beginClosing() -> Int32 {
        precondition(phase == .thought, "closing a thought in \(phase)")
        phase = .closing(0)
        return control.closer[0]
    }

    /// Takes a new token, drawn or forced.
    mutating func append(_ id: Int32) {
        tokenCount += 1
        switch phase {
        case .thought: appendToThought(id)
        case .answer: appendToAnswer(id)
        case .closing(let index):
            thoughtCount += 1
            phase = .closing(index + 1)
            guard index + 1 == control.closer.count else { return }
            endThought()
            // These are the answer's already, as its reader splits them.
            for id in control.closerTail ?? [] { appendToAnswer(id) }
        }
    }

    /// The ids that come next whatever the model says.
    var forcedTokens: ArraySlice<Int32> {
        if case .closing(let index) = phase { control.closer[index...] } else { [] }
    }

    /// The opening tag, where it is one token and the first thought may begin with it.
    var opening: Int32? {
        guard phase == .answer, !hasThought, mayOpen, control.open.count == 1 else { return nil }
        return control.open[0]
    }

    /// Whether the thought used up its ceiling and nothing is to follow.
    var isCut: Bool {
        phase == .thought && thoughtRoom <= 0 && !(mayClose && hasRoomToClose)
    }

    /// Changes ceilings; `nil` leaves one as it is, and `answersNow` closes the thought before the
    /// next draw and opens no other.
    mutating func revise(maximumTokens: Int?, thoughtTokens: Int?, answersNow: Bool) {
        if let maximumTokens { self.maximumTokens = maximumTokens }
        if let thoughtTokens { control.maximumTokens = thoughtTokens }
        self.answersNow = self.answersNow || answersNow
    }
}

extension ThoughtState {
    /// New tokens that the ceiling on all of them leaves.
    private var room: Int { maximumTokens - tokenCount }

    /// Tokens that the thought's own ceiling leaves.
    private var thoughtRoom: Int {
        control.maximumTokens.map { $0 - thoughtCount } ?? .max
    }

    /// Tokens kept behind the closer; a reserve of everything is as good as a larger one.
    private var reserve: Int { min(control.answerReserve, maximumTokens) }

    private var mayClose: Bool { control.closes || answersNow }

    /// Whether the closer fits, and behind it something of the answer if any is kept back.
    private var hasRoomToClose: Bool { room >= control.closer.count + min(reserve, 1) }

    /// Whether a thought that opens with the next token could be closed within every ceiling.
    private var mayOpen: Bool {
        !answersNow && thoughtRoom >= control.open.count + control.closer.count
            && (!control.closes || room - 1 >= control.closer.count + max(reserve, 1))
    }

    private func drawInThought(tokensLeft: Int?) -> Draw {
        guard mayClose && hasRoomToClose else {
            let slack = min(thoughtRoom, room)
            return slack > 0 ? .sample(TokenMask(ending: ending(slack))) : .end
        }
        // Tokens that may come before the closer has to begin.
        let ownSlack = thoughtRoom - control.closer.count
        let sharedSlack = room - control.closer.count - reserve
        let slack = min(ownSlack, sharedSlack)
        let ceiling = ownSlack <= sharedSlack ? ThoughtCeiling.reasoning : .tokens
        let timeSlack = tokensLeft.map { $0 - control.closer.count - reserve } ?? .max
        let canComplete =
            slack >= Int(pending.missing) && control.shapes.canComplete(pending)
        if slack <= 0 || slack < 4 && !canComplete { return .close(ceiling) }
        guard let cause = reasonToClose(slack: slack, timeSlack: timeSlack, ceiling: ceiling)
        else { return .sample(TokenMask(ending: ending(min(slack, timeSlack)))) }
        guard pending.missing > 0, canComplete else { return .close(cause) }
        return .sample(TokenMask(ending: ending(Int(pending.missing))))
    }

    /// What closes the thought although its ceilings leave tokens.
    private func reasonToClose(
        slack: Int, timeSlack: Int, ceiling: ThoughtCeiling
    ) -> ThoughtCeiling? {
        if answersNow { return .asked }
        if timeSlack <= 0 { return .latency }
        return endsSentence && slack <= control.grace && pending.missing == 0 ? ceiling : nil
    }

    private var answerMask: TokenMask {
        // A thought without an answer is worth nothing: the answer's first word comes first.
        var mask = TokenMask(
            excluded: hasThought && !hasAnswered ? stopIDs : [], ending: ending(room))
        if matcher.lacksOnlyLast(of: control.open), !mayOpen, let last = control.open.last {
            mask.excluded.append(last)
        }
        return mask
    }

    /// How the text may go on when a cut comes after `slack` further tokens.
    private func ending(_ slack: Int) -> TokenMask.Ending? {
        // A token begins three bytes more than it holds at most.
        guard slack < 4, control.shapes.canComplete(pending), slack >= Int(pending.missing)
        else { return nil }
        return TokenMask.Ending(pending: pending, allowance: slack - 1, shapes: control.shapes)
    }

    private mutating func appendToThought(_ id: Int32) {
        thoughtCount += 1
        let shape = control.shapes[id]
        pending.append(shape)
        endsSentence =
            shape.contains(.sentenceEnd) || shape.contains(.fullStop) && !endsInDigit
        endsInDigit = shape.contains(.digit)
        if matcher.append(id, tag: control.close, release: { _ in }) { endThought() }
    }

    private mutating func appendToAnswer(_ id: Int32) {
        pending.append(control.shapes[id])
        var answers = hasAnswered
        let isOpen = matcher.append(id, tag: control.open) { released in
            answers = answers || !control.shapes[released].contains(.whiteSpace)
        }
        hasAnswered = answers
        guard isOpen else { return }
        thoughtCount += control.open.count
        phase = .thought
        (pending, endsSentence, endsInDigit) = (.none, false, false)
    }

    private mutating func endThought() {
        phase = .answer
        pending = .none
        matcher = TagMatcher()
        hasThought = true
    }
}
