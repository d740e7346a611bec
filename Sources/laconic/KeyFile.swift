import Accounts
import ArgumentParser
import Foundation

/// A client's file of API keys: one a line, blank lines and lines that begin with # aside.
enum KeyFile {
    /// The keys of a file.
    ///
    /// - Parameter path: Where it lies.
    /// - Returns: At least one key.
    /// - Throws: `UnreadablePath`, or `ValidationError` when it is no text or holds none.
    static func keys(path: String) throws -> [String] {
        try UnreadablePath.check("--api-key-file", path)
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else {
            throw ValidationError("--api-key-file \(path): cannot be read as UTF-8 text")
        }
        guard text.first(where: { !$0.isWhitespace }) != "{" else {
            throw ValidationError(
                "--api-key-file \(path): it has digests, as a server reads; expected a key a line")
        }
        let keys = AccountFile.plainKeys(in: text)
        guard !keys.isEmpty else {
            throw ValidationError("--api-key-file \(path): expected a key a line, found none")
        }
        return keys
    }
}
