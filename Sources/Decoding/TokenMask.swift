import Grammars

/// Tokens that may not be drawn next.
struct TokenMask: Sendable, Equatable {
    /// How a text that is about to be cut may go on.
    struct Ending: Sendable, Equatable {
        /// What the text lacks; if anything, tokens may hold nothing but that.
        var pending: PendingCodePoint
        /// Bytes that may be missing behind the token, one for each token that could follow.
        var allowance: Int
        /// What the tokens' bytes mean.
        var shapes: TokenShapes
    }

    /// Ids that are out, those outside the vocabulary ignored.
    var excluded: [Int32] = []
    /// The only ids that are in, where a grammar says so.
    var allowed: TokenSet?
    /// Given within the last tokens before a cut; costs a pass over the vocabulary.
    var ending: Ending?

    var isEmpty: Bool { excluded.isEmpty && allowed == nil && ending == nil }

    /// Whether a token may be drawn.
    func allows(_ id: Int32) -> Bool {
        guard !excluded.contains(id), allowed?.contains(id) ?? true else { return false }
        return ending?.allows(id) ?? true
    }
}

extension TokenMask.Ending {
    func allows(_ id: Int32) -> Bool {
        let shape = shapes[id]
        guard pending.missing == 0 else { return shapes.leadsToEnd(of: pending, shape) }
        let missing = shape.tail.missing
        return shape.contains(.empty) || missing == 0
            || Int(missing) <= allowance && shapes.canComplete(missing: missing)
    }
}
