import Tokenization

/// Turns one sample's ids into the text of its thought and of its answer.
///
///     id -> ReasoningSplitter -> StreamingDetokenizer (one a part) -> WhitespaceTrimmer -> text
///                                                                  \-> StopMatcher (answer)
///
/// Stop strings look at the answer only: a stop inside the thought would leave no answer at all.
struct SampleAssembler {
    /// Text that became certain with the last id.
    struct Piece: Equatable {
        var reasoning = ""
        var answer = ""
    }

    private var splitter: ReasoningSplitter
    private var reasoning: StreamingDetokenizer
    private var answer: StreamingDetokenizer
    private var reasoningTrimmer = WhitespaceTrimmer(leading: .drop, holdsTrailing: true)
    private var answerTrimmer: WhitespaceTrimmer
    private var stops: StopMatcher

    /// New tokens of the thought, its tags included.
    private(set) var reasoningTokens = 0

    /// An assembler for a sample of a model with `tags`.
    ///
    /// - Parameters:
    ///   - tokenizer: The model's tokenizer.
    ///   - tags: What opens and closes its thought, if it thinks.
    ///   - startsInReasoning: Whether the prompt ends inside the thought.
    ///   - stops: Texts that end the answer.
    init(
        tokenizer: Tokenizer, tags: ReasoningTags?, startsInReasoning: Bool, stops: [String]
    ) {
        splitter = ReasoningSplitter(tags: tags, startsInReasoning: startsInReasoning)
        reasoning = StreamingDetokenizer(tokenizer, skipsSpecialTokens: true)
        answer = StreamingDetokenizer(tokenizer, skipsSpecialTokens: true)
        answerTrimmer = WhitespaceTrimmer(
            leading: tags == nil ? .keep : .hold, holdsTrailing: false)
        self.stops = StopMatcher(stops: stops)
    }

    /// Whether the next id would be part of a thought.
    var isReasoning: Bool { splitter.isReasoning }

    /// The stop string that ended the answer, once one did.
    var matchedStop: String? { stops.match }

    /// Takes the next id.
    mutating func append(_ id: Int32) -> Piece {
        var piece = Piece()
        for (id, part) in splitter.append(id) { take(id, part, into: &piece) }
        return piece
    }

    /// Takes the id that ended the sample: it is counted but has no text.
    mutating func appendStop() {
        if splitter.isReasoning { reasoningTokens += 1 }
    }

    /// The rest of the text, when the sample ended.
    mutating func finish() -> Piece {
        var piece = Piece()
        for (id, part) in splitter.flush() { take(id, part, into: &piece) }
        piece.reasoning += reasoningTrimmer.append(reasoning.flush())
        let tail = answerTrimmer.append(answer.flush()) + answerTrimmer.flush()
        piece.answer += stops.append(tail)
        if stops.match == nil { piece.answer += stops.flush() }
        return piece
    }

    private mutating func take(
        _ id: Int32, _ part: ReasoningSplitter.Part, into piece: inout Piece
    ) {
        switch part {
        case .reasoning:
            reasoningTokens += 1
            piece.reasoning += reasoningTrimmer.append(reasoning.append(id))
        case .answer:
            piece.answer += stops.append(answerTrimmer.append(answer.append(id)))
        case .openTag:
            reasoningTokens += 1
            piece.answer += stops.append(answerTrimmer.append(answer.flush()))
            answerTrimmer.dropHeld()
        case .closeTag:
            reasoningTokens += 1
            piece.reasoning += reasoningTrimmer.append(reasoning.flush())
            reasoningTrimmer.restart(leading: .drop)
            answerTrimmer.restart(leading: .drop)
        }
    }
}

/// Removes the white space around a part: a template's line breaks about the tags are not text.
///
/// It looks at code points, never at grapheme clusters, so that the result does not depend on how
/// the text is cut into pieces.
struct WhitespaceTrimmer {
    /// What becomes of white space before the first other character.
    enum Leading {
        /// It is text.
        case keep
        /// It is removed.
        case drop
        /// It is text unless a tag follows.
        case hold
    }

    private var leading: Leading
    private let holdsTrailing: Bool
    private var held = ""

    /// A trimmer at the start of a part.
    init(leading: Leading, holdsTrailing: Bool) {
        self.leading = leading
        self.holdsTrailing = holdsTrailing
    }

    /// Takes text and returns what is certain to be kept.
    mutating func append(_ text: String) -> String {
        var rest = text[...]
        if leading != .keep {
            let start =
                rest.unicodeScalars.firstIndex { !$0.properties.isWhitespace } ?? rest.endIndex
            if leading == .hold { held += rest[..<start] }
            rest = rest[start...]
            guard !rest.isEmpty else { return "" }
            leading = .keep
        }
        guard holdsTrailing else {
            defer { held = "" }
            return held + rest
        }
        guard let last = rest.unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace })
        else {
            held += rest
            return ""
        }
        let end = rest.unicodeScalars.index(after: last)
        defer { held = String(rest[end...]) }
        return held + rest[..<end]
    }

    /// White space held back, as text.
    mutating func flush() -> String {
        defer { held = "" }
        return held
    }

    /// Forgets white space held back.
    mutating func dropHeld() {
        held = ""
    }

    /// Begins the part again after a tag; white space held back is forgotten.
    mutating func restart(leading: Leading) {
        held = ""
        self.leading = leading
    }
}
