import Foundation
import GRDB

/// Usage in an SQLite database, `usage.sqlite` in a folder that one server at a time has.
///
/// It is written ahead of the file (WAL) and not forced to the disk with every write: a killed
/// server loses nothing of it, a power cut perhaps the last seconds.
public final class UsageDatabase: UsageStore {
    /// The format of the tables; a newer one is not touched.
    private static let version = 1
    /// Names of requests are kept so long, in hours; only a write that is tried again meets them.
    private static let memory = 48

    private let database: DatabaseQueue
    private let lock: Int32

    /// Opens the database, or makes one.
    ///
    /// - Parameter folder: Where it lies; made for the owner alone if there is none.
    /// - Throws: `AccountsError` if another server has it, it cannot be written, or it is damaged:
    ///   to count from nothing would give everybody's quota anew.
    public init(folder: String) throws(AccountsError) {
        let path = folder + "/usage.sqlite"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw AccountsError(
                "--state-dir \(folder): cannot be made: \(Self.reason(error)); expected a "
                    + "writable place")
        }
        lock = unsafe open(folder + "/usage.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw AccountsError(
                "--state-dir \(folder): cannot be written: "
                    + (unsafe String(cString: strerror(errno))))
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw AccountsError(
                "--state-dir \(folder): another server has it; expected a folder for each")
        }
        do {
            database = try Self.openDatabase(path)
        } catch {
            close(lock)
            throw Self.failure(path, error)
        }
    }

    deinit { close(lock) }

    private static func failure(_ path: String, _ error: any Error) -> AccountsError {
        if let error = error as? AccountsError { return error }
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return AccountsError(
                "\(path) is damaged: mend it (sqlite3 \(path) .recover), or move it away to count "
                    + "from nothing")
        // Without room for the file that it shares its memory by, SQLite tells of no full disk.
        case .SQLITE_IOERR, .SQLITE_FULL:
            return AccountsError("\(path): \(error)" + (hasRoom(path) ? "" : "; the disk is full"))
        default:
            return AccountsError("\(path): \(error)")
        }
    }

    /// Whether the disk has room for what SQLite writes at a start.
    private static func hasRoom(_ path: String) -> Bool {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return true }
        return status.f_bavail * status.f_frsize >= 128 << 10
    }

    /// The system's words for why a folder could not be made.
    private static func reason(_ error: any Error) -> String {
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
        guard let code = (cause as? POSIXError)?.code.rawValue, let words = unsafe strerror(code)
        else { return "\(error)" }
        return unsafe String(cString: words)
    }

    private static func openDatabase(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.write { db in
            let check = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            guard check == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            guard found <= version else {
                throw AccountsError(
                    "\(path) is of version \(found); expected at most \(version), as this program "
                        + "writes")
            }
            guard found == 0 else { return }
            try db.execute(
                sql: """
                    CREATE TABLE usage (
                        account TEXT NOT NULL, member TEXT NOT NULL, hour INTEGER NOT NULL,
                        requests INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
                        reasoning_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL,
                        cost REAL NOT NULL, PRIMARY KEY (account, member, hour)) WITHOUT ROWID;
                    CREATE INDEX usage_by_hour ON usage (hour);
                    CREATE TABLE settled (id TEXT PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;
                    CREATE INDEX settled_by_hour ON settled (hour);
                    PRAGMA user_version = \(version);
                    """)
        }
        return database
    }

    /// Counts requests that ended, in one transaction; a request of a known name is passed over, and
    /// what is no longer kept is deleted.
    ///
    /// - Parameter settlements: The requests.
    /// - Throws: GRDB's error; nothing of it is counted then.
    public func write(_ settlements: [Settlement]) throws {
        try database.write { db in
            for settlement in settlements {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO settled (id, hour) VALUES (?, ?)",
                    arguments: [settlement.id, settlement.hour])
                guard db.changesCount == 1 else { continue }
                for (index, spending) in settlement.spending.enumerated() {
                    try db.execute(
                        sql: """
                            INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                            ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
                                prompt_tokens = prompt_tokens + excluded.prompt_tokens,
                                reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
                                answer_tokens = answer_tokens + excluded.answer_tokens,
                                cost = cost + excluded.cost
                            """,
                        arguments: [
                            settlement.account, spending.member, settlement.hour,
                            index == 0 ? 1 : 0, spending.promptTokens, spending.reasoningTokens,
                            spending.answerTokens, spending.cost,
                        ])
                }
            }
            if let newest = settlements.map(\.hour).max() {
                try db.execute(
                    sql: "DELETE FROM settled WHERE hour < ?", arguments: [newest - Self.memory])
                try db.execute(
                    sql: "DELETE FROM usage WHERE hour <= ?",
                    arguments: [newest - UsageLedger.daysKept * 24])
            }
        }
    }

    /// What was counted; see `UsageStore`.
    public func rows(of account: String?, in hours: Range<Int>) throws -> [UsageRow] {
        try database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT account, member, hour, requests, prompt_tokens, reasoning_tokens,
                        answer_tokens, cost
                    FROM usage WHERE hour >= ? AND hour < ? AND (? IS NULL OR account = ?)
                    ORDER BY hour, account, member
                    """, arguments: [hours.lowerBound, hours.upperBound, account, account]
            ).map { found in
                var row = UsageRow(account: found[0], member: found[1], hour: found[2])
                row.requests = found[3]
                row.promptTokens = found[4]
                row.reasoningTokens = found[5]
                row.answerTokens = found[6]
                row.cost = found[7]
                return row
            }
        }
    }
}
