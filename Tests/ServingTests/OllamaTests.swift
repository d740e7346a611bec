import HTTP
import Inference
import Routing
import Testing
import Tokenization

@testable import Serving

/// Ollama's routes, as its clients read them.
@Suite struct OllamaTests {
    private static let thinker = ScriptedService.Script(
        thought: ["so ", "4"], answer: ["fo", "ur"])

    private static func lines(_ reply: Reply) throws -> [TemplateValue] {
        #expect(reply.fields[.contentType] == "application/x-ndjson")
        #expect(reply.text.hasSuffix("\n"))
        return try reply.text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
            .map { try JSONReader.read(Array($0.utf8)) }
    }

    @Test(arguments: ["/api/chat", "/api/generate"])
    func `an answer streams unasked, a document a line, the account in the last`(
        route: String
    ) async throws {
        let (body, text, thought) =
            route == "/api/chat"
            ? (
                #"{"model":"tiny-a0:latest","messages":[{"role":"user","content":"2+2"}]}"#,
                "message.content", "message.thinking"
            )
            : (#"{"model":"tiny-a0","prompt":"2+2","system":"Count."}"#, "response", "thinking")
        let streamed = try Self.lines(try await Caller(Self.thinker).post(route, body))
        #expect(streamed.compactMap { $0.at(text)?.text }.joined() == "four")
        #expect(streamed.compactMap { $0.at(thought)?.text }.joined() == "so 4")
        #expect(streamed.dropLast().allSatisfy { $0.at("done") == .boolean(false) })
        let last = try #require(streamed.last)
        #expect(last.at("done") == .boolean(true))
        #expect(last.at("done_reason") == .string("stop"))
        #expect(last.at("eval_count") == .integer(4))
        for name in ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"] {
            guard case .integer(let nanoseconds) = last.at(name) else {
                Issue.record("no \(name)")
                continue
            }
            #expect((0..<600_000_000_000).contains(nanoseconds))
        }
        let whole = try await Caller(Self.thinker).post(
            route, body.dropLast() + #","stream":false}"#)
        #expect(try whole.at(text) == .string("four"))
        #expect(try whole.at(thought) == .string("so 4"))
        #expect(try whole.at("model") == .string("tiny-a0"))
        #expect(
            try whole.at("created_at")?.text?.wholeMatch(
                of: /20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
    }

    @Test(arguments: ["/api/chat", "/api/generate"])
    func `what a request waited for weights is its load, and no part of its prompt`(
        route: String
    ) async throws {
        let body = #"{"prompt":"a","messages":[{"role":"user","content":"a"}],"stream":false}"#
        let loaded = try await Caller(Self.thinker).post(route, body)
        #expect(try loaded.at("load_duration") == .integer(0))
        var script = Self.thinker
        script.loadTime = .microseconds(1)
        let reply = try await Caller(script).post(route, body)
        #expect(try reply.at("load_duration") == .integer(1000))
        let names = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]
        let times = try names.map { try reply.at($0)?.exactInteger ?? -1 }
        #expect(times[0] == times[1] + times[2] + times[3])
    }

    @Test func `what is in memory is listed, and what is not is told`() async throws {
        let caller = Caller(.init(describe: { $0[0].status = .unloaded }))
        let running = try await caller.call(.get, "/api/ps")
        #expect(try running.at("models.0.model") == .string("org/tiny-a2"))
        #expect(try running.at("models.1") == nil)
        #expect(try await caller.call(.get, "/api/tags").at("models.1") != nil)
        let asked = try await caller.post(
            "/api/generate", #"{"model":"tiny-a0","keep_alive":0}"#)
        #expect(asked.text.contains("'tiny-a0' was not loaded"))
        #expect(asked.text.contains("'keep_alive' was ignored"))
        let other = try await caller.post("/api/generate", #"{"model":"org/tiny-a2"}"#)
        #expect(try other.at("warnings") == nil)
    }

    @Test func `options reach the sampler, thinking the budget`() async throws {
        let caller = Caller(Self.thinker)
        let reply = try await caller.post(
            "/api/chat",
            """
            {"messages":[{"role":"user","content":"a"}],"stream":false,"think":false,
             "keep_alive":"5m","options":{"num_predict":3,"temperature":0.5,"top_k":4,"top_p":0.5,
             "min_p":0.1,"seed":9,"stop":["x"],"repeat_penalty":1.5,"num_ctx":4096,"num_gpu":1}}
            """)
        #expect(reply.status == 200, "\(reply.text)")
        let request = try #require(caller.service.record.requests.first)
        #expect(request.maximumTokens == 3)
        #expect(request.sampling.temperature == 0.5)
        #expect(request.sampling.topK == 4)
        #expect(request.sampling.minP == 0.1)
        #expect(request.sampling.repetitionPenalty == 1.5)
        #expect(request.sampling.seed == 9)
        #expect(request.stopStrings == ["x"])
        #expect(request.ceilings.reasoningTokens == 0)
        for name in ["keep_alive", "options.num_ctx", "options.num_gpu"] {
            #expect(reply.text.contains("'\(name)'"), "\(name)")
        }
        _ = try await caller.post(
            "/api/chat",
            #"{"messages":[{"role":"user","content":"a"}],"think":"high","options":{"num_predict":-2}}"#
        )
        let second = try #require(caller.service.record.requests.last)
        #expect(second.budget?.effort?.rawValue == "high")
        #expect(second.maximumTokens == nil)
    }

    @Test(arguments: [
        (#"{"model":"nobody","prompt":"a"}"#, 404, "nobody"),
        (#"{"prompt":"a","options":{"temperature":"hot"}}"#, 400, "options.temperature"),
        (#"{"prompt":"a","suffix":"b"}"#, 400, "suffix"),
        (#"{"prompt":"a","template":"b"}"#, 400, "template"),
        (#"{"prompt":"a","images":["b"]}"#, 400, "images"),
        (#"{"prompt":"a","context":[1]}"#, 400, "context"),
        (#"{"prompt":"a","options":{"mirostat":1}}"#, 400, "options.mirostat"),
        ("{", 400, "JSON"),
    ])
    func `an error is a text, as its clients read one`(
        body: String, status: Int, words: String
    ) async throws {
        let reply = try await Caller(Self.thinker).post("/api/generate", body)
        #expect(reply.status == status)
        #expect(try reply.at("error")?.text?.contains(words) == true, "\(reply.text)")
    }

    @Test func `a failure in the middle is the last line`() async throws {
        let reply = try await Caller(.init(answer: ["a", "b"], eventsBeforeFailure: 2)).post(
            "/api/generate", #"{"prompt":"a"}"#)
        let lines = try Self.lines(reply)
        #expect(reply.status == 200)
        #expect(lines.last?.at("error")?.text?.contains("engine stopped") == true)
    }

    @Test func `a silent stream holds nothing but documents`() async throws {
        let caller = Caller(
            .init(answer: ["a"], pause: .milliseconds(60)),
            configure: { $0.keepAliveInterval = .milliseconds(10) })
        let reply = try await caller.post("/api/generate", #"{"prompt":"a"}"#)
        #expect(try Self.lines(reply).count == 2)
    }

    @Test func `a request without a prompt asks for the model, which is there`() async throws {
        for (route, body) in [
            ("/api/generate", #"{"model":"tiny-a0"}"#),
            ("/api/chat", #"{"model":"tiny-a0","messages":[]}"#),
        ] {
            let reply = try await Caller(Self.thinker).post(route, body)
            #expect(try reply.at("done_reason") == .string("load"))
            #expect(try await Caller(Self.thinker).post(route, #"{"model":"x"}"#).status == 404)
        }
    }

    @Test func `models and version are listed in its words`() async throws {
        let caller = Caller()
        let tags = try await caller.call(.get, "/api/tags")
        #expect(try tags.at("models.0.name") == .string("tiny-a0"))
        #expect(try tags.at("models.0.modified_at") == .string("2023-11-14T22:13:20Z"))
        #expect(try tags.at("models.1.details.family") == .string("qwen2"))
        #expect(try await caller.call(.get, "/api/ps").at("models.0.model") == .string("tiny-a0"))
        #expect(try await caller.call(.get, "/api/version").at("version") != nil)
        let show = try await caller.post("/api/show", #"{"model":"org/tiny-a2"}"#)
        #expect(try show.at("capabilities.0") == .string("completion"))
        #expect(show.text.contains(#""qwen2.context_length":1000"#))
        #expect(try await caller.post("/api/show", #"{"name":"none"}"#).status == 404)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"), (-1, "1969-12-31T23:59:59Z"),
    ])
    func `instants are written as the calendar has them`(seconds: Int, text: String) {
        #expect(Timestamp.text(secondsSince1970: seconds) == text)
    }
}
