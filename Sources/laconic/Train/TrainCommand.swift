import ArgumentParser

/// Everything that makes checkpoints.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a tokenizer, a base, a member or a whole family.",
        discussion: """
            Every command can be stopped (Ctrl-C) or killed; the same command goes on from the \
            last state, to the same result.
            """,
        subcommands: [
            TrainTokenizerCommand.self, TrainSupervisedCommand.self, TrainReinforcementCommand.self,
            TrainFamilyCommand.self, TrainBetweenCommand.self,
        ])
}
