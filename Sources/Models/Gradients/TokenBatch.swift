/// Sequences packed one behind the other, and what each position should have predicted.
public struct TokenBatch: Sendable, Equatable {
    /// Token ids, `[rows]`.
    public private(set) var tokens: [Int32] = []
    /// The id that follows each token, `[rows]`; -1 where nothing is asked of a position.
    public private(set) var targets: [Int32] = []
    /// The rows of each sequence, ascending.
    public private(set) var sequences: [Range<Int>] = []

    /// No sequence yet.
    public init() {}

    /// Appends a sequence.
    ///
    /// - Parameters:
    ///   - tokens: Its ids, at least one.
    ///   - targets: As many: the id that should follow each of them, or -1.
    public mutating func append(tokens: [Int32], targets: [Int32]) {
        precondition(!tokens.isEmpty && tokens.count == targets.count, "\(targets.count) targets")
        sequences.append(self.tokens.count..<self.tokens.count + tokens.count)
        self.tokens += tokens
        self.targets += targets
    }

    /// Tokens in all.
    public var rowCount: Int { tokens.count }
}
