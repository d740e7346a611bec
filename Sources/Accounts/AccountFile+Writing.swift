import Foundation

extension AccountFile {
    /// The file's text, an account a line.
    public var json: String {
        guard !accounts.isEmpty else { return "{\"keys\": []}\n" }
        return "{\"keys\": [\n  "
            + accounts.map(Self.json).joined(separator: ",\n  ") + "\n]}\n"
    }

    /// An account as it stands in the file; a digest, no key.
    ///
    /// - Parameter account: The account.
    /// - Returns: One JSON object without line breaks.
    public static func json(_ account: Account) -> String {
        var members = [
            "\"name\": \(quoted(account.name))",
            "\"sha256\": \"\(account.digest.hexadecimal)\"",
        ]
        if let count = account.requestsPerMinute {
            members.append("\"requests_per_minute\": \(count)")
        }
        if let count = account.concurrency { members.append("\"concurrency\": \(count)") }
        for (name, quota) in [("spend", account.spend), ("tokens", account.tokens)] {
            guard let quota else { continue }
            members.append(
                "\"\(name)\": {\"limit\": \(quota.limitText), "
                    + "\"period\": \"\(quota.period.rawValue)\"}")
        }
        if let models = account.models {
            members.append("\"models\": [\(models.sorted().map(quoted).joined(separator: ", "))]")
        }
        if account.isAdmin { members.append("\"admin\": true") }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return String(decoding: (try? encoder.encode(text)) ?? Data(), as: UTF8.self)
    }

    /// Does what reads a file and then replaces it, while no other program does the same.
    ///
    /// - Parameters:
    ///   - path: Where it lies; its folder is what is locked, for the file itself is replaced.
    ///   - change: What is done.
    /// - Returns: What that returns.
    /// - Throws: What it throws.
    public static func changing<Result>(
        path: String, _ change: () throws -> Result
    ) rethrows -> Result {
        let folder = unsafe open(
            URL(fileURLWithPath: path).resolvingSymlinksInPath().deletingLastPathComponent().path,
            O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Without a folder there is nothing to write either, which says so itself.
        defer { if folder >= 0 { close(folder) } }
        if folder >= 0 { while flock(folder, LOCK_EX) != 0, errno == EINTR {} }
        return try change()
    }

    /// Replaces a file by this one, whole or not at all, for its owner alone (mode 0600).
    ///
    /// - Parameter path: Where it lies.
    /// - Throws: `AccountsError` when it cannot be written; the old file is as it was then.
    public func write(path: String) throws(AccountsError) {
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let draft = "\(path).\(getpid()).new"
        func failure() -> AccountsError {
            AccountsError("\(path): cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure() }
        defer { unsafe unlink(draft) }
        let bytes = Array(json.utf8)
        let isWritten = unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = unsafe Glibc.write(
                    file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return fsync(file) == 0
        }
        guard isWritten else {
            let error = failure()
            close(file)
            throw error
        }
        close(file)
        guard unsafe rename(draft, path) == 0 else { throw failure() }
        // The name is on the disk only once its folder is.
        let folder = unsafe open(
            URL(fileURLWithPath: path).deletingLastPathComponent().path,
            O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
