import Accounts
import Foundation
import HTTP
import Inference
import Routing
import Synchronization
import Testing
import Tokenization

@testable import Serving

/// Laws of keys, limits and usage.
@Suite struct KeysTests {
    private static let methods =
        [.get, .head, .post, .put, .patch, .delete, .options]
        + [HTTPMethod(rawValue: "PURGE")].compactMap(\.self)

    /// Counts in memory, or fails.
    private final class Store: UsageStore {
        private let state = Mutex((settlements: [Settlement](), fails: false))

        struct Failure: Error {}

        var settlements: [Settlement] { state.withLock { $0.settlements } }

        func fail() { state.withLock { $0.fails = true } }

        func write(_ settlements: [Settlement]) throws {
            try state.withLock {
                guard !$0.fails else { throw Failure() }
                $0.settlements += settlements
            }
        }

        func rows(of account: String?, in hours: Range<Int>) throws -> [UsageRow] {
            settlements.filter {
                hours.contains($0.hour) && account ?? $0.account == $0.account
            }.flatMap(\.rows)
        }
    }

    /// A clock that stands until it is set.
    private final class Clock: Sendable {
        private let state = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { state.withLock { $0 } }

        func pass(_ duration: Duration) { state.withLock { $0 += duration } }
    }

    /// A caller with the key `k` of an account `a`, and `admin` of one without limits.
    private static func caller(
        _ script: ScriptedService.Script = .init(thought: ["hm"], answer: ["4", "2"]),
        store: Store = Store(),
        clock: Clock = Clock(),
        _ change: (inout Account) -> Void = { _ in }
    ) throws -> Caller {
        var account = Account(name: "a", digest: KeyDigest(of: "k".utf8))
        change(&account)
        var admin = Account(name: "root", digest: KeyDigest(of: "admin".utf8))
        admin.isAdmin = true
        let ledger = try UsageLedger(store: store, retryInterval: .milliseconds(5))
        return Caller(script) {
            $0.keys = KeyRing([account, admin]) { clock.now }
            $0.ledger = ledger
        }
    }

    private static let key: HTTPFields = [.authorization: "Bearer k"]

    @Test(arguments: [false, true])
    func `no method of any route is open but the probes`(opensMetrics: Bool) async throws {
        let caller = Caller {
            $0.keys = KeyRing(plain: ["alpha", "beta-key"])
            $0.opensMetrics = opensMetrics
        }
        let paths = Set(caller.api.endpoints.routes.map(\.path))
        #expect(paths.count > 25)
        for path in paths.union(["/unknown", "/v1", "/health/", "//health", "/metrics/x"]).sorted()
        {
            let path = path.replacing("{id}", with: "tiny-a0").replacing("{name}", with: "x")
            let isPublic =
                ["/health", "/v1/health", "/ready"].contains(path)
                || path == "/metrics" && opensMetrics
            for method in Self.methods {
                let shape = ErrorShape.usual(at: path, of: method)
                for fields: HTTPFields in [
                    [:], [.authorization: "Bearer alph"], [.authorization: "Bearer alphaa"],
                    [.authorization: "alpha"], [.authorization: "Basic alpha"], [.apiKey: ""],
                    [.authorization: "Bearer "],
                ] {
                    let reply = try await caller.call(method, path, fields: fields)
                    #expect((reply.status == 401) == !isPublic, "\(method) \(path)")
                    guard !isPublic else { continue }
                    #expect(reply.fields[.wwwAuthenticate] == "Bearer")
                    switch shape {
                    case .object:
                        #expect(try reply.at("error.code") == .string("invalid_api_key"))
                        #expect(try reply.at("error.type") == .string("authentication_error"))
                    case .pair:
                        #expect(try reply.at("error_type") == .string("authentication"))
                    case .text:
                        #expect(try reply.at("error")?.text?.hasPrefix("no valid API key") == true)
                    }
                }
                for fields: HTTPFields in [
                    [.authorization: "Bearer alpha"], [.authorization: "bearer beta-key"],
                    [.apiKey: "beta-key"],
                ] {
                    let reply = try await caller.call(method, path, fields: fields)
                    #expect(reply.status != 401, "\(method) \(path)")
                }
            }
        }
        #expect(caller.service.record.requests.isEmpty)
    }

    @Test func `requests per minute are told of, and refused with an honest wait`() async throws {
        let clock = Clock()
        let caller = try Self.caller(clock: clock) { $0.requestsPerMinute = 2 }
        for left in [1, 0] {
            let reply = try await caller.call(.get, "/v1/models", fields: Self.key)
            #expect(reply.fields[.rateLimit] == "2")
            #expect(reply.fields[.rateRemaining] == "\(left)")
            #expect(reply.fields[.rateReset] == "\((2 - left) * 30).0s")
        }
        clock.pass(.seconds(10))
        let refused = try await caller.call(.get, "/v1/models", fields: Self.key)
        #expect(refused.status == 429)
        #expect(try refused.at("error.code") == .string("rate_limit_exceeded"))
        #expect(refused.fields[.retryAfter] == "20")
        #expect(refused.fields[.retryAfterMilliseconds] == "20000")
        #expect(refused.fields[.rateRemaining] == "0")
        let asOllama = try await caller.call(.get, "/api/tags", fields: Self.key)
        #expect(asOllama.status == 429)
        #expect(try asOllama.at("error")?.text != nil)
        #expect(try await caller.call(.get, "/v1/models", fields: [.apiKey: "admin"]).status == 200)
        clock.pass(.seconds(20))
        #expect(try await caller.call(.get, "/v1/models", fields: Self.key).status == 200)
    }

    @Test func `a stream runs until its end, and only then another request may`() async throws {
        let caller = try Self.caller { $0.concurrency = 1 }
        let request = try HTTPRequest(
            method: .post, target: "/generate", fields: Self.key,
            body: Array(#"{"prompt":"a","stream":true}"#.utf8))
        let response = try await caller.api.respond(to: request)
        let refused = try await caller.call(.get, "/v1/models", fields: Self.key)
        #expect(refused.status == 429)
        #expect(try refused.at("error.code") == .string("rate_limit_exceeded"))
        #expect(refused.fields[.retryAfter] == "1")
        _ = try await response.collectBody()
        #expect(try await caller.call(.get, "/v1/models", fields: Self.key).status == 200)
        // One that nobody reads is dropped.
        _ = try await caller.api.respond(to: request)
        #expect(try await caller.call(.get, "/v1/models", fields: Self.key).status == 200)
    }

    @Test func `other models than those allowed are forbidden, however they are named`()
        async throws
    {
        let caller = try Self.caller { $0.models = ["org/tiny-a2"] }
        for (path, body) in [
            ("/generate", #"{"prompt":"a","model":"tiny-a0"}"#),
            (
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"a"}],"model":"tiny-a0"}"#
            ),
            ("/v1/completions", #"{"prompt":"a","model":"tiny-a0"}"#),
            ("/v1/responses", #"{"input":"a","model":"tiny-a0"}"#),
            ("/api/generate", #"{"prompt":"a","model":"tiny-a0:latest"}"#),
            ("/api/chat", #"{"messages":[{"role":"user","content":"a"}],"model":"tiny-a0"}"#),
            ("/api/show", #"{"name":"tiny-a0"}"#),
            ("/tokenize", #"{"prompt":"a","model":"tiny-a0"}"#),
            ("/v1/budget/quote", #"{"prompt":"a","model":"tiny-a0"}"#),
            // The scripted service answers with its first model where none is named.
            ("/generate", #"{"prompt":"a"}"#),
            ("/v1/completions", #"{"prompt":"a","model":"auto"}"#),
        ] {
            let reply = try await caller.post(path, body, fields: Self.key)
            #expect(reply.status == 403, "\(path) \(body) \(reply.text)")
            guard !path.hasPrefix("/api") else { continue }
            #expect(try reply.at("error.type") == .string("permission_error"))
            #expect(try reply.at("error.param") == .string("model"))
        }
        #expect(
            try await caller.call(.get, "/v1/models/tiny-a0", fields: Self.key).status == 403)
        #expect(
            try await caller.call(.get, "/tokenizer_info?model=tiny-a0", fields: Self.key).status
                == 403)
        let allowed = try await caller.post(
            "/generate", #"{"prompt":"a","model":"org/tiny-a2"}"#, fields: Self.key)
        #expect(allowed.status == 200)
        #expect(caller.service.record.requests.allSatisfy { $0.members == ["org/tiny-a2"] })
    }

    @Test func `what answers took is counted as they tell it, in every dialect`() async throws {
        let store = Store()
        let caller = try Self.caller(store: store)
        var told: [Int] = []
        for (path, body) in [
            ("/generate", #"{"prompt":"abc","n":2}"#),
            ("/v1/chat/completions", #"{"messages":[{"role":"user","content":"a"}]}"#),
            ("/v1/completions", #"{"prompt":["ab","cd"],"max_tokens":2}"#),
        ] {
            let reply = try await caller.post(path, body, fields: Self.key)
            guard case .integer(let total)? = try reply.at("usage.total_tokens") else {
                Issue.record("no usage: \(reply.text)")
                return
            }
            told.append(total)
            // It was counted before the answer came.
            #expect(store.settlements.count == told.count)
        }
        for path in ["/generate", "/v1/completions"] {
            _ = try await caller.post(path, #"{"prompt":"a","stream":true}"#, fields: Self.key)
        }
        let counted = store.settlements.map { settlement in
            settlement.spending.map { $0.promptTokens + $0.reasoningTokens + $0.answerTokens }
                .reduce(0, +)
        }
        #expect(Array(counted.prefix(3)) == told)
        #expect(counted.count == 5)
        #expect(Set(store.settlements.map(\.id)).count == 5)
        #expect(store.settlements.map(\.account) == Array(repeating: "a", count: 5))
        let usage = try await caller.call(.get, "/v1/usage", fields: Self.key)
        #expect(try usage.at("data.0.account") == .string("a"))
        #expect(try usage.at("data.0.model") == .string("tiny-a0"))
        #expect(try usage.at("data.0.requests") == .integer(5))
        #expect(try usage.at("data.1") == nil)
    }

    @Test func `a request id that a client chooses counts as often as it is sent`() async throws {
        let store = Store()
        let caller = try Self.caller(store: store)
        for _ in 0..<3 {
            var fields = Self.key
            fields[.requestID] = "same"
            _ = try await caller.post("/generate", #"{"prompt":"a"}"#, fields: fields)
        }
        #expect(store.settlements.count == 3)
    }

    @Test(arguments: [false, true])
    func `who leaves pays for what was made until then, once`(streams: Bool) async throws {
        let store = Store()
        let caller = try Self.caller(
            .init(answer: ["a", "b", "c", "d"], eventsBeforeSilence: 3), store: store)
        let client = Task {
            try await caller.post(
                "/generate", #"{"prompt":"a","stream":\#(streams)}"#, fields: Self.key)
        }
        #expect(await eventually { caller.service.record.requests.count == 1 })
        // Nothing tells that its events were read; a busy machine takes its time.
        try await Task.sleep(for: .milliseconds(300))
        client.cancel()
        _ = try? await client.value
        #expect(await eventually { !store.settlements.isEmpty })
        #expect(store.settlements.count == 1)
        #expect(store.settlements[0].spending[0].promptTokens == 8)
        #expect(store.settlements[0].spending[0].answerTokens == 2)
    }

    @Test func `a quota that is spent, and one that a ceiling does not fit, are no wait`()
        async throws
    {
        let store = Store()
        // Eight tokens of the prompt, three new ones.
        let caller = try Self.caller(store: store) {
            $0.tokens = Account.Quota(limit: 30, period: .month)
        }
        func ask(_ tokens: Int) async throws -> Reply {
            try await caller.post(
                "/generate", #"{"prompt":"a","max_tokens":\#(tokens)}"#, fields: Self.key)
        }
        let large = try await ask(23)
        #expect(large.status == 429)
        #expect(try large.at("error.code") == .string("insufficient_quota"))
        #expect(large.fields[.shouldRetry] == "false")
        #expect(try large.at("error.message")?.text?.contains("a smaller budget may fit") == true)
        #expect(try await ask(22).status == 200)
        #expect(try await ask(8).status == 200)
        let usage = try await caller.call(.get, "/v1/usage", fields: Self.key)
        #expect(try usage.at("quotas.tokens.spent") == .number(22))
        #expect(try await ask(3).status == 429)
        #expect(store.settlements.count == 2)
        // The other key has a quota of its own: none.
        let other = try await caller.post(
            "/generate", #"{"prompt":"a"}"#, fields: [.apiKey: "admin"])
        #expect(other.status == 200)
    }

    @Test func `requests at a time cannot pass a quota together`() async throws {
        let caller = try Self.caller(.init(answer: ["a", "b"], pause: .milliseconds(1))) {
            $0.tokens = Account.Quota(limit: 40, period: .month)
        }
        let replies = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    try await caller.post(
                        "/generate", #"{"prompt":"a","max_tokens":8}"#, fields: Self.key
                    ).status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(Set(replies).isSubset(of: [200, 429]) && replies.contains(429))
        let usage = try await caller.call(.get, "/v1/usage", fields: Self.key)
        guard case .number(let spent)? = try usage.at("quotas.tokens.spent") else {
            Issue.record("\(usage.text)")
            return
        }
        #expect(spent == Double(replies.filter { $0 == 200 }.count * 10) && spent <= 40)
        #expect(try usage.at("quotas.tokens.reserved") == .number(0))
    }

    @Test func `usage is the caller's own, everybody's for an admin`() async throws {
        let caller = try Self.caller()
        for key in ["k", "admin"] {
            _ = try await caller.post("/generate", #"{"prompt":"a"}"#, fields: [.apiKey: key])
        }
        let mine = try await caller.call(.get, "/v1/usage?period=hour", fields: Self.key)
        #expect(try mine.at("data.1") == nil)
        #expect(try mine.at("data.0.account") == .string("a"))
        let all = try await caller.call(.get, "/v1/usage?period=month", fields: [.apiKey: "admin"])
        #expect(try all.at("data.0.account") == .string("a"))
        #expect(try all.at("data.1.account") == .string("root"))
        let bad = try await caller.call(.get, "/v1/usage?period=week", fields: Self.key)
        #expect(bad.status == 400)
        #expect(try bad.at("error.param") == .string("period"))
        #expect(try await Caller().call(.get, "/v1/usage").status == 404)
    }

    @Test func `a range is summed up by account and model, whole or in parts`() async throws {
        let store = Store()
        let caller = try Self.caller(store: store)
        let today = Int(Date().timeIntervalSince1970) / 86400 * 24
        func settle(_ account: String, _ hour: Int, _ tokens: Int) throws {
            let part = Spending(
                member: "m", promptTokens: 1, reasoningTokens: 2, answerTokens: tokens, cost: 0.5)
            try store.write([
                Settlement(id: UUID().uuidString, account: account, hour: hour, spending: [part])
            ])
        }
        for (hour, tokens) in [(-49, 1), (-48, 10), (-25, 100), (-24, 1000), (-1, 10_000), (0, 7)] {
            try settle("a", today + hour, tokens)
        }
        try settle("b", today - 30, 5)
        let (from, to) = (UsageQuestion.text(today - 48), UsageQuestion.text(today))
        let range = "/v1/usage?from=\(from)&to=\(to)"
        let sum = try await caller.call(.get, range, fields: Self.key)
        #expect(try sum.at("from") == .string(from) && sum.at("to") == .string(to))
        #expect(try sum.at("data.0.answer_tokens") == .integer(11_110))
        #expect(try sum.at("data.0.requests") == .integer(4))
        #expect(try sum.at("data.0.starts_at") == .string(from))
        #expect(try sum.at("data.0.cost") == .number(2))
        #expect(try sum.at("data.1") == nil)
        let days = try await caller.call(.get, range + "&bucket=day", fields: [.apiKey: "admin"])
        for (index, expected) in [("a", 11_000), ("a", 110), ("b", 5)].enumerated() {
            #expect(try days.at("data.\(index).account") == .string(expected.0))
            #expect(try days.at("data.\(index).answer_tokens") == .integer(expected.1))
        }
        #expect(try days.at("data.3") == nil)
        // A part that the range cuts starts with the range.
        let cut = UsageQuestion.text(today - 25)
        let late = try await caller.call(
            .get, "/v1/usage?from=\(cut)&to=\(to)&bucket=day", fields: Self.key)
        #expect(try late.at("data.1.starts_at") == .string(cut))
        #expect(try late.at("data.1.answer_tokens") == .integer(100))
        let bad = try await caller.call(.get, range + "&period=day", fields: Self.key)
        #expect(bad.status == 400)
        #expect(try bad.at("error.param") == .string("period"))
    }

    @Test func `while usage cannot be kept, keys with quotas wait and others do not`()
        async throws
    {
        let store = Store()
        let caller = try Self.caller(store: store) {
            $0.spend = Account.Quota(limit: 1, period: .day)
        }
        store.fail()
        let body = #"{"prompt":"a","max_tokens":4}"#
        #expect(try await caller.post("/generate", body, fields: Self.key).status == 200)
        let refused = try await caller.post("/generate", body, fields: Self.key)
        #expect(refused.status == 503 && refused.fields[.retryAfter] == "5")
        #expect(try refused.at("error.code") == .string("ledger_unavailable"))
        #expect(
            try await caller.post("/generate", body, fields: [.apiKey: "admin"]).status == 200)
    }

    @Test func `the log names the account`() async throws {
        let lines = Mutex<[String]>([])
        let caller = Caller {
            $0.keys = KeyRing(plain: ["k"])
            $0.accessLog = .json { line in
                lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        }
        _ = try await caller.call(.get, "/v1/models", fields: Self.key)
        #expect(lines.withLock { $0.first?.contains(#""account":"account-0""#) } == true)
    }
}
