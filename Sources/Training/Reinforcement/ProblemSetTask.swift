public import Evaluation
public import Inference
import Tokenization

/// The problems of a file, graded as mathematics, in a new order each time round.
public struct ProblemSetTask: RewardedTask {
    private let problems: [Problem]
    private let prompts: CheckpointPrompts
    private let wording: QuestionWording
    private let seed: UInt64
    private let grader = Grader()

    /// A task in the words of a checkpoint.
    ///
    /// - Parameters:
    ///   - set: Problems with answers.
    ///   - prompts: The tokenizer and template to ask with.
    ///   - wording: How questions are put.
    ///   - seed: Orders the problems.
    public init(
        set: ProblemSet, prompts: CheckpointPrompts, wording: QuestionWording, seed: UInt64
    ) {
        problems = set.problems
        self.prompts = prompts
        self.wording = wording
        self.seed = seed
    }

    /// The problems of a step; see ``RewardedTask``.
    public func problems(
        step: Int, count: Int
    ) throws(TrainingError) -> [RewardedProblem] {
        var chosen: [RewardedProblem] = []
        for place in (step - 1) * count..<step * count {
            let epoch = UInt64(place / problems.count)
            var random = RandomSource(seed: seed, purpose: "epoch", index: epoch)
            let order = random.shuffled(Array(problems.indices))
            let problem = problems[order[place % problems.count]]
            let message = wording.message(for: problem.question, index: UInt64(place))
            chosen.append(
                RewardedProblem(problem: problem, prompt: try prompts.trainingPrompt(message)))
        }
        return chosen
    }

    /// Whether the answer found in the response is the problem's (arXiv 2502.04463's checker, in
    /// its training mode).
    public func isCorrect(_ response: [Int32], to problem: RewardedProblem) -> Bool {
        let text = prompts.tokenizer.decode(response, skipSpecialTokens: true)
        guard let answer = AnswerExtractor.answer(in: text, mode: .training) else { return false }
        return grader.grade(answer, against: problem.problem.answer).isEqual
    }
}
