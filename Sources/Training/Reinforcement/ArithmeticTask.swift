public import Evaluation
public import Inference
import Tokenization

/// Generated problems, graded by the strict rule of the product's own family.
public struct ArithmeticTask: RewardedTask {
    private let generator: ProblemGenerator
    private let tiers: [Tier]
    private let prompts: CheckpointPrompts
    private let wording: QuestionWording
    private let seed: UInt64

    /// Problems in the words of a checkpoint, all from the `train` split.
    ///
    /// - Parameters:
    ///   - seed: What all problems follow from.
    ///   - mix: How often each tier comes, by weight.
    ///   - prompts: The tokenizer and template to ask with.
    ///   - wording: How questions are put.
    /// - Throws: `TrainingError.setting` when all weights are 0.
    public init(
        seed: UInt64, mix: [Tier: Int], prompts: CheckpointPrompts, wording: QuestionWording
    ) throws(TrainingError) {
        generator = ProblemGenerator(seed: seed)
        tiers = Tier.allCases.flatMap { Array(repeating: $0, count: max(0, mix[$0] ?? 0)) }
        guard !tiers.isEmpty else {
            throw .setting(name: "mix", expected: "a tier with a weight above 0", found: "none")
        }
        self.prompts = prompts
        self.wording = wording
        self.seed = seed
    }

    /// The problems of a step; see ``RewardedTask``.
    public func problems(
        step: Int, count: Int
    ) throws(TrainingError) -> [RewardedProblem] {
        var problems: [RewardedProblem] = []
        for place in 0..<count {
            let index = UInt64(step) * 1_000_000 + UInt64(place)
            var random = RandomSource(seed: seed, purpose: "reinforcement", index: index)
            let problem = generator.problem(
                tier: random.element(of: tiers), split: .train, index: index)
            let message = wording.message(for: problem.question, index: index)
            problems.append(
                RewardedProblem(
                    problem: problem.problem(id: "step-\(step)-\(place)"),
                    prompt: try prompts.trainingPrompt(message)))
        }
        return problems
    }

    /// Whether the response has one thought, one box after it, and the answer in the box.
    public func isCorrect(_ response: [Int32], to problem: RewardedProblem) -> Bool {
        let text = prompts.tokenizer.decode(response, skipSpecialTokens: true)
        return StrictGrading.isCorrect(text, answer: problem.problem.answer)
    }
}
