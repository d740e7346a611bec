import Accounts
import Foundation
import GRDB
import Testing

@Suite struct UsageDatabaseTests {
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "laconic-usage-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func settlement(_ id: String, hour: Int = 500_000) -> Settlement {
        Settlement(
            id: id, account: "a", hour: hour,
            spending: [
                Spending(
                    member: "m", promptTokens: 1, reasoningTokens: 2, answerTokens: 3, cost: 0.5),
                Spending(
                    member: "n", promptTokens: 10, reasoningTokens: 20, answerTokens: 30, cost: 5),
            ])
    }

    @Test func `a request is counted once, also by another server later`() throws {
        try Self.withFolder { folder in
            do {
                let store = try UsageDatabase(folder: folder)
                try store.write([Self.settlement("1"), Self.settlement("2")])
                try store.write([Self.settlement("2"), Self.settlement("3", hour: 500_001)])
            }
            let store = try UsageDatabase(folder: folder)
            try store.write([Self.settlement("3", hour: 500_001)])
            let rows = try store.rows(of: "a", in: 500_000..<Int.max)
            #expect(rows.map(\.member) == ["m", "n", "m", "n"])
            #expect(rows.map(\.requests) == [2, 0, 1, 0])
            #expect(rows.map(\.answerTokens) == [6, 60, 3, 30])
            #expect(rows.map(\.cost) == [1, 10, 0.5, 5])
            #expect(try store.rows(of: "b", in: 0..<Int.max).isEmpty)
            #expect(try store.rows(of: nil, in: 500_001..<Int.max).count == 2)
        }
    }

    @Test func `a file of the first version goes on, and forgets what is older than is kept`()
        throws
    {
        let newest = 500_000
        let oldest = newest - UsageLedger.daysKept * 24 + 1
        try Self.withFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try DatabaseQueue(path: folder + "/usage.sqlite").write {
                try $0.execute(
                    sql: """
                        CREATE TABLE usage (
                            account TEXT NOT NULL, member TEXT NOT NULL, hour INTEGER NOT NULL,
                            requests INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
                            reasoning_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL,
                            cost REAL NOT NULL, PRIMARY KEY (account, member, hour)) WITHOUT ROWID;
                        CREATE INDEX usage_by_hour ON usage (hour);
                        CREATE TABLE settled (
                            id TEXT PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;
                        CREATE INDEX settled_by_hour ON settled (hour);
                        PRAGMA user_version = 1;
                        INSERT INTO usage VALUES ('a', 'm', \(oldest - 1), 1, 2, 3, 4, 5);
                        INSERT INTO usage VALUES ('a', 'm', \(oldest), 2, 3, 4, 5, 6);
                        INSERT INTO usage VALUES ('a', 'm', \(newest), 3, 4, 5, 6, 7);
                        INSERT INTO settled VALUES ('1', \(newest));
                        """)
            }
            let store = try UsageDatabase(folder: folder)
            #expect(try store.rows(of: "a", in: 0..<Int.max).map(\.requests) == [1, 2, 3])
            try store.write([Self.settlement("1", hour: newest), Self.settlement("2")])
            let rows = try store.rows(of: "a", in: 0..<Int.max)
            #expect(rows.map(\.hour) == [oldest, newest, newest])
            #expect(rows.map(\.requests) == [2, 4, 0])
            // A clock that is set back deletes nothing.
            try store.write([Self.settlement("3", hour: newest - 9000)])
            #expect(try store.rows(of: "a", in: oldest..<newest).map(\.requests) == [2, 1, 0])
        }
    }

    @Test func `rows are those of the hours that are asked for, the last one not among them`()
        throws
    {
        try Self.withFolder { folder in
            let store = try UsageDatabase(folder: folder)
            try store.write((0..<4).map { Self.settlement("\($0)", hour: 500_000 + $0) })
            #expect(
                try store.rows(of: nil, in: 500_001..<500_003).map(\.hour)
                    == [500_001, 500_001, 500_002, 500_002])
        }
    }

    @Test func `a folder is one server's at a time`() throws {
        try Self.withFolder { folder in
            let first = try UsageDatabase(folder: folder)
            #expect {
                try UsageDatabase(folder: folder)
            } throws: { "\($0)".contains("another server has it; expected a folder for each") }
            _ = first
        }
    }

    @Test func `a damaged file, a newer one and a place that is none end the start`() throws {
        try Self.withFolder { folder in
            _ = try UsageDatabase(folder: folder)
            let path = folder + "/usage.sqlite"
            try FileManager.default.removeItem(atPath: path)
            for name in ["-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: path + name)
            }
            try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
            #expect {
                try UsageDatabase(folder: folder)
            } throws: { "\($0)".hasPrefix("\(path) is damaged: mend it") }
            try FileManager.default.removeItem(atPath: path)
            try DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 9") }
            #expect {
                try UsageDatabase(folder: folder)
            } throws: { "\($0)".contains("is of version 9; expected at most 1") }
            #expect(throws: AccountsError.self) { try UsageDatabase(folder: path + "/below") }
        }
    }
}
