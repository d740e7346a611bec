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
            let rows = try store.rows(of: "a", since: 500_000)
            #expect(rows.map(\.member) == ["m", "n", "m", "n"])
            #expect(rows.map(\.requests) == [2, 0, 1, 0])
            #expect(rows.map(\.answerTokens) == [6, 60, 3, 30])
            #expect(rows.map(\.cost) == [1, 10, 0.5, 5])
            #expect(try store.rows(of: "b", since: 0).isEmpty)
            #expect(try store.rows(of: nil, since: 500_001).count == 2)
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
