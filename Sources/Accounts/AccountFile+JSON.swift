import Foundation

/// A JSON value as an account file has it.
enum FileValue: Decodable, Equatable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([FileValue])
    case members([String: FileValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([FileValue].self) {
            self = .list(list)
        } else {
            self = .members(try value.decode([String: FileValue].self))
        }
    }

    /// The value in an error's words, cut where it is long.
    var told: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number):
            Int(exactly: number).map(String.init) ?? "\(number)"
        case .text(let text): "'\(text.prefix(40))'"
        case .list: "a list"
        case .members: "an object"
        }
    }
}

/// An object of the file, with the path that errors name it by.
private struct FileObject {
    let path: String
    let members: [String: FileValue]

    init(
        _ value: FileValue, path: String, knows names: [String]
    ) throws(AccountsError) {
        guard case .members(let members) = value else {
            throw AccountsError("\(path) is \(value.told); expected an object")
        }
        self.path = path
        self.members = members
        if let unknown = members.keys.filter({ !names.contains($0) }).min() {
            throw AccountsError(
                "\(at(String(unknown.prefix(40)))) is not known; expected only "
                    + names.joined(separator: ", "))
        }
    }

    func at(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// Refuses a value.
    func refuse(_ name: String, _ expected: String) -> AccountsError {
        AccountsError("\(at(name)) is \(members[name]?.told ?? "missing"); expected \(expected)")
    }

    /// A whole number in a range, where it is there.
    func count(_ name: String, upTo most: Int) throws(AccountsError) -> Int? {
        guard let value = members[name] else { return nil }
        guard case .number(let number) = value, let count = Int(exactly: number),
            (1...most).contains(count)
        else { throw refuse(name, "a whole number from 1 to \(most)") }
        return count
    }

    /// A quota, where it is there.
    func quota(_ name: String, isWhole: Bool) throws(AccountsError) -> Account.Quota? {
        guard let value = members[name] else { return nil }
        let object = try FileObject(value, path: at(name), knows: ["limit", "period"])
        let words = QuotaPeriod.allCases.map(\.rawValue).joined(separator: ", ")
        guard case .number(let limit) = object.members["limit"] ?? .null, limit >= 0,
            limit.isFinite, !isWhole || limit == limit.rounded()
        else {
            throw object.refuse("limit", isWhole ? "a whole number from 0" : "a number from 0")
        }
        guard case .text(let word) = object.members["period"] ?? .null,
            let period = QuotaPeriod(rawValue: word)
        else { throw object.refuse("period", "one of \(words)") }
        return Account.Quota(limit: limit, period: period)
    }
}

extension AccountFile {
    private static let members = [
        "name", "sha256", "requests_per_minute", "concurrency", "spend", "tokens", "models",
        "admin",
    ]

    /// Whether a text can be an account's name: what logs and tables can hold.
    ///
    /// - Parameter name: The text.
    /// - Returns: Whether it has 1 to 64 letters, digits and `-_.@` of ASCII.
    public static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || "-_.@".contains($0))
            }
    }

    static func accounts(json text: String) throws(AccountsError) -> [Account] {
        let value: FileValue
        do {
            value = try JSONDecoder().decode(FileValue.self, from: Data(text.utf8))
        } catch DecodingError.dataCorrupted(let context) {
            let cause = context.underlyingError.map { ($0 as NSError).userInfo }
            let reason = cause?["NSDebugDescription"] as? String ?? "it ends too early"
            throw AccountsError("it is not valid JSON: \(reason)")
        } catch {
            throw AccountsError("it is not valid JSON")
        }
        let file = try FileObject(value, path: "", knows: ["keys"])
        guard case .list(let entries) = file.members["keys"] ?? .null else {
            throw file.refuse("keys", "a list")
        }
        var accounts: [Account] = []
        for (index, entry) in entries.enumerated() {
            accounts.append(try account(entry, path: "keys[\(index)]"))
        }
        return accounts
    }

    private static func account(
        _ value: FileValue, path: String
    ) throws(AccountsError) -> Account {
        let object = try FileObject(value, path: path, knows: members)
        guard case .text(let name) = object.members["name"] ?? .null, isName(name) else {
            throw object.refuse("name", "1 to 64 letters, digits and any of -_.@")
        }
        guard case .text(let hex) = object.members["sha256"] ?? .null,
            let digest = KeyDigest(hexadecimal: hex)
        else {
            // Who put the key itself there must not find it in the log.
            throw AccountsError("\(path).sha256 is no digest; expected 64 hexadecimal digits")
        }
        var account = Account(name: name, digest: digest)
        account.requestsPerMinute = try object.count("requests_per_minute", upTo: 1_000_000)
        account.concurrency = try object.count("concurrency", upTo: 1_000_000)
        account.spend = try object.quota("spend", isWhole: false)
        account.tokens = try object.quota("tokens", isWhole: true)
        if let value = object.members["models"] {
            guard case .list(let names) = value, !names.isEmpty else {
                throw object.refuse("models", "a list of names, at least one")
            }
            var models: Set<String> = []
            for (index, value) in names.enumerated() {
                guard case .text(let name) = value, !name.isEmpty else {
                    throw AccountsError(
                        "\(path).models[\(index)] is \(value.told); expected a model's name")
                }
                models.insert(name)
            }
            account.models = models
        }
        if let value = object.members["admin"] {
            guard case .flag(let flag) = value else {
                throw object.refuse("admin", "true or false")
            }
            account.isAdmin = flag
        }
        return account
    }
}
