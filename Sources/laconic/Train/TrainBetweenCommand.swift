import ArgumentParser
import Training

/// Writes a checkpoint between two members.
struct TrainBetweenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "between",
        abstract: "Write a checkpoint between two members of a family, without training.",
        discussion: "Put it into the family's folder under a name such as alpha_0.3, and calibrate."
    )

    @Argument(help: ArgumentHelp("The member that a share of 0 is.", valueName: "first"))
    var first: String

    @Argument(help: ArgumentHelp("The member that a share of 1 is.", valueName: "second"))
    var second: String

    @Option(help: ArgumentHelp("How far from the first to the second.", valueName: "0 to 1"))
    var share: Double

    @Option(help: ArgumentHelp("Where the checkpoint is written.", valueName: "folder"))
    var out: String

    func run() async throws {
        try Interpolation(first: first, second: second, share: share).write(
            to: out, kernels: try TrainingSession.kernels(threads: 1))
        Terminal.output.line(out)
    }
}
