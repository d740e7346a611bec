/// A set of token ids.
public struct TokenSet: Sendable, Equatable {
    private var words: [UInt64]

    /// No token of a vocabulary of that size.
    init(vocabularySize: Int) {
        words = Array(repeating: 0, count: (vocabularySize + 63) / 64)
    }

    /// Whether there is none.
    public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// Whether an id is in the set; one outside the vocabulary never is.
    public func contains(_ id: Int32) -> Bool {
        let word = Int(id) >> 6
        return id >= 0 && word < words.count && words[word] >> (UInt64(id) & 63) & 1 == 1
    }

    /// Adds an id; one outside the vocabulary is ignored.
    public mutating func insert(_ id: Int32) {
        let word = Int(id) >> 6
        guard id >= 0, word < words.count else { return }
        words[word] |= 1 << (UInt64(id) & 63)
    }
}
