/// Tells from a decoded text whether the model ended it, as trainers do that send special tokens
/// along (arXiv 2502.04463: without an end a response is wrong).
///
/// The mark must be the last thing in the text, padding and blanks put aside: prompts hold marks
/// too, at the end of every turn.
public struct EndOfSequence: Sendable, Hashable {
    /// How common tokenizers write the end of a sequence or turn.
    public static let common = [
        "<｜end▁of▁sentence｜>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>",
        "<|eom_id|>", "<|end|>", "<|return|>", "<end_of_turn>", "<eos>", "</s>", "[EOS]",
    ]

    private static let paddings = [
        "<｜▁pad▁｜>", "<|pad|>", "<pad>", "[PAD]", "<|PAD_TOKEN|>", "<|vision_pad|>",
        "<|finetune_right_pad_id|>",
    ].map { Array($0.utf8) }

    /// The marks of an end.
    public let marks: [String]
    private let markBytes: [[UInt8]]

    /// Marks of an end.
    ///
    /// - Parameter marks: How the tokenizer writes them; empty ones are left out.
    public init(marks: [String] = EndOfSequence.common) {
        self.marks = marks.filter { !$0.isEmpty }
        markBytes = self.marks.map { Array($0.utf8) }
    }

    /// Parts a text from its marks and padding.
    ///
    /// - Parameter text: A decoded sequence, special tokens kept.
    /// - Returns: The text without them, and whether it had come to its end. Marks and padding
    ///   before it are left out too, so that a padded batch counts as many tokens as one without.
    public func parting(_ text: String) -> (content: String, isFinished: Bool) {
        let bytes = Array(text.utf8)
        var content = bytes[...]
        while let token = (markBytes + Self.paddings).first(where: { content.starts(with: $0) }) {
            content = content.dropFirst(token.count)
        }
        var isFinished = false
        while true {
            let last = content.lastIndex { $0 != 0x20 && !(0x09...0x0D).contains($0) }
            let solid = content[..<(last.map { $0 + 1 } ?? content.startIndex)]
            if let mark = markBytes.first(where: { Self.ends(solid, in: $0) }) {
                isFinished = true
                content = solid.dropLast(mark.count)
            } else if let padding = Self.paddings.first(where: { Self.ends(solid, in: $0) }) {
                content = solid.dropLast(padding.count)
            } else {
                break
            }
        }
        guard content.count < bytes.count else { return (text, isFinished) }
        return (String(decoding: content, as: UTF8.self), isFinished)
    }

    private static func ends(_ text: ArraySlice<UInt8>, in mark: [UInt8]) -> Bool {
        text.count >= mark.count && text.suffix(mark.count).elementsEqual(mark)
    }
}
