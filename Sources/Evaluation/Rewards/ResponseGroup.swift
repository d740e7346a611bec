/// Responses to one prompt, to be graded and rewarded against each other.
public struct ResponseGroup: Sendable, Hashable {
    /// One response.
    public struct Response: Sendable, Hashable {
        /// What the model wrote; a prompt before it does no harm, being the same in all.
        public var text: String
        /// Its length where the caller knows it; nil leaves the counting to the grader.
        public var length: Int?
        /// Whether the model ended it; false for what was cut off, which counts as wrong.
        public var isFinished: Bool

        /// A response.
        ///
        /// - Parameters:
        ///   - text: What the model wrote.
        ///   - length: Its length in tokens, where known.
        ///   - isFinished: Whether the model ended it.
        public init(text: String, length: Int? = nil, isFinished: Bool) {
            self.text = text
            self.length = length
            self.isFinished = isFinished
        }
    }

    /// The right answer alone, as `GoldAnswer` finds it.
    public var answer: String
    /// The responses, in the caller's order.
    public var responses: [Response]

    /// A group.
    ///
    /// - Parameters:
    ///   - answer: The right answer alone.
    ///   - responses: The responses to one prompt; lengths are given for all or for none.
    public init(answer: String, responses: [Response]) {
        self.answer = answer
        self.responses = responses
    }
}
