import ArgumentParser
import Evaluation
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

    @Option(help: ArgumentHelp("The program's commit, for the cards.", valueName: "id"))
    var commit: String?

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
        let (run, commit) = (try FamilyRun(recipe: recipe, folder: training.out), commit)
        try await TrainingSession.run(threads: training.threads) { threads, show in
            let kernels = try TrainingSession.kernels(threads: threads)
            try run.trainBase(kernels: kernels, progress: show)
            try await run.trainMembers(threads: threads, progress: show)
            let line = ProgressLine()
            defer { line.end() }
            try await run.calibrate(threads: threads) { line.show($0) }
            line.end()
            let report = try await run.measure(threads: threads) { line.show($0) }
            try run.writeCards(report, commit: commit)
            line.end()
            Terminal.output.table(header: report.tableHeader, rows: report.tableRows)
        }
        Terminal.output.line(run.family)
    }
}
