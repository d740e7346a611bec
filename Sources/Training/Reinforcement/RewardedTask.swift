public import Evaluation

/// What a policy is trained on: prompts, and which answers to them are right.
public protocol RewardedTask {
    /// The problems of a step; the same step always has the same ones.
    ///
    /// - Parameters:
    ///   - step: From 1.
    ///   - count: How many.
    /// - Returns: That many, with their prompts' token ids.
    /// - Throws: Where a prompt cannot be made.
    func problems(step: Int, count: Int) throws(TrainingError) -> [RewardedProblem]

    /// Whether a finished response answers a problem rightly.
    ///
    /// - Parameters:
    ///   - response: Token ids, the end of sequence included.
    ///   - problem: What was asked.
    /// - Returns: The verdict.
    func isCorrect(_ response: [Int32], to problem: RewardedProblem) -> Bool
}

/// A problem and the prompt that asks it.
public struct RewardedProblem: Sendable, Equatable {
    /// Question and answer.
    public var problem: Problem
    /// The rendered prompt's token ids.
    public var prompt: [Int32]

    /// A problem and its prompt.
    public init(problem: Problem, prompt: [Int32]) {
        self.problem = problem
        self.prompt = prompt
    }
}
