import Accounts
import Foundation
import Testing

@Suite struct AccountFileTests {
    static let digest = String(repeating: "0a", count: 32)

    @Test func `a file says what it was written with`() throws {
        var alice = Account(name: "alice", digest: KeyDigest(of: "k".utf8))
        alice.requestsPerMinute = 60
        alice.concurrency = 4
        alice.spend = Account.Quota(limit: 0.125, period: .day)
        alice.tokens = Account.Quota(limit: 1_000_000, period: .month)
        alice.models = ["org/a\"b", "alpha_0.1"]
        alice.isAdmin = true
        let bob = Account(name: "bob", digest: KeyDigest(of: "l".utf8))
        for accounts in [[], [bob], [alice, bob]] {
            let file = AccountFile(accounts: accounts)
            #expect(try AccountFile(text: Array(file.json.utf8)) == file)
        }
    }

    @Test func `plain keys are a line each and have no limits`() throws {
        let file = try AccountFile(text: Array("# ours\n\n alpha \r\nbeta\n".utf8))
        #expect(file.isPlain)
        #expect(
            file.accounts.map(\.digest) == [
                KeyDigest(of: "alpha".utf8), KeyDigest(of: "beta".utf8),
            ])
        #expect(file.accounts[0].name == "key-8ed3f6ad")
        #expect(!file.accounts[0].isAdmin && file.accounts[0].spend == nil)
    }

    @Test(
        "Every malformed field is named by its path, with what was expected",
        arguments: [
            (#"{"keys": 1}"#, "keys is 1; expected a list"),
            (#"{}"#, "keys is missing; expected a list"),
            (#"{"keys": [], "x": 1}"#, "x is not known; expected only keys"),
            (#"{"keys": [1]}"#, "keys[0] is 1; expected an object"),
            (#"{"keys": [{"sha256": "D"}]}"#, "keys[0].name is missing; expected 1 to 64"),
            (#"{"keys": [{"name": "a b", "sha256": "D"}]}"#, "keys[0].name is 'a b'; expected"),
            (#"{"keys": [{"name": "a"}]}"#, "keys[0].sha256 is no digest; expected 64"),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "requests_per_minute": 0}]}"#,
                "keys[0].requests_per_minute is 0; expected a whole number from 1 to 1000000"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "concurrency": 1.5}]}"#,
                "keys[0].concurrency is 1.5; expected a whole number"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "concurrency": true}]}"#,
                "keys[0].concurrency is true; expected a whole number"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "spend": {"limit": -1, "period": "day"}}]}"#,
                "keys[0].spend.limit is -1; expected a number from 0"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "tokens": {"limit": 1, "period": "week"}}]}"#,
                "keys[0].tokens.period is 'week'; expected one of hour, day, month"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "spend": 5}]}"#,
                "keys[0].spend is 5; expected an object"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "models": ["m", ""]}]}"#,
                "keys[0].models[1] is ''; expected a model's name"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "models": []}]}"#,
                "keys[0].models is a list; expected a list of names, at least one"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "admin": "yes"}]}"#,
                "keys[0].admin is 'yes'; expected true or false"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D", "sped": 1}]}"#,
                "keys[0].sped is not known; expected only name, sha256"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D"}, {"name": "b", "sha256": "D"}]}"#,
                "keys[1].sha256 is that of keys[0] too"
            ),
            (
                #"{"keys": [{"name": "a", "sha256": "D"}, {"name": "a", "sha256": "E"}]}"#,
                "keys[1].name is 'a', as is that of keys[0]"
            ),
            (#"{"keys": ["#, "it is not valid JSON"),
            ("\n# nothing\n", "expected a key a line, found none"),
            ("same\nsame\n", "a key stands there twice"),
        ])
    func refused(text: String, expected: String) {
        let text = text.replacing("\"D\"", with: "\"\(Self.digest)\"")
            .replacing("\"E\"", with: "\"\(String(repeating: "0b", count: 32))\"")
        do {
            _ = try AccountFile(text: Array(text.utf8))
            Issue.record("taken: \(text)")
        } catch {
            #expect(error.description.hasPrefix(expected), "\(error)")
        }
    }

    @Test func `a key that stands where its digest belongs is not told`() {
        let text = #"{"keys": [{"name": "a", "sha256": "lk-secret"}]}"#
        #expect {
            try AccountFile(text: Array(text.utf8))
        } throws: { !"\($0)".contains("secret") }
    }

    @Test func `a written file is its owner's alone, and replaces the old one`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "laconic-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "keys").path
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(AccountFile.isReadableByOthers(path: path))
        let file = AccountFile(accounts: [Account(name: "a", digest: KeyDigest(of: "k".utf8))])
        try file.write(path: path)
        #expect(try AccountFile(path: path) == file)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(!AccountFile.isReadableByOthers(path: path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["keys"])
        #expect(throws: AccountsError.self) { try file.write(path: folder.path + "/none/keys") }
    }

    @Test func `digests are SHA-256, and keys are new every time`() {
        #expect(
            KeyDigest(of: "abc".utf8).hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let digest = KeyDigest(of: "abc".utf8)
        #expect(KeyDigest(hexadecimal: digest.hexadecimal.uppercased()) == digest)
        #expect(KeyDigest(hexadecimal: "0g" + digest.hexadecimal.dropFirst(2)) == nil)
        #expect(digest.matches(digest) && !digest.matches(KeyDigest(of: "abd".utf8)))
        let keys = (0..<100).map { _ in NewKey.make() }
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy { $0.wholeMatch(of: /lk-[A-Za-z0-9_-]{43}/) != nil })
    }

    @Test func `state lies where systemd says, else where XDG says`() {
        #expect(StateFolder.usual(environment: ["STATE_DIRECTORY": "/a:/b"]) == "/a")
        #expect(StateFolder.usual(environment: ["XDG_STATE_HOME": "/x"]) == "/x/laconic")
        #expect(
            StateFolder.usual(environment: ["HOME": "/h", "STATE_DIRECTORY": ""])
                == "/h/.local/state/laconic")
    }
}
