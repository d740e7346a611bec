/// A vocabulary that a ``VocabularyTrainer`` has found: its tokens by id, and which pairs merge.
public struct TrainedVocabulary: Sendable, Equatable {
    /// Two neighbouring tokens that become one.
    public struct Merge: Sendable, Hashable {
        /// The id of the left token.
        public let left: Int32
        /// The id of the right token.
        public let right: Int32
    }

    /// The tokens by id, as `tokenizer.json` spells them.
    ///
    /// The special tokens, then the 256 bytes in the order of the characters that stand for them,
    /// then what merges made, the first one first.
    public let tokens: [String]
    /// The merges, the first to be tried first; each makes the next token after the bytes.
    public let merges: [Merge]
    /// The regular expression that cuts text into the words within which pairs merge.
    public let pattern: String
    /// How many tokens, from id 0 on, are found in text as they stand.
    public let specialTokenCount: Int

    /// Tokens that stay in decoded text when special tokens are skipped: the marks of a thought,
    /// as in Qwen3.
    public static let shownTokens: Set<String> = ["<think>", "</think>"]

    /// The tokens that are found in text as they stand, by id.
    public var specialTokens: ArraySlice<String> {
        tokens[..<specialTokenCount]
    }
}
