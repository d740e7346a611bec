/// How the thought of a sequence is kept within its ceilings.
///
///     thought tokens <= maximumTokens                     tags and closer included
///     thought tokens <= left of all tokens - answerReserve
public struct ThoughtControl: Sendable {
    /// Ids that open a thought, at least one.
    public var open: [Int32]
    /// Ids that close it, at least one.
    public var close: [Int32]
    /// Whether the prompt ends inside the thought.
    public var startsOpen: Bool
    /// What is written to close a thought early; it ends with `close`.
    public var closer: [Int32]
    /// Ceiling on tokens of the thought, at least `closer.count` if the prompt ends inside it.
    public var maximumTokens: Int?
    /// Tokens that the thought leaves to the answer.
    public var answerReserve: Int
    /// Within so many tokens before a ceiling the end of a sentence closes the thought.
    public var grace: Int
    /// Whether a thought is closed in time; if not, it is cut.
    public var closes: Bool
    /// What the tokens' bytes are.
    public var shapes: TokenShapes

    /// A control without ceilings; see the properties.
    public init(
        open: [Int32], close: [Int32], startsOpen: Bool, closer: [Int32],
        maximumTokens: Int? = nil, answerReserve: Int = 0, grace: Int = 0, closes: Bool = true,
        shapes: TokenShapes
    ) {
        precondition(!open.isEmpty && !close.isEmpty)
        precondition(closer.suffix(close.count) == close[...])
        self.open = open
        self.close = close
        self.startsOpen = startsOpen
        self.closer = closer
        self.maximumTokens = maximumTokens
        self.answerReserve = answerReserve
        self.grace = grace
        self.closes = closes
        self.shapes = shapes
    }
}

/// What made a thought end early.
public enum ThoughtCeiling: String, Sendable, Equatable {
    /// The ceiling on the thought.
    case reasoning
    /// The ceiling on all tokens, of which the answer gets its share.
    case tokens
    /// The deadline.
    case latency
    /// The model was about to end the sequence inside its thought.
    case stop
    /// The caller asked for the answer now.
    case request
}
