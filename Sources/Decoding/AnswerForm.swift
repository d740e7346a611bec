import Grammars

/// Where a sequence's answer is in the grammar that it has to keep to.
struct AnswerForm: Sendable {
    let grammar: TokenGrammar
    private var state: TokenGrammar.State
    /// Whether a token of the answer was taken.
    private(set) var hasBegun = false

    /// The form of an answer without a token.
    init(_ grammar: TokenGrammar) {
        self.grammar = grammar
        state = grammar.start
    }

    /// Whether the answer has to end here.
    var isComplete: Bool { grammar.isComplete(state) }

    /// The mask of a draw.
    ///
    /// - Parameters:
    ///   - mask: What else is out; a cut needs no care, for the grammar never leaves a code point
    ///     open that it could close in time.
    ///   - room: New tokens that may come, this one included.
    ///   - stops: The ids that end the sequence; they may come where the answer may end.
    ///   - opening: The id that opens a thought, where one may come before the answer.
    /// - Returns: The mask with all ids out that the grammar forbids.
    func narrowed(
        _ mask: TokenMask, room: Int, stops: Set<Int32>, opening: Int32?
    ) -> TokenMask {
        var mask = mask
        var allowed = grammar.tokens(after: state, room: room)
        if grammar.accepts(state) { for id in stops { allowed.insert(id) } }
        if let opening, !hasBegun { allowed.insert(opening) }
        mask.ending = nil
        mask.allowed = allowed
        return mask
    }

    /// Takes a token of the answer.
    mutating func append(_ id: Int32) {
        hasBegun = true
        if let next = grammar.state(after: state, id) { state = next }
    }
}
