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

    /// Finds the final answer in a response and compares it with the problem's.
    ///
    /// - Parameters:
    ///   - response: What was written, the thought included.
    ///   - problem: What was asked.
    ///   - grader: What counts as equal.
    public init(of response: String, to problem: Problem, by grader: Grader) {
        answer = AnswerExtractor.answer(in: response, mode: .evaluation)
        isCorrect = answer.map { grader.grade($0, against: problem.answer).isEqual } ?? false
    }
}
