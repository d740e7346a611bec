import ArgumentParser
import Foundation
import Serving

/// The program: subcommands wire modules together, and what they do lives in the modules.
@main struct Laconic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "laconic",
        abstract: "Serve efficiency-tuned reasoning models under a budget.",
        discussion: """
            Every flag has an environment twin: --kv-memory is also LACONIC_KV_MEMORY. A flag on \
            the command line wins.
            """,
        version: ServingConfiguration.currentVersion,
        subcommands: [
            ServeCommand.self, GenerateCommand.self, InspectCommand.self, BenchCommand.self,
            PerplexityCommand.self, EvaluateCommand.self, CalibrateCommand.self, RouteCommand.self,
            ProblemsCommand.self, KeysCommand.self,
            TrainCommand.self,
        ])

    static func main() async {
        StandardDescriptors.open()
        BusErrors.explain()
        do {
            let arguments = try EnvironmentTwins(of: Laconic.self).expand(
                Array(CommandLine.arguments.dropFirst()),
                environment: ProcessInfo.processInfo.environment)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as any CommandFailure {
            Terminal.errors.line("laconic: \(error)")
            Foundation.exit(1)
        } catch {
            exit(withError: error)
        }
    }
}
