import ArgumentParser
import Training

/// Makes a family from a recipe.
struct TrainFamilyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "family",
        abstract: "Make a family as a recipe says: tokenizer, base, members, measurements.")

    @OptionGroup var training: TrainingArguments

    @Option(help: ArgumentHelp("The recipe, a JSON file.", valueName: "file"))
    var config: String

    @Option(
        help: ArgumentHelp(
            "Penalties on length, comma-separated (default: the recipe's).", valueName: "alphas"),
        transform: Self.alphas)
    var alphas: [Double] = []

    /// Reads `0,0.05,0.1`.
    static func alphas(_ text: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let alpha = Double(word), (0..<1).contains(alpha) else {
                throw ValidationError("'\(text)': expected numbers from 0 up to 1, such as 0,0.1")
            }
            return alpha
        }
    }

    func run() async throws {
        var recipe = try Recipe(path: config)
        if !alphas.isEmpty { recipe.reinforcement.alphas = alphas }
        let run = try FamilyRun(recipe: recipe, folder: training.out)
        try await TrainingSession.run(threads: training.threads) { threads, show in
            let kernels = try TrainingSession.kernels(threads: threads)
            try run.trainBase(kernels: kernels, progress: show)
            try await run.trainMembers(threads: threads, progress: show)
        }
        Terminal.output.line(run.family)
    }
}
