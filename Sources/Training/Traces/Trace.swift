/// A worked solution to learn from: what a model should write after `<think>` and a line feed.
///
/// The text is the thought, a line with `</think>` and the answer in `\boxed{}`. No token that
/// ends a sequence is part of it: whoever encodes the text adds that.
public struct Trace: Sendable, Equatable {
    /// A stretch of the text that is learned as a whole or not at all.
    ///
    /// What is not learned is digits only, so that a tokenizer with one token a digit never joins
    /// two segments in one token.
    public struct Segment: Sendable, Equatable {
        /// Its text.
        public var text: String
        /// Whether its tokens count in the loss.
        ///
        /// False for the digits of a deliberate mistake, so
        /// that the noticing and the repair are learned, and the mistake is not.
        public var isLearned: Bool
    }

    /// How it is written.
    public let style: TraceStyle
    /// The text in order; none is empty, and neighbours differ in `isLearned`.
    public private(set) var segments: [Segment]

    /// The whole text.
    public var text: String { segments.map(\.text).joined() }

    init(style: TraceStyle) {
        self.style = style
        segments = []
    }

    mutating func write(_ text: String, isLearned: Bool = true) {
        guard !text.isEmpty else { return }
        if let last = segments.indices.last, segments[last].isLearned == isLearned {
            segments[last].text += text
        } else {
            segments.append(Segment(text: text, isLearned: isLearned))
        }
    }
}
