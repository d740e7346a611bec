import Decoding

/// The ids that open and close a thought.
///
/// They are ids, not text: R1's tags are ordinary added tokens, so text that merely spells a tag
/// does not count.
struct ReasoningTags: Sendable, Equatable {
    /// Ids of the opening tag, at least one.
    var open: [Int32]
    /// Ids of the closing tag, at least one.
    var close: [Int32]
}

/// Sorts a sample's ids into thought, answer and tags.
///
///     startsInReasoning:   t t t </think> a a a
///     otherwise:           <think> t t </think> a a  [<think> t </think> a ...]
///
/// A thought that is opened again counts as thought again. Ids that may be the beginning of a tag
/// of several ids are held until that is decided.
struct ReasoningSplitter {
    /// Where an id belongs.
    enum Part: Sendable, Equatable {
        case reasoning
        case answer
        case openTag
        case closeTag
    }

    private let tags: ReasoningTags?
    private var matcher = TagMatcher()

    /// Whether the next id would be part of a thought.
    private(set) var isReasoning: Bool

    /// A splitter for a sample whose prompt ends inside the thought, or does not.
    init(tags: ReasoningTags?, startsInReasoning: Bool) {
        self.tags = tags
        isReasoning = startsInReasoning && tags != nil
    }

    /// Takes the next id and returns those that are decided, in order.
    mutating func append(_ id: Int32) -> [(id: Int32, part: Part)] {
        guard let tags else { return [(id, .answer)] }
        var decided: [(id: Int32, part: Part)] = []
        let (tag, text) = (isReasoning ? tags.close : tags.open, textPart)
        let isWhole = matcher.append(id, tag: tag) { decided.append(($0, text)) }
        if isWhole {
            let part: Part = isReasoning ? .closeTag : .openTag
            decided += tag.map { ($0, part) }
            isReasoning.toggle()
        }
        return decided
    }

    /// The ids still held, when the sample ended.
    mutating func flush() -> [(id: Int32, part: Part)] {
        defer { matcher = TagMatcher() }
        return matcher.held.map { ($0, textPart) }
    }

    private var textPart: Part { isReasoning ? .reasoning : .answer }
}
