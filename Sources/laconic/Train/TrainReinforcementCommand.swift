import ArgumentParser
import Training

/// Trains one member: right answers, no longer than needed.
struct TrainReinforcementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rl",
        abstract: "Train a checkpoint to answer rightly and briefly: one member, one alpha.",
        discussion: """
            Rollouts come from the serving engine; the reward is the paper's (arXiv 2502.04463), \
            the update PPO's clipped one with leave-one-out advantages. Without --config the \
            settings are the paper's.
            """)

    @OptionGroup var training: TrainingArguments

    @Option(help: "How strongly length is punished, from 0 up to 1.")
    var alpha: Double

    @Option(help: ArgumentHelp("The checkpoint to start from.", valueName: "path"))
    var model: String

    @Option(
        help: ArgumentHelp(
            "Problems as JSON lines: id, question, answer (default: generated ones).",
            valueName: "file"))
    var data: String?

    @Option(help: ArgumentHelp("A recipe; the flags below override it.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Steps: rollout and updates.", valueName: "count"))
    var steps: Int?

    @Option(help: ArgumentHelp("Prompts of a step.", valueName: "count"))
    var prompts: Int?

    @Option(help: ArgumentHelp("Responses to each prompt.", valueName: "count"))
    var samples: Int?

    @Option(help: ArgumentHelp("Ceiling on the tokens of a response.", valueName: "tokens"))
    var maxTokens: Int?

    @Option(help: "Adam's learning rate.")
    var learningRate: Double?

    @Option(help: "Problems and samples follow from it.")
    var seed: UInt64?

    func validate() throws {
        guard (0..<1).contains(alpha) else {
            throw ValidationError("--alpha is \(alpha); expected 0 up to 1")
        }
        for (flag, value, least) in [
            ("--steps", steps, 1), ("--prompts", prompts, 1), ("--samples", samples, 2),
            ("--max-tokens", maxTokens, 1),
        ] {
            if let value, !(least...10_000_000).contains(value) {
                throw ValidationError("\(flag) is \(value); expected \(least) to 10000000")
            }
        }
        if let learningRate, !(learningRate > 0 && learningRate < 1) {
            throw ValidationError("--learning-rate is \(learningRate); expected above 0, below 1")
        }
    }

    func run() async throws {
        let recipe = try config.map { path in try Recipe(path: path) }
        var settings = recipe?.reinforcement ?? .paper
        settings.steps = steps ?? settings.steps
        settings.promptsPerStep = prompts ?? settings.promptsPerStep
        settings.samplesPerPrompt = samples ?? settings.samplesPerPrompt
        settings.maximumTokens = maxTokens ?? settings.maximumTokens
        settings.learningRate = learningRate ?? settings.learningRate
        let run = ReinforcementRun(
            start: model, source: data.map { .problems(path: $0) } ?? .generated, alpha: alpha,
            settings: settings, wording: recipe?.wording ?? .instructed,
            seed: seed ?? recipe?.seed ?? 0, folder: training.out,
            result: "\(training.out)/model")
        try await TrainingSession.run(threads: training.threads) { threads, show in
            try await run.run(kernels: TrainingSession.kernels(threads: threads), progress: show)
        }
        Terminal.output.line(run.result)
    }
}
