public import Evaluation
public import Inference
import Tokenization

/// The solutions of a problem set, as token ids, in a new order each time round.
public struct SolvedExamples: ExampleSource {
    private let problems: [Problem]
    private let prompts: CheckpointPrompts
    private let wording: QuestionWording
    private let seed: UInt64
    private let endOfSequence: Int32

    /// Examples in the words of a checkpoint.
    ///
    /// - Parameters:
    ///   - set: Problems, all with solutions.
    ///   - prompts: The tokenizer and template to write them with.
    ///   - wording: How questions are put.
    ///   - seed: Orders the examples.
    /// - Throws: `TrainingError.setting` naming the first problem without a solution, or where the
    ///   tokenizer has no end of sequence.
    public init(
        set: ProblemSet, prompts: CheckpointPrompts, wording: QuestionWording, seed: UInt64
    ) throws(TrainingError) {
        if let problem = set.problems.first(where: { $0.solution == nil }) {
            throw .setting(
                name: "\(set.name), problem \(problem.id)", expected: "a text 'solution'",
                found: "none")
        }
        problems = set.problems
        self.prompts = prompts
        self.wording = wording
        self.seed = seed
        endOfSequence = try prompts.endOfSequence
    }

    /// Prompt, solution and end of sequence; the answer is boxed where the solution does not.
    public func example(_ index: Int) throws(TrainingError) -> SupervisedExample {
        let epoch = UInt64(index / problems.count)
        var random = RandomSource(seed: seed, purpose: "epoch", index: epoch)
        let order = random.shuffled(Array(problems.indices))
        let problem = problems[order[index % problems.count]]
        var response = problem.solution ?? ""
        if !response.contains("\\boxed") {
            response += "\nThe answer is \\boxed{\(problem.answer)}."
        }
        let prompt = try prompts.trainingPrompt(
            wording.message(for: problem.question, index: UInt64(index)))
        let body = prompts.tokenizer.encode(
            response, addSpecialTokens: false, parseSpecial: false)
        return SupervisedExample(
            tokens: prompt + body + [endOfSequence],
            isLearned: Array(repeating: false, count: prompt.count)
                + Array(repeating: true, count: body.count + 1))
    }
}
