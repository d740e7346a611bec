/// What a sequence's thought may cost, and how it is closed when it would cost more.
///
/// Tokens of a thought are those between its tags, the tags and forced words included; a thought
/// that is opened again counts on.
public struct ThoughtControl: Sendable, Equatable {
    /// Ids of the opening tag, at least one.
    public var open: [Int32]
    /// Ids of the closing tag, at least one.
    public var close: [Int32]
    /// Ids that are forced to close a thought: words of farewell if any, the closing tag, and
    /// perhaps what the template writes behind it.
    public var closer: [Int32]
    /// What the tokens' bytes mean; one entry for each id of the vocabulary.
    public var shapes: TokenShapes
    /// Whether the prompt ends inside the thought.
    public var startsOpen = false
    /// Whether the prompt ends just behind a closed thought; an answer is owed then.
    public var startsClosed = false
    /// Ceiling on tokens of the thought, forced ones included; `nil` leaves only the others.
    public var maximumTokens: Int?
    /// New tokens kept back for what follows the closer.
    public var answerReserve = 0
    /// Within so many tokens before a ceiling the end of a sentence closes the thought; 0 closes
    /// it at the last token.
    public var grace = 0
    /// Whether an answer follows a thought that met its ceiling; otherwise the sequence ends there
    /// with `.length`.
    public var closes = true

    /// A thought between tags, with no ceiling of its own.
    public init(open: [Int32], close: [Int32], closer: [Int32], shapes: TokenShapes) {
        self.open = open
        self.close = close
        self.closer = closer
        self.shapes = shapes
    }

    /// The ids of `closer` behind its closing tag; `nil` if it has none.
    var closerTail: ArraySlice<Int32>? {
        guard !close.isEmpty, closer.count >= close.count else { return nil }
        for start in 0...closer.count - close.count
        where closer[start...].starts(with: close) {
            return closer[(start + close.count)...]
        }
        return nil
    }
}

/// What made a thought close before the model closed it.
public enum ThoughtCeiling: String, Sendable, Equatable {
    /// The ceiling on tokens of the thought.
    case reasoning
    /// The ceiling on all new tokens, less what is kept back for the answer.
    case tokens
    /// The deadline.
    case latency
    /// The model drew a stop id inside its thought.
    case stop
    /// The submitter asked for the answer.
    case asked
}

extension ThoughtControl {
    /// Throws unless the thought can be closed within its own ceiling.
    ///
    /// A prompt that ends inside the thought leaves no room before the closer: whoever wants less
    /// than the closer writes it into the prompt.
    func validate(vocabularySize: Int) throws(DecodingError) {
        for (field, ids) in [("open", open), ("close", close), ("closer", closer)] {
            guard !ids.isEmpty else {
                throw .invalidThought(field: field, value: 0, range: "at least one token")
            }
            if let id = ids.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
                throw .tokenOutOfRange(
                    field: "thought.\(field)", id: id, vocabularySize: vocabularySize)
            }
        }
        guard closerTail != nil else {
            throw .invalidThought(
                field: "closer", value: closer.count,
                range: "tokens with the closing tag among them")
        }
        guard shapes.count == vocabularySize else {
            throw .invalidThought(
                field: "shapes", value: shapes.count, range: "\(vocabularySize) tokens")
        }
        let least = startsOpen ? (closes ? closer.count : 1) : 0
        if let maximumTokens, maximumTokens < least {
            throw .invalidThought(
                field: "maximumTokens", value: maximumTokens, range: "at least \(least)")
        }
        for (field, value) in [("answerReserve", answerReserve), ("grace", grace)] where value < 0 {
            throw .invalidThought(field: field, value: value, range: "at least 0")
        }
    }
}
