import Accounts
import ArgumentParser
import Foundation
import Logging
import Serving

/// The flags that say who may ask.
struct KeyArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with API keys, as `laconic keys` writes it, or one a line; without it all may "
                + "ask.",
            valueName: "path"))
    var apiKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Where the usage of keys is kept (default: $STATE_DIRECTORY, else "
                + "~/.local/state/laconic).",
            valueName: "folder"))
    var stateDir: String?

    @Flag(help: "Let /metrics be read without a key.")
    var openMetrics = false

    /// Sets what the flags say; usage is counted where keys are asked for.
    func apply(to configuration: inout ServingConfiguration, _ logger: Logger) throws {
        configuration.opensMetrics = openMetrics
        guard let apiKeyFile else { return }
        try UnreadablePath.check("--api-key-file", apiKeyFile)
        configuration.keys = KeyRing(try accounts(apiKeyFile, logger))
        let folder =
            stateDir ?? StateFolder.usual(environment: ProcessInfo.processInfo.environment)
        do {
            configuration.ledger = try UsageLedger(
                store: try UsageDatabase(folder: folder),
                tell: { logger.error("\(folder): \($0)") })
        } catch let error as AccountsError {
            throw error
        } catch {
            throw AccountsError("\(folder)/usage.sqlite: \(error)")
        }
    }

    /// Reads the file again; a bad one changes nothing and is named in the log.
    ///
    /// - Returns: Whether the keys are those of the file.
    func reload(_ ring: KeyRing?, _ logger: Logger) -> Bool {
        guard let apiKeyFile, let ring else { return true }
        do throws(AccountsError) {
            let accounts = try accounts(apiKeyFile, logger)
            ring.replace(with: accounts)
            logger.notice("SIGHUP: \(accounts.count) keys are loaded again")
            return true
        } catch {
            logger.error("SIGHUP: the keys before stay in use: \(error)")
            return false
        }
    }

    private func accounts(_ path: String, _ logger: Logger) throws(AccountsError) -> [Account] {
        if AccountFile.isReadableByOthers(path: path) {
            logger.warning("--api-key-file \(path): others can read it; chmod 600 keeps them out")
        }
        do throws(AccountsError) {
            return try AccountFile(path: path).accounts
        } catch {
            throw AccountsError("--api-key-file \(error)")
        }
    }
}
