import ArgumentParser
import Training

/// Teaches a checkpoint the solutions of a problem file, or makes a recipe's base.
struct TrainSupervisedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sft",
        abstract: "Teach a checkpoint worked solutions.",
        discussion: """
            With --model and --data, the start is any checkpoint that is served. With --config \
            alone, the recipe's tokenizer and base are made. The result is a Hugging Face folder.
            """)

    @OptionGroup var training: TrainingArguments

    @Option(help: ArgumentHelp("The checkpoint to start from.", valueName: "path"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Problems with solutions, as JSON lines: id, question, answer, solution.",
            valueName: "file"))
    var data: String?

    @Option(help: ArgumentHelp("A recipe; the flags below override it.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Optimiser steps.", valueName: "count"))
    var steps: Int?

    @Option(help: ArgumentHelp("Tokens of a step.", valueName: "tokens"))
    var tokensPerStep: Int?

    @Option(help: ArgumentHelp("Longer examples are left out.", valueName: "tokens"))
    var maxLength: Int?

    @Option(help: "AdamW's learning rate.")
    var learningRate: Double?

    @Option(help: ArgumentHelp("Steps between states on disk.", valueName: "count"))
    var saveEvery: Int?

    @Option(help: "Order and wording follow from it.")
    var seed: UInt64?

    func validate() throws {
        for (flag, value) in [
            ("--steps", steps), ("--tokens-per-step", tokensPerStep), ("--max-length", maxLength),
            ("--save-every", saveEvery),
        ] {
            if let value, !(1...10_000_000).contains(value) {
                throw ValidationError("\(flag) is \(value); expected 1 to 10000000")
            }
        }
        if let learningRate, !(learningRate > 0 && learningRate < 1) {
            throw ValidationError("--learning-rate is \(learningRate); expected above 0, below 1")
        }
        guard (model == nil) == (data == nil), model != nil || config != nil else {
            throw ValidationError("Give --model PATH and --data FILE, or --config RECIPE alone.")
        }
    }

    func run() async throws {
        let recipe = try config.map { path in try Recipe(path: path) }
        guard let model, let data else {
            guard var recipe else { return }
            recipe.supervised = adjusted(recipe.supervised)
            let run = try FamilyRun(recipe: recipe, folder: training.out)
            try await TrainingSession.run(threads: training.threads) { threads, show in
                let kernels = try TrainingSession.kernels(threads: threads)
                try run.trainBase(kernels: kernels, progress: show)
            }
            return Terminal.output.line(run.base)
        }
        let run = SupervisedRun(
            start: model, source: .problems(path: data),
            settings: adjusted(recipe?.supervised ?? .fineTuning),
            wording: recipe?.wording ?? .instructed, seed: seed ?? recipe?.seed ?? 0,
            folder: training.out, result: "\(training.out)/model")
        try await TrainingSession.run(threads: training.threads) { threads, show in
            try run.run(kernels: TrainingSession.kernels(threads: threads), progress: show)
        }
        Terminal.output.line(run.result)
    }

    private func adjusted(_ settings: Recipe.Supervised) -> Recipe.Supervised {
        var settings = settings
        settings.steps = steps ?? settings.steps
        settings.tokensPerStep = tokensPerStep ?? settings.tokensPerStep
        settings.longestExample = maxLength ?? settings.longestExample
        settings.learningRate = learningRate ?? settings.learningRate
        settings.saveEvery = saveEvery ?? settings.saveEvery
        return settings
    }
}
