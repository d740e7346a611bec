import Accounts
import HTTP
import Inference
import Synchronization
import Testing
import Tokenization

@testable import Serving

/// Whether `condition` comes true within a few seconds.
func eventually(_ condition: () async -> Bool) async -> Bool {
    for _ in 0..<500 {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return await condition()
}

@Suite struct OperationsTests {
    private static let silent = ScriptedService.Script(
        answer: ["a", "b", "c"], eventsBeforeSilence: 2)

    @Test func `the request id is echoed if it is plain, else made`() async throws {
        let caller = Caller()
        let kept = try await caller.call(.get, "/health", fields: [.requestID: "abc-123_X.y"])
        #expect(kept.fields[.requestID] == "abc-123_X.y")
        for bad in ["", "a b", "x\"y", String(repeating: "a", count: 129), "ü"] {
            let reply = try await caller.call(.get, "/nope", fields: [.requestID: bad])
            #expect(reply.fields[.requestID]?.hasPrefix("req-") == true)
        }
        let first = try await caller.call(.get, "/health").fields[.requestID]
        let second = try await caller.call(.get, "/health").fields[.requestID]
        #expect(first != second)
    }

    @Test func `browsers may ask before they send, and read what we expose`() async throws {
        let caller = Caller { $0.keys = KeyRing(plain: ["k"]) }
        let preflight = try await caller.call(
            .options, "/v1/chat/completions",
            fields: [
                .origin: "https://a.example", .requestMethod: "POST",
                .requestHeaders: "authorization, X-Stainless-OS,x-evil",
            ])
        #expect(preflight.status == 204)
        #expect(preflight.fields[.allowOrigin] == "*")
        let headers = try #require(preflight.fields[.allowHeaders])
        for name in ["authorization", "content-type", "x-request-id", "x-stainless-os"] {
            #expect(headers.contains(name))
        }
        #expect(!headers.contains("evil"))
        let reply = try await caller.call(.get, "/nope", fields: [.origin: "https://a.example"])
        #expect(reply.fields[.allowOrigin] == "*")
        #expect(reply.fields[.exposeHeaders]?.contains("x-request-id") == true)

        let strict = Caller { $0.allowedOrigins = .only(["https://a.example"]) }
        let known = try await strict.call(.get, "/health", fields: [.origin: "https://a.example"])
        #expect(known.fields[.allowOrigin] == "https://a.example")
        #expect(known.fields[.vary] == "Origin")
        let other = try await strict.call(.get, "/health", fields: [.origin: "https://b.example"])
        #expect(other.fields[.allowOrigin] == nil)
    }

    @Test func `health follows the heartbeat, readiness the phase`() async throws {
        let caller = Caller(ready: false)
        #expect(try await caller.call(.get, "/health").text == #"{"status":"ok"}"#)
        let loading = try await caller.call(.get, "/ready")
        #expect(loading.status == 503)
        #expect(try loading.at("status") == .string("loading"))
        #expect(loading.fields[.retryAfter] != nil)
        #expect(try await caller.post("/generate", #"{"prompt":"a"}"#).status == 503)
        caller.api.markReady()
        #expect(try await caller.call(.get, "/ready").text == #"{"status":"ready"}"#)
        #expect(try await caller.post("/generate", #"{"prompt":"a"}"#).status == 200)
        caller.api.beginDraining()
        caller.api.markReady()
        let draining = try await caller.post("/generate", #"{"prompt":"a"}"#)
        #expect(draining.status == 503)
        #expect(try draining.at("error.type") == .string("unavailable_error"))
        #expect(draining.fields[.retryAfter] != nil)
        #expect(try await caller.call(.get, "/ready").status == 503)
        #expect(try await caller.call(.get, "/health").status == 200)

        let stuck = Caller(.init(heartbeat: 31))
        for path in ["/health", "/v1/health"] {
            let reply = try await stuck.call(.get, path)
            #expect(reply.status == 503)
            #expect(try reply.at("status") == .string("stuck"))
        }
    }

    @Test func `what runs while draining begins is finished`() async throws {
        let caller = Caller(Self.silent)
        async let running = caller.post("/generate", #"{"prompt":"a"}"#)
        #expect(await eventually { caller.service.record.requests.count == 1 })
        caller.api.beginDraining()
        caller.service.release()
        #expect(try await running.at("text") == .string("abc"))
    }

    @Test func `a client that leaves while it waits for a whole answer cancels it`() async throws {
        let caller = Caller(Self.silent)
        let client = Task { try await caller.post("/generate", #"{"prompt":"a"}"#) }
        #expect(await eventually { caller.service.record.requests.count == 1 })
        client.cancel()
        await #expect(throws: HTTPError.cancelled) { try await client.value }
        #expect(await eventually { caller.service.record.cancelled == 1 })
    }

    @Test(arguments: ["/generate", "/v1/completions"])
    func `a client that leaves a stream cancels every prompt of it`(path: String) async throws {
        let caller = Caller(Self.silent)
        let prompts = path == "/generate" ? "\"a\"" : "[\"a\",\"b\",\"c\"]"
        let client = Task {
            try await caller.post(path, "{\"prompt\":\(prompts),\"stream\":true}")
        }
        let count = path == "/generate" ? 1 : 3
        #expect(await eventually { caller.service.record.requests.count == count })
        client.cancel()
        await #expect(throws: (any Error).self) { try await client.value }
        #expect(await eventually { caller.service.record.cancelled == count })
    }

    @Test func `a write that fails ends the completion, also while nothing is said`() async throws {
        let caller = Caller(Self.silent) { $0.keepAliveInterval = .milliseconds(20) }
        let request = try HTTPRequest(
            method: .post, target: "/generate", body: Array(#"{"prompt":"a","stream":true}"#.utf8))
        let response = try await caller.api.respond(to: request)
        guard case .stream(let body) = response.body else {
            Issue.record("no stream")
            return
        }
        let writes = Mutex(0)
        let writer = HTTPBodyWriter { (_) throws(HTTPError) in
            let count = writes.withLock {
                $0 += 1; return $0
            }
            if count == 2 { throw HTTPError.disconnected }
        }
        await #expect(throws: HTTPError.disconnected) { try await body(writer) }
        #expect(await eventually { caller.service.record.cancelled == 1 })
    }

    @Test func `one client's cancel leaves the other's answer alone`() async throws {
        let caller = Caller(Self.silent)
        let leaver = Task { try await caller.post("/generate", #"{"prompt":"x","stream":true}"#) }
        async let stayer = caller.post("/generate", #"{"prompt":"y","stream":true}"#)
        #expect(await eventually { caller.service.record.requests.count == 2 })
        leaver.cancel()
        await #expect(throws: (any Error).self) { try await leaver.value }
        #expect(await eventually { caller.service.record.cancelled == 1 })
        caller.service.release()
        let texts = try await stayer.documents().compactMap { event in
            event.at("type") == .string("answer") ? event.at("text")?.text : nil
        }
        #expect(texts.joined() == "abc")
        #expect(caller.service.record.cancelled == 1)
    }

    @Test(arguments: ["/generate", "/v1/chat/completions", "/v1/completions"])
    func `before the first token a stream holds comments and nothing else`(
        path: String
    ) async throws {
        let script = ScriptedService.Script(eventsBeforeSilence: 1)
        let caller = Caller(script) { $0.keepAliveInterval = .milliseconds(10) }
        let field = path.contains("chat") ? "messages" : "prompt"
        let prompt = path.contains("chat") ? #"[{"role":"user","content":"a"}]"# : #""a""#
        let request = try HTTPRequest(
            method: .post, target: path,
            body: Array("{\"\(field)\":\(prompt),\"stream\":true}".utf8))
        guard case .stream(let body) = try await caller.api.respond(to: request).body else {
            Issue.record("no stream")
            return
        }
        let frames = Mutex<[String]>([])
        let writer = HTTPBodyWriter { (bytes) throws(HTTPError) in
            let count = frames.withLock {
                $0.append(String(decoding: bytes, as: UTF8.self))
                return $0.count
            }
            if count == 4 { throw HTTPError.disconnected }
        }
        await #expect(throws: HTTPError.disconnected) { try await body(writer) }
        #expect(frames.withLock { $0 } == Array(repeating: ": waiting\n\n", count: 4))
        #expect(await eventually { caller.service.record.cancelled == 1 })
    }

    @Test(arguments: ["/generate", "/v1/chat/completions"])
    func `a request that waits is told its place whenever that changes`(path: String) async throws {
        let asked = Mutex(0)
        let places = [3, 3, 1]
        var script = ScriptedService.Script(eventsBeforeSilence: 1)
        script.handle = GenerationHandle {
            let turn = asked.withLock { count in
                defer { count += 1 }
                return count
            }
            return turn < places.count
                ? QueuePlace(position: places[turn], seconds: Double(places[turn]) * 1.25) : nil
        } _: { _ in
            nil
        }
        let caller = Caller(script) { $0.keepAliveInterval = .milliseconds(10) }
        let body =
            path.contains("chat")
            ? #""messages":[{"role":"user","content":"a"}]"# : #""prompt":"a""#
        let request = try HTTPRequest(
            method: .post, target: path, body: Array("{\(body),\"stream\":true}".utf8))
        guard case .stream(let stream) = try await caller.api.respond(to: request).body else {
            Issue.record("no stream")
            return
        }
        let frames = Mutex<[String]>([])
        let writer = HTTPBodyWriter { (bytes) throws(HTTPError) in
            let text = String(decoding: bytes, as: UTF8.self)
            frames.withLock { $0.append(text) }
            if text == ": waiting\n\n" { throw HTTPError.disconnected }
        }
        await #expect(throws: HTTPError.disconnected) { try await stream(writer) }
        let told = Set(frames.withLock { $0 })
        func frame(_ position: Int, _ eta: Double) -> String {
            ": queued \(position) eta \(eta)s\n\n"
                + (path == "/generate"
                    ? "data: {\"type\":\"queued\",\"position\":\(position),"
                        + "\"eta_seconds\":\(eta)}\n\n" : "")
        }
        #expect(told == [frame(3, 3.8), frame(1, 1.3), ": waiting\n\n"])
    }

    @Test(arguments: ["/generate", "/v1/completions"])
    func `a stream whose echo awaits the prompt's log-probabilities is kept alive`(
        path: String
    ) async throws {
        let caller = Caller(.init(eventsBeforeSilence: 1)) {
            $0.keepAliveInterval = .milliseconds(10)
        }
        let request = try HTTPRequest(
            method: .post, target: path,
            body: Array(#"{"prompt":[97,98],"echo":true,"logprobs":1,"stream":true}"#.utf8))
        guard case .stream(let body) = try await caller.api.respond(to: request).body else {
            Issue.record("no stream")
            return
        }
        let text = Mutex("")
        let writer = HTTPBodyWriter { (bytes) throws(HTTPError) in
            text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            caller.service.release()
        }
        try await body(writer)
        let told = text.withLock { $0 }
        #expect(told.hasPrefix(": waiting\n\n"))
        #expect(told.contains("-1.5"))
        #expect(told.hasSuffix("data: [DONE]\n\n"))
    }

    @Test(arguments: ["/generate", "/v1/chat/completions"], [false, true])
    func `a stop inside the thought is flagged, for it leaves no answer`(
        path: String, streams: Bool
    ) async throws {
        let chat = path.hasPrefix("/v1")
        let prompt = chat ? #""messages":[{"role":"user","content":"a"}]"# : #""prompt":"a""#
        let body = "{\(prompt),\"stream\":\(streams)}"
        let warning = "the model ended choice 0 inside its thought; it has no answer"
        let mute = try await Caller(.init(thought: ["hm"], answer: [])).post(path, body)
        let whole = try streams ? mute.documents().last : mute.at("")
        #expect(whole?.at("warnings.0") == .string(warning))
        let answered = try await Caller(.init(thought: ["hm"])).post(path, body)
        #expect(answered.status == 200 && !answered.text.contains("inside its thought"))
    }

    @Test(arguments: ["/generate", "/v1/chat/completions", "/v1/completions"])
    func `cached prompt tokens are those that the first sample of each prompt found`(
        path: String
    ) async throws {
        let caller = Caller(.init(cachedPromptTokens: 3))
        let body =
            switch path {
            case "/v1/chat/completions": #"{"messages":[{"role":"user","content":"a"}],"n":2}"#
            case "/v1/completions": #"{"prompt":["abcd","efgh"],"n":2}"#
            default: #"{"prompt":"abcd","n":2}"#
            }
        let reply = try await caller.post(path, body)
        #expect(
            try reply.at("usage.prompt_tokens_details.cached_tokens")
                == .integer(path == "/v1/completions" ? 6 : 3))
    }

    @Test func `requests that name no model get the default one`() async throws {
        let caller = Caller { $0.defaultModel = "org/tiny-a2" }
        for (model, expected) in [
            ("null", "org/tiny-a2"), ("\"\"", "org/tiny-a2"), ("\"tiny-a0\"", "tiny-a0"),
        ] {
            let reply = try await caller.post(
                "/generate", "{\"prompt\":\"a\",\"model\":\(model)}")
            #expect(try reply.at("model") == .string(expected))
            #expect(reply.fields[.selectedModel] == expected)
        }
    }
}
