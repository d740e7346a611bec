import HTTP
import Inference
import Testing
import Tokenization

@testable import Serving

/// TGI's dialect of `/generate`, as its clients read it.
@Suite struct TGITests {
    private static let script = ScriptedService.Script(answer: ["3", "9", "1"])

    @Test func `inputs are completed as they are and answered in TGI's shape`() async throws {
        let caller = Caller(Self.script)
        let reply = try await caller.post(
            "/generate",
            #"{"inputs":"17*23=","parameters":{"max_new_tokens":9,"details":true,"seed":42,"do_sample":true}}"#
        )
        #expect(
            reply.text == """
                {"generated_text":"391","details":{"finish_reason":"eos_token",\
                "generated_tokens":3,"seed":42,"prefill":[],"tokens":[\
                {"id":7,"text":"3","logprob":-0.25,"special":false},\
                {"id":7,"text":"9","logprob":-0.25,"special":false},\
                {"id":7,"text":"1","logprob":-0.25,"special":false}]}}
                """)
        let request = try #require(caller.service.record.requests.first)
        guard case .text("17*23=") = request.prompt else {
            Issue.record("prompt \(request.prompt)")
            return
        }
        #expect(request.maximumTokens == 9)
        #expect(request.sampling.seed == 42)
        #expect(!request.separatesReasoning)
        for name in [
            "x-compute-time", "x-total-time", "x-validation-time", "x-queue-time",
            "x-inference-time", "x-time-per-token",
        ] {
            let name = try #require(HTTPField.Name(name))
            #expect(Double(reply.fields[name] ?? "") != nil, "\(name)")
        }
        #expect(reply.fields[try #require(HTTPField.Name("x-prompt-tokens"))] == "7")
        #expect(reply.fields[try #require(HTTPField.Name("x-generated-tokens"))] == "3")
    }

    @Test func `without details the text is all, the prompt before it if asked`() async throws {
        let caller = Caller(Self.script)
        #expect(
            try await caller.post("/generate", #"{"inputs":"a"}"#).text
                == #"{"generated_text":"391"}"#)
        #expect(
            try await caller.post(
                "/generate", #"{"inputs":"a ","parameters":{"return_full_text":true}}"#
            ).text == #"{"generated_text":"a 391"}"#)
        #expect(
            try await caller.post("/", #"{"inputs":"a"}"#).text
                == #"[{"generated_text":"391"}]"#)
    }

    @Test(arguments: [
        ("{}", true), (#"{"do_sample":false}"#, true), (#"{"do_sample":true}"#, false),
        (#"{"temperature":0.5}"#, false), (#"{"top_k":4}"#, false), (#"{"top_p":0.9}"#, false),
    ])
    func `the likeliest tokens are taken unless sampling is asked for`(
        parameters: String, isGreedy: Bool
    ) async throws {
        let caller = Caller(Self.script)
        let reply = try await caller.post(
            "/generate", "{\"inputs\":\"a\",\"parameters\":\(parameters)}")
        #expect(reply.status == 200)
        let sampling = try #require(caller.service.record.requests.first?.sampling)
        #expect((sampling.temperature == 0) == isGreedy)
        #expect((sampling.seed == nil) == isGreedy)
    }

    @Test func `prefill, rivals and the best of several are told`() async throws {
        let reply = try await Caller(Self.script).post(
            "/generate",
            """
            {"inputs":"ab","parameters":{"details":true,"decoder_input_details":true,
             "top_n_tokens":2,"best_of":2,"do_sample":true,"seed":5}}
            """)
        #expect(try reply.at("details.prefill.0.logprob") == .null)
        #expect(try reply.at("details.prefill.1.text") == .string("a"))
        #expect(try reply.at("details.prefill.1.logprob") == .number(-1.5))
        #expect(try reply.at("details.top_tokens.0.1.text") == .string("x"))
        #expect(try reply.at("details.best_of_sequences.0.generated_text") == .string("391"))
        #expect(try reply.at("details.seed") != reply.at("details.best_of_sequences.0.seed"))
    }

    @Test func `truncate reads the last tokens of the prompt`() async throws {
        let caller = Caller(Self.script)
        _ = try await caller.post("/generate", #"{"inputs":"abcd","parameters":{"truncate":2}}"#)
        guard case .ids([99, 100]) = caller.service.record.requests.first?.prompt else {
            Issue.record("\(String(describing: caller.service.record.requests.first?.prompt))")
            return
        }
    }

    @Test(arguments: ["/generate_stream", "/generate", "/"])
    func `a stream is an event a token, the last with the text, and no DONE`(
        route: String
    ) async throws {
        let caller = Caller(Self.script)
        let reply = try await caller.post(
            route, #"{"inputs":"a","stream":true,"parameters":{"max_new_tokens":3,"details":true}}"#
        )
        #expect(reply.fields[.contentType] == "text/event-stream")
        #expect(
            reply.text == """
                data: {"index":1,"token":{"id":7,"text":"3","logprob":-0.25,"special":false},\
                "generated_text":null,"details":null}\n
                data: {"index":2,"token":{"id":7,"text":"9","logprob":-0.25,"special":false},\
                "generated_text":null,"details":null}\n
                data: {"index":3,"token":{"id":7,"text":"1","logprob":-0.25,"special":false},\
                "generated_text":"391","details":{"finish_reason":"eos_token",\
                "generated_tokens":3,"seed":null,"input_length":2}}\n\n
                """)
    }

    @Test func `a code point that two tokens spell is whole in the stream`() async throws {
        let caller = Caller(
            .init(answer: ["", "é"], answerTokens: [[0xC3], [0xA9]]))
        let reply = try await caller.post("/generate_stream", #"{"inputs":"a"}"#)
        #expect(reply.text.contains(#""text":"""#))
        #expect(reply.text.contains(#""text":"é""#))
        #expect(!reply.text.contains("\u{FFFD}"))
        #expect(reply.text.contains(#""generated_text":"é""#))
    }

    @Test(arguments: [
        (#"{"inputs":5}"#, 400, "validation", "'inputs' must be a string"),
        (#"{"inputs":"a","prompt":"b"}"#, 400, "validation", "absent beside"),
        (#"{"inputs":"a","parameters":{"best_of":0}}"#, 400, "validation", "parameters.best_of"),
        (#"{"inputs":"a","parameters":{"temperature":-1}}"#, 400, "validation", "parameters.temp"),
        (#"{"inputs":"a","parameters":{"watermark":true}}"#, 400, "validation", "watermark"),
        (#"{"inputs":"a","parameters":{"adapter_id":"x"}}"#, 400, "validation", "adapter_id"),
        (#"{"inputs":"a","parameters":{"typical_p":0.5}}"#, 400, "validation", "typical_p"),
        (
            #"{"inputs":"a","max_tokens":1,"parameters":{"max_tokens":1}}"#, 400, "validation",
            "beside"
        ),
        (#"{"inputs":"a","budget":{"reasoning_tokens":4}}"#, 400, "validation", "prompt"),
        (#"{"inputs":"a","stream":true,"parameters":{"best_of":2}}"#, 400, "validation", "best_of"),
    ])
    func `errors have TGI's two members`(
        body: String, status: Int, type: String, words: String
    ) async throws {
        let reply = try await Caller(Self.script).post("/generate", body)
        #expect(reply.status == status)
        guard case .object(let members) = try JSONReader.read(reply.bytes) else { return }
        #expect(members.map(\.key) == ["error", "error_type"])
        #expect(try reply.at("error_type") == .string(type))
        #expect(try reply.at("error")?.text?.contains(words) == true, "\(reply.text)")
    }

    @Test func `a full queue is overloaded, a failure in the stream is an event`() async throws {
        let full = Caller(
            .init(refusal: { _ in .queueFull(depth: 1, retryAfterSeconds: 3) }))
        let reply = try await full.post("/generate", #"{"inputs":"a"}"#)
        #expect(reply.status == 429)
        #expect(reply.fields[.retryAfter] == "3")
        #expect(try reply.at("error_type") == .string("overloaded"))
        let broken = Caller(.init(answer: ["a", "b"], eventsBeforeFailure: 2))
        let stream = try await broken.post("/generate_stream", #"{"inputs":"a"}"#)
        #expect(stream.text.hasSuffix("\"error_type\":\"generation\"}\n\n"))
    }

    @Test func `fields that nothing honours are named, the budget is told where asked`()
        async throws
    {
        let reply = try await Caller(Self.script).post(
            "/generate", #"{"inputs":"a","budget":2,"parameters":{"colour":"red"}}"#)
        #expect(try reply.at("generated_text") == .string("39"))
        #expect(try reply.at("budget.exhausted") == .string("tokens"))
        #expect(reply.text.contains("'parameters.colour' was ignored"))
    }

    @Test func `the server tells of itself`() async throws {
        let reply = try await Caller(Self.script).call(.get, "/info")
        #expect(try reply.at("model_id") == .string("tiny-a0"))
        #expect(try reply.at("max_total_tokens") == .integer(1000))
        #expect(try reply.at("max_input_tokens") == .integer(999))
    }
}
