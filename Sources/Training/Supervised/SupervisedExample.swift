/// A sequence to learn, and which of its tokens are to be predicted.
public struct SupervisedExample: Sendable, Equatable {
    /// Token ids: prompt, response, end of sequence.
    public var tokens: [Int32]
    /// For each token, whether it is learned: false for the prompt and for what must not be
    /// imitated; the first is never learned.
    public var isLearned: [Bool]

    /// An example; both arrays are as long.
    public init(tokens: [Int32], isLearned: [Bool]) {
        precondition(tokens.count == isLearned.count, "\(tokens.count) tokens")
        self.tokens = tokens
        self.isLearned = isLearned
    }

    /// For each token the one that follows, or -1 where that is not learned.
    public var targets: [Int32] {
        tokens.indices.map { index in
            let next = index + 1
            return next < tokens.count && isLearned[next] ? tokens[next] : -1
        }
    }
}

/// Examples in an order that never changes.
public protocol ExampleSource {
    /// The example at a place in the order.
    ///
    /// - Parameter index: At least 0; a source of finite length starts over, in another order.
    /// - Returns: The example.
    /// - Throws: Where its text cannot be made or read.
    func example(_ index: Int) throws(TrainingError) -> SupervisedExample
}
