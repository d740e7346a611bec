import Foundation

/// A file of accounts: JSON, or plain keys.
///
///     {"keys": [
///       {"name": "alice", "sha256": "64 hex digits", "requests_per_minute": 60, "concurrency": 4,
///        "spend": {"limit": 0.5, "period": "day"}, "tokens": {"limit": 1000000, "period": "month"},
///        "models": ["alpha_0.1", "alpha_0.2"], "admin": true}]}
///
/// Only `name` and `sha256` are needed. A plain file has one key a line, blank lines and lines that
/// begin with # aside; such keys have no limits and are named after their digest, so that a name
/// stays when lines come and go.
public struct AccountFile: Sendable, Equatable {
    /// The accounts in the file's order.
    public var accounts: [Account]
    /// Whether the file has plain keys.
    public var isPlain = false

    /// A file of these accounts.
    public init(accounts: [Account]) {
        self.accounts = accounts
    }

    /// Reads a file's text.
    ///
    /// - Parameter text: UTF-8.
    /// - Throws: `AccountsError` that names the field at fault by its path.
    public init(text: some Collection<UInt8>) throws(AccountsError) {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw AccountsError("it is not UTF-8 text")
        }
        if text.first(where: { !$0.isWhitespace }) == "{" {
            accounts = try Self.accounts(json: text)
        } else {
            accounts = try Self.accounts(lines: text)
            isPlain = true
        }
        try Self.refuseTwins(accounts, isPlain: isPlain)
    }

    /// Reads a file.
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `AccountsError` that names the file, and the field at fault by its path.
    public init(path: String) throws(AccountsError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AccountsError("\(path): cannot be read")
        }
        do throws(AccountsError) {
            try self.init(text: data)
        } catch {
            throw AccountsError("\(path): \(error)")
        }
    }

    /// Whether everybody on the machine may read a file.
    ///
    /// - Parameter path: Where it lies.
    /// - Returns: Whether its mode lets others read.
    public static func isReadableByOthers(path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let mode = (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
        return mode & 0o004 != 0
    }

    /// The keys of a plain file: one a line, blank lines and lines that begin with # aside.
    ///
    /// - Parameter text: The file's text.
    /// - Returns: The keys, perhaps none.
    public static func plainKeys(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }

    private static func accounts(lines text: String) throws(AccountsError) -> [Account] {
        let keys = plainKeys(in: text)
        guard !keys.isEmpty else { throw AccountsError("expected a key a line, found none") }
        return keys.map { key in
            let digest = KeyDigest(of: key.utf8)
            return Account(name: "key-" + digest.hexadecimal.prefix(8), digest: digest)
        }
    }

    private static func refuseTwins(
        _ accounts: [Account], isPlain: Bool
    ) throws(AccountsError) {
        var names: [String: Int] = [:]
        var digests: [[UInt8]: Int] = [:]
        for (index, account) in accounts.enumerated() {
            if let twin = digests.updateValue(index, forKey: account.digest.bytes) {
                throw AccountsError(
                    isPlain
                        ? "a key stands there twice"
                        : "keys[\(index)].sha256 is that of keys[\(twin)] too; expected a key each")
            }
            if let twin = names.updateValue(index, forKey: account.name) {
                throw AccountsError(
                    "keys[\(index)].name is '\(account.name)', as is that of keys[\(twin)]; "
                        + "expected a name each")
            }
        }
    }
}
