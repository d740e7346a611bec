import ArgumentParser
import Benchmarking
import Foundation

/// Everything that measures speed.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a model's passes or a served model under load; compare two results.",
        discussion: "With --json the last line of the output is one JSON document.",
        subcommands: [
            BenchDecoderCommand.self, BenchLoadCommand.self, BenchCompareCommand.self,
        ],
        defaultSubcommand: BenchDecoderCommand.self)
}

/// What a document says of the run that made it.
struct BenchRecord: ParsableArguments {
    @Flag(help: "Write one JSON document instead of a table.")
    var json = false

    @Option(help: ArgumentHelp("The commit of this build, for the document.", valueName: "hash"))
    var commit: String?

    /// The program, for the document.
    var program: BenchmarkDocument.Program {
        BenchmarkDocument.Program(
            version: Laconic.configuration.version, commit: commit)
    }

    /// The command line, for the document.
    var command: String {
        (["laconic"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    }
}

extension BenchmarkError: CommandFailure {}
