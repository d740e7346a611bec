import Accounts
import ArgumentParser
import Foundation

/// Makes, lists and removes API keys.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and remove the API keys of a file.",
        discussion: """
            A server reads the file at its start and at SIGHUP. It holds digests: a key is shown \
            once, when it is made.
            """,
        subcommands: [Add.self, List.self, Remove.self])

    /// The file that all of them work on.
    struct Target: ParsableArguments {
        @Option(help: ArgumentHelp("The file of keys.", valueName: "path"))
        var file: String

        @Flag(help: "Print JSON.")
        var json = false

        /// What the file holds.
        ///
        /// - Parameter orNone: Whether there may be no file yet.
        /// - Returns: Its accounts.
        /// - Throws: `AccountsError` that names the file and what is wrong.
        func read(orNone: Bool = false) throws(AccountsError) -> AccountFile {
            if orNone, !FileManager.default.fileExists(atPath: file) {
                return AccountFile(accounts: [])
            }
            let found = try AccountFile(path: file)
            guard !found.isPlain else {
                throw AccountsError("\(file) has plain keys, one a line; edit it as a text")
            }
            return found
        }
    }

    /// Makes a key.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Make a key and print it, once.")

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("Whose it is; logs and usage say it.", valueName: "name"))
        var name: String

        @Option(help: ArgumentHelp("Requests in a minute at most.", valueName: "count"))
        var requestsPerMinute: Int?

        @Option(help: ArgumentHelp("Requests at a time at most.", valueName: "count"))
        var concurrency: Int?

        @Option(
            help: ArgumentHelp(
                "Cost in each period at most, such as 0.5/day.", valueName: "cost/period"))
        var spend: String?

        @Option(
            help: ArgumentHelp(
                "Tokens in each period at most, such as 100000/hour.", valueName: "count/period"))
        var tokens: String?

        @Option(
            name: .customLong("allow-model"),
            help: ArgumentHelp(
                "A model that may answer; may be repeated (default: all).", valueName: "name"))
        var models: [String] = []

        @Flag(help: "Let it see everybody's usage.")
        var admin = false

        func run() throws {
            try AccountFile.changing(path: target.file) { try add() }
        }

        private func add() throws {
            var file = try target.read(orNone: true)
            guard !file.accounts.contains(where: { $0.name == name }) else {
                throw ValidationError("--name is \(name), which \(target.file) has already")
            }
            let key = NewKey.make()
            let account = try account(key)
            file.accounts.append(account)
            // What was read from flags has to be what a server reads from the file.
            file = try AccountFile(text: Array(file.json.utf8))
            try file.write(path: target.file)
            if target.json {
                Terminal.output.line(
                    "{\"name\": \"\(account.name)\", \"key\": \"\(key)\", "
                        + "\"sha256\": \"\(account.digest.hexadecimal)\"}")
            } else {
                Terminal.output.line(key)
                Terminal.errors.line(
                    "laconic: that is the key of \(account.name), shown this once; a running server "
                        + "takes it at SIGHUP")
            }
        }

        private func account(_ key: String) throws -> Account {
            guard AccountFile.isName(name) else {
                throw ValidationError(
                    "--name is '\(name)'; expected 1 to 64 letters, digits and any of -_.@")
            }
            var account = Account(name: name, digest: KeyDigest(of: key.utf8))
            for (flag, value) in [
                ("requests-per-minute", requestsPerMinute), ("concurrency", concurrency),
            ] {
                guard let value, !(1...1_000_000).contains(value) else { continue }
                throw ValidationError("--\(flag) is \(value); expected 1 to 1000000")
            }
            account.requestsPerMinute = requestsPerMinute
            account.concurrency = concurrency
            account.spend = try spend.map { try Self.quota($0, "spend", example: "0.5/day") }
            account.tokens = try tokens.map {
                let quota = try Self.quota($0, "tokens", example: "100000/hour")
                guard quota.limit == quota.limit.rounded() else {
                    throw ValidationError("--tokens is \($0); expected whole tokens")
                }
                return quota
            }
            account.models = models.isEmpty ? nil : Set(models)
            account.isAdmin = admin
            return account
        }

        /// Reads `0.5/day`.
        static func quota(
            _ text: String, _ flag: String, example: String
        ) throws -> Account.Quota {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let limit = Double(parts[0]), limit >= 0, limit.isFinite,
                let period = QuotaPeriod(rawValue: String(parts[1]))
            else {
                throw ValidationError(
                    "--\(flag) is '\(text)'; expected an amount from 0, a slash and hour, day or "
                        + "month, as in \(example)")
            }
            return Account.Quota(limit: limit, period: period)
        }
    }

    /// Lists the accounts.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List whose keys a file has.")

        @OptionGroup var target: Target

        func run() throws {
            let accounts = try target.read().accounts
            if target.json {
                return Terminal.output.write(AccountFile(accounts: accounts).json)
            }
            Terminal.output.table(
                header: ["name", "sha256", "a minute", "at a time", "spend", "tokens", "models"],
                rows: accounts.map { account in
                    [
                        account.name + (account.isAdmin ? " (admin)" : ""),
                        String(account.digest.hexadecimal.prefix(12)),
                        account.requestsPerMinute.map(String.init) ?? "-",
                        account.concurrency.map(String.init) ?? "-",
                        Self.text(account.spend), Self.text(account.tokens),
                        account.models.map { $0.sorted().joined(separator: " ") } ?? "all",
                    ]
                })
        }

        private static func text(_ quota: Account.Quota?) -> String {
            quota.map { "\($0.limitText)/\($0.period.rawValue)" } ?? "-"
        }
    }

    /// Removes a key.
    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove a key.")

        @OptionGroup var target: Target

        @Option(help: ArgumentHelp("Whose.", valueName: "name"))
        var name: String

        func run() throws {
            try AccountFile.changing(path: target.file) { try remove() }
        }

        private func remove() throws {
            var file = try target.read()
            let count = file.accounts.count
            file.accounts.removeAll { $0.name == name }
            guard file.accounts.count < count else {
                throw ValidationError("--name is '\(name)', and \(target.file) has no such key")
            }
            try file.write(path: target.file)
            if target.json {
                Terminal.output.line("{\"name\": \"\(name)\", \"removed\": true}")
            } else {
                Terminal.errors.line(
                    "laconic: \(name) has no key any more; a running server learns it at SIGHUP")
            }
        }
    }
}
