/// What one forward pass computes: for each sequence, some tokens past its cached ones.
public struct ForwardBatch: Sendable {
    /// What is wanted of an item's positions.
    public enum LogitRows: Sendable, Equatable {
        /// Nothing: more of the prompt follows in a later pass.
        case none
        /// The last new position's logits only.
        case last
        /// Every new position's logits.
        case all
        /// No logits; the last new position's hidden state, in `Logits.hidden`.
        case hidden
    }

    /// One sequence's share of the pass.
    ///
    ///     [0, position)                       keys and values are in the pages already
    ///     [position, position + tokens.count) computed and written by this pass
    ///     blockTable.count * pageSize         must cover both
    public struct Item: Sendable {
        /// The family member whose weights compute this item.
        public var member: Int
        /// New token ids, at least one.
        public var tokens: [Int32]
        /// How many tokens of the sequence are cached: the position of `tokens[0]`.
        public var position: Int
        /// Page numbers in order of position.
        public var blockTable: [Int32]
        /// Which new positions need logits.
        public var logitRows: LogitRows

        /// Describes one sequence's share.
        public init(
            member: Int = 0, tokens: [Int32], position: Int, blockTable: [Int32],
            logitRows: LogitRows
        ) {
            self.member = member
            self.tokens = tokens
            self.position = position
            self.blockTable = blockTable
            self.logitRows = logitRows
        }
    }

    /// The sequences of this pass; each appears once.
    public var items: [Item]

    /// A pass over `items`.
    public init(items: [Item]) {
        self.items = items
    }

    /// Rows of logits that this pass returns.
    public var logitRowCount: Int {
        items.reduce(0) { sum, item in
            switch item.logitRows {
            case .none, .hidden: sum
            case .last: sum + 1
            case .all: sum + item.tokens.count
            }
        }
    }

    /// Hidden states that this pass returns.
    public var hiddenCount: Int { items.count { $0.logitRows == .hidden } }
}

/// The scores of a forward pass, `[rows, vocabularySize]`, f32, and the hidden states that were
/// asked for in their place.
public struct Logits: Sendable {
    /// Values, row-major.
    public var values: [Float]
    /// Residual stream behind the final norm, which the output matrix would read:
    /// `[hiddenCount, hiddenSize]`, f32, row-major, items in order.
    public var hidden: [Float]
    /// Values in a row.
    public let vocabularySize: Int

    /// Wraps `values`, whose count is a multiple of `vocabularySize`.
    public init(values: [Float], hidden: [Float] = [], vocabularySize: Int) {
        precondition(vocabularySize > 0 && values.count % vocabularySize == 0)
        self.values = values
        self.hidden = hidden
        self.vocabularySize = vocabularySize
    }

    /// Rows held.
    public var rowCount: Int { values.count / vocabularySize }

    /// The scores of one row, `[vocabularySize]`, f32.
    public func row(_ index: Int) -> ArraySlice<Float> {
        values[index * vocabularySize..<(index + 1) * vocabularySize]
    }
}
