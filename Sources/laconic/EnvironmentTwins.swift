import ArgumentParser
import Foundation

/// Gives every flag an environment twin: `--max-tokens` is also `LACONIC_MAX_TOKENS`.
///
/// The twins are read off the command's own description, so no flag can be forgotten. A flag on
/// the command line wins; a flag that may be repeated takes a comma-separated list.
struct EnvironmentTwins {
    /// The prefix of every variable.
    static let prefix = "LACONIC_"

    /// What the argument parser says of the program (`--experimental-dump-help`), as far as needed.
    private struct Description: Decodable {
        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?
            var defaultSubcommand: String?
            var arguments: [Argument]?
        }
        struct Argument: Decodable {
            var kind: String
            var isRepeating: Bool
            var names: [Name]?
        }
        struct Name: Decodable {
            var kind: String
            var name: String
        }
        var command: Command
    }

    private let subcommands: [Description.Command]

    /// The twins of a command's subcommands.
    init(of command: any ParsableCommand.Type) throws {
        let text = Data(command._dumpHelp().utf8)
        let description = try JSONDecoder().decode(Description.self, from: text)
        subcommands = description.command.subcommands ?? []
    }

    /// The variable that stands for a long flag.
    static func variable(forFlag name: String) -> String {
        prefix + name.uppercased().replacing("-", with: "_")
    }

    /// The arguments with those added that the environment sets and the command line does not.
    ///
    /// - Parameters:
    ///   - arguments: The command line, without the program's name.
    ///   - environment: The variables.
    /// - Returns: The command line to parse.
    /// - Throws: `ValidationError` when a switch's variable is neither true nor false.
    func expand(_ arguments: [String], environment: [String: String]) throws -> [String] {
        // A command of commands, such as `train sft`, is named by several words.
        var words: [String] = []
        var inner = subcommands
        var named: Description.Command?
        while words.count < arguments.count,
            let command = inner.first(where: { $0.commandName == arguments[words.count] })
        {
            words.append(command.commandName)
            named = command
            inner = command.subcommands ?? []
        }
        let asksForHelp = arguments.dropFirst(words.count).first == "--help"
        if !asksForHelp,
            let usual = inner.first(where: { $0.commandName == named?.defaultSubcommand })
        {
            named = usual
        }
        guard let subcommand = named else { return arguments }
        let arguments = arguments.dropFirst(words.count)
        var added: [String] = []
        for argument in subcommand.arguments ?? [] {
            let flags = (argument.names ?? []).filter { $0.kind == "long" }.map(\.name)
            guard let flag = flags.first, flag != "help", flag != "version",
                let value = environment[Self.variable(forFlag: flag)], !value.isEmpty,
                !isSet(argument, in: arguments)
            else { continue }
            switch argument.kind {
            case "flag":
                switch value.lowercased() {
                case "1", "true", "yes", "on": added.append("--\(flag)")
                case "0", "false", "no", "off": break
                default:
                    throw ValidationError(
                        "\(Self.variable(forFlag: flag)) is '\(value)'; expected true or false")
                }
            case "option":
                let values =
                    argument.isRepeating ? value.split(separator: ",").map(String.init) : [value]
                for value in values { added.append("--\(flag)=\(value)") }
            default:
                break
            }
        }
        return words + added + arguments
    }

    private func isSet(
        _ argument: Description.Argument, in arguments: ArraySlice<String>
    ) -> Bool {
        let spellings = (argument.names ?? []).map { name in
            name.kind == "long" ? "--\(name.name)" : "-\(name.name)"
        }
        return arguments.prefix { $0 != "--" }.contains { word in
            spellings.contains { word == $0 || word.hasPrefix($0 + "=") }
        }
    }
}
