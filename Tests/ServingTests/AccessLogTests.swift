import Accounts
import HTTP
import Inference
import Logging
import Synchronization
import Testing
import Tokenization

@testable import Serving

/// What requests leave in the log, and what never gets there.
@Suite struct AccessLogTests {
    /// Lines that were logged.
    private final class Lines: Sendable {
        private let state = Mutex<[String]>([])

        var all: [String] { state.withLock { $0 } }

        func add(_ line: String) { state.withLock { $0.append(line) } }

        /// The JSON lines, read.
        func documents() throws -> [TemplateValue] {
            try all.map { try JSONReader.read(Array($0.utf8)) }
        }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata = Logger.Metadata()

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:])") }
    }

    private static func caller(
        _ script: ScriptedService.Script = .init(), json: Bool = true,
        configure: (inout ServingConfiguration) -> Void = { _ in }
    ) -> (Caller, Lines) {
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Handler(lines: lines) }
        let caller = Caller(script, logger: logger) { configuration in
            if json {
                configuration.accessLog = .json { lines.add(String(decoding: $0, as: UTF8.self)) }
            }
            configure(&configuration)
        }
        return (caller, lines)
    }

    @Test(arguments: [false, true])
    func `a completion's line tells who answered, at what cost, and how it ended`(
        streams: Bool
    ) async throws {
        var script = ScriptedService.Script(thought: ["x", "y"], answer: ["a", "b", "c"])
        let start = ContinuousClock.now
        script.stages = .init(
            submitted: start, admitted: start + .milliseconds(20),
            firstToken: start + .seconds(100), ended: start + .seconds(101))
        let (caller, lines) = Self.caller(script)
        let reply = try await caller.post(
            "/generate?key=1", #"{"prompt":"ab","n":2,"stream":\#(streams)}"#,
            fields: [
                .requestID: "mine",
                .traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ])
        let line = try #require(try lines.documents().first)
        #expect(lines.all.count == 1)
        for (key, value) in [
            ("id", .string("mine")), ("trace_id", .string("4bf92f3577b34da6a3ce929d0e0e4736")),
            ("method", .string("POST")), ("route", .string("/generate")),
            ("path", .string("/generate")), ("status", .integer(200)),
            ("bytes", .integer(reply.bytes.count)), ("client", .null), ("account", .null),
            ("model", .string("tiny-a0")), ("prompt_tokens", .integer(9)),
            ("reasoning_tokens", .integer(4)), ("answer_tokens", .integer(6)),
            ("finish_reason", .string("stop")), ("outcome", .string("finished")),
        ] as [(String, TemplateValue)] {
            #expect(line.at(key) == value, "\(key)")
        }
        guard case .number(let first) = line.at("first_token_ms") else {
            Issue.record("no time of the first token")
            return
        }
        #expect(first > 90_000 && first <= 100_000)
        #expect(line.at("time")?.text?.hasSuffix("Z") == true)
    }

    @Test func `what went wrong is named`() async throws {
        var script = ScriptedService.Script(
            thought: ["x"], answer: ["a", "b"], eventsBeforeSilence: 3)
        script.fallsSilent = { $0.stopStrings == ["silent"] }
        script.refusal = {
            $0.stopStrings == ["full"] ? .queueFull(depth: 1, retryAfterSeconds: 1) : nil
        }
        let (caller, lines) = Self.caller(script)
        _ = try await caller.post("/generate", #"{"prompt":"p","stop":"full"}"#)
        _ = try await caller.call(.get, "/nowhere")
        let leaver = Task { try await caller.post("/generate", #"{"prompt":"p","stop":"silent"}"#) }
        #expect(
            await eventually {
                caller.api.metrics.tokens["tiny-a0"]?.generation == 2
            })
        let before = lines.all.count
        leaver.cancel()
        _ = try? await leaver.value
        _ = caller.api.errorResponse(.malformed(reason: "no colon"))
        _ = caller.api.errorResponse(.disconnected)
        let told = try lines.documents()
        #expect(told[0].at("outcome") == .string("refused: queue_full"))
        #expect(told[0].at("status") == .integer(429))
        #expect(told[1].at("outcome") == .string("refused: not_found"))
        #expect(told[1].at("route") == .null)
        #expect(told[before].at("outcome") == .string("client left"))
        #expect(told[before].at("status") == .null)
        #expect(told[before].at("reasoning_tokens") == .integer(1))
        #expect(told[before].at("answer_tokens") == .integer(1))
        #expect(told[before].at("finish_reason") == .string("abort"))
        #expect(told[before + 1].at("outcome") == .string("refused: bad_request"))
        #expect(told.count == before + 2)
        let (broken, brokenLines) = Self.caller(.init(answer: ["a"], eventsBeforeFailure: 1))
        for streams in [false, true] {
            _ = try await broken.post("/generate", #"{"prompt":"p","stream":\#(streams)}"#)
        }
        #expect(
            try brokenLines.documents().map { $0.at("outcome") }
                == Array(repeating: .string("failed: engine_failure"), count: 2))
    }

    /// Words that stand wherever a client can put some.
    private static let marker = "MARK3R"

    @Test(arguments: [false, true])
    func `no prompt, answer, key or query is in any line`(json: Bool) async throws {
        let mark = Self.marker
        let script = ScriptedService.Script(thought: [mark], answer: [mark, "b"])
        let (caller, lines) = Self.caller(script, json: json) {
            $0.keys = KeyRing(plain: [mark, "good"])
        }
        for (path, body) in [
            ("/generate", #"{"prompt":"M","stop":"M2"}"#),
            ("/generate", #"{"prompt":"M","stream":true}"#),
            ("/generate", #"{"prompt":"M","M":1,"n":"M"}"#), ("/generate", #"{"M"#),
            ("/generate", #"{"prompt":"M","model":"M"}"#),
            ("/generate", #"{"inputs":"M","parameters":{"details":true}}"#),
            ("/v1/chat/completions", #"{"messages":[{"role":"user","content":"M"}]}"#),
            ("/v1/chat/completions", #"{"messages":[{"role":"M","content":{"M":"M"}}]}"#),
            ("/v1/completions", #"{"prompt":["M","M"],"echo":true,"logprobs":1}"#),
            ("/v1/responses", #"{"input":"M","instructions":"M"}"#),
            ("/api/chat", #"{"model":"tiny-a0","messages":[{"role":"user","content":"M"}]}"#),
            ("/api/generate", #"{"model":"tiny-a0","prompt":"M","system":"M"}"#),
            ("/tokenize", #"{"prompt":"M"}"#), ("/detokenize", #"{"tokens":"M"}"#),
            ("/v1/reward", #"{"groups":[{"answer":"M","responses":[{"text":"M"}]}]}"#),
            ("/v1/budget/quote", #"{"prompt":"M"}"#),
        ] {
            for key in [mark, "good", "bad\(mark)"] {
                _ = try? await caller.post(
                    "\(path)?q=\(mark)#".replacing("#", with: ""),
                    body.replacing("M", with: mark),
                    fields: [.authorization: "Bearer \(key)", .apiKey: key])
            }
        }
        for error in [HTTPError.malformed(reason: mark), .unsupportedCoding(mark)] {
            _ = caller.api.errorResponse(error)
        }
        #expect(lines.all.count == 16 * 3 + 2)
        for line in lines.all { #expect(!line.contains(mark), "\(line)") }
    }

    @Test func `prompts and answers are logged for an operator who says so`() async throws {
        let script = ScriptedService.Script(thought: ["hm", "hm"], answer: ["4", "2"])
        for streams in [false, true] {
            let (caller, lines) = Self.caller(script) { $0.logsPrompts = true }
            _ = try await caller.post(
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"why?"}],"n":2,"stream":\#(streams)}"#)
            let line = try #require(try lines.documents().first)
            #expect(line.at("prompts.0") == .string(#"[{"role":"user","content":"why?"}]"#))
            #expect(line.at("reasoning") == .array([.string("hmhm"), .string("hmhm")]))
            #expect(line.at("answers") == .array([.string("42"), .string("42")]))
        }
    }

    @Test func `control characters cannot end a line`() async throws {
        let (caller, lines) = Self.caller(.init(answer: ["a\nb\u{85}c\u{2028}d\u{7F}\u{1B}[2J"])) {
            $0.logsPrompts = true
        }
        _ = try await caller.post("/v1/completions", "{\"prompt\":\"x\\ny\\u0000\\u009b\u{2029}\"}")
        _ = try await caller.call(.get, "/a%0A%0Dforged%1Bline")
        #expect(lines.all.count == 2)
        for line in lines.all {
            #expect(
                !line.unicodeScalars.contains {
                    [.control, .lineSeparator, .paragraphSeparator].contains(
                        $0.properties.generalCategory)
                }, "\(line)")
        }
        let line = try #require(try lines.documents().first)
        #expect(line.at("answers.0") == .string("a\nb\u{85}c\u{2028}d\u{7F}\u{1B}[2J"))
        #expect(line.at("prompts.0") == .string("x\ny\u{0}\u{9B}\u{2029}"))
    }

    @Test func `a bad traceparent is passed over for a new trace`() async throws {
        let (caller, lines) = Self.caller()
        for field in ["00-00000000000000000000000000000000-00f067aa0ba902b7-01", "x"] {
            _ = try await caller.call(.get, "/health", fields: [.traceParent: field])
        }
        _ = try await caller.call(.get, "/health")
        let traces = try lines.documents().compactMap { $0.at("trace_id")?.text }
        #expect(Set(traces).count == 3)
        #expect(traces.allSatisfy { TraceParent("00-\($0)-00f067aa0ba902b7-01") != nil })
    }

    @Test func `the log can be turned off, and is text by default`() async throws {
        let (silent, none) = Self.caller { $0.accessLog = .off }
        _ = try await silent.post("/generate", #"{"prompt":"a"}"#)
        #expect(none.all.isEmpty)
        let (caller, lines) = Self.caller(json: false)
        _ = try await caller.post("/generate?a=b", #"{"prompt":"a"}"#)
        let line = try #require(lines.all.first)
        #expect(line.hasPrefix("POST /generate 200 "))
        #expect(line.contains("tiny-a0") && lines.all.count == 1)
    }
}
