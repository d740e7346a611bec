/// What a grader says of one response.
public struct Judgement: Sendable, Equatable {
    /// The final answer that was found in it.
    public var answer: String?
    /// Whether that is the problem's answer.
    public var isCorrect: Bool

    /// What a grader says.
    public init(answer: String?, isCorrect: Bool) {
        self.answer = answer
        self.isCorrect = isCorrect
    }
}
