import ArgumentParser
import Training

/// Makes the tokenizer of a recipe, or of a text.
struct TrainTokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer",
        abstract: "Make a recipe's byte-level BPE tokenizer.")

    @Option(help: ArgumentHelp("The recipe, a JSON file.", valueName: "file"))
    var config: String

    @Option(
        help: ArgumentHelp(
            "Text to learn from instead of the recipe's problems.", valueName: "file"))
    var data: String?

    @Option(help: ArgumentHelp("Where tokenizer.json shall appear.", valueName: "folder"))
    var out: String

    func run() throws {
        let count = try TokenizerRun(recipe: Recipe(path: config), text: data, folder: out).run()
        Terminal.output.line("\(out)/tokenizer.json: \(count) tokens")
    }
}
