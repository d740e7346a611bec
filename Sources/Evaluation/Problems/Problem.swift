/// A question whose answer can be graded.
public struct Problem: Sendable, Equatable {
    /// Names it within its set.
    public var id: String
    /// What is asked.
    public var question: String
    /// The right final answer, as the data has it (a number or LaTeX).
    public var answer: String
    /// How hard it is said to be, if the data says so.
    public var difficulty: Difficulty?
    /// How it is solved, if the data says so: what a model may be taught to write.
    public var solution: String?

    /// A question and its answer.
    public init(
        id: String, question: String, answer: String, difficulty: Difficulty? = nil,
        solution: String? = nil
    ) {
        self.id = id
        self.question = question
        self.answer = answer
        self.difficulty = difficulty
        self.solution = solution
    }

    /// Tells this question and answer from others under the same id, 16 hexadecimal digits.
    var digest: String {
        var hash = StableHash()
        hash.combine(question)
        hash.combine(answer)
        return hash.hexadecimal
    }
}
