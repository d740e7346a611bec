import HTTP
import Inference
import TestSupport
import Testing
import Tokenization

@testable import Serving

@Suite struct ErrorTests {
    /// A body, and the code and path of its error.
    struct Bad: Sendable, CustomTestStringConvertible {
        let body: String
        let code: String
        let param: String?
        var testDescription: String { body }

        init(_ body: String, _ code: String, _ param: String?) {
            self.body = body
            self.code = code
            self.param = param
        }
    }

    private static func expect(_ reply: Reply, _ status: Int, _ code: String, _ param: String?)
        throws
    {
        #expect(reply.status == status)
        #expect(reply.fields[.contentType] == "application/json")
        guard case .object(let members) = try reply.at("error") else {
            Issue.record("no error object in \(reply.text)")
            return
        }
        #expect(members.map(\.key) == ["message", "type", "param", "code"])
        #expect(try reply.at("error.code") == .string(code))
        #expect(try reply.at("error.param") == param.map { .string($0) } ?? .null)
        #expect(try reply.at("error.type")?.text?.isEmpty == false)
        #expect(try reply.at("error.message")?.text?.isEmpty == false)
    }

    @Test(arguments: [
        Bad("", "invalid_json", nil),
        Bad("{", "invalid_json", nil),
        Bad("[]", "invalid_json", nil),
        Bad(#"{"prompt":"a","prompt":"b"}"#, "invalid_json", "prompt"),
        Bad(#"{"prompt":"a","temperature":1e999}"#, "invalid_json", "temperature"),
        Bad(#"{"prompt":"a","temperature":NaN}"#, "invalid_json", nil),
        Bad("{}", "missing_required_parameter", "prompt"),
        Bad(#"{"prompt":null}"#, "missing_required_parameter", "prompt"),
        Bad(#"{"prompt":5}"#, "invalid_type", "prompt"),
        Bad(#"{"prompt":[1.5]}"#, "invalid_type", "prompt.0"),
        Bad(#"{"prompt":[1,-2]}"#, "invalid_value", "prompt.1"),
        Bad(#"{"prompt":[4294967296]}"#, "invalid_value", "prompt.0"),
        Bad(#"{"prompt":"a","messages":[]}"#, "invalid_value", "prompt"),
        Bad(#"{"messages":[]}"#, "invalid_value", "messages"),
        Bad(#"{"messages":{}}"#, "invalid_type", "messages"),
        Bad(#"{"messages":["a"]}"#, "invalid_type", "messages.0"),
        Bad(#"{"messages":[{"content":"a"}]}"#, "missing_required_parameter", "messages.0.role"),
        Bad(#"{"messages":[{"role":"user"}]}"#, "missing_required_parameter", "messages.0.content"),
        Bad(#"{"messages":[{"role":7,"content":"a"}]}"#, "invalid_type", "messages.0.role"),
        Bad(#"{"messages":[{"role":"user","content":7}]}"#, "invalid_type", "messages.0.content"),
        Bad(
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}"#,
            "unsupported_parameter", "messages.0.content.0.type"),
        Bad(
            #"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#,
            "missing_required_parameter", "messages.0.content.0.text"),
        Bad(#"{"prompt":"a","temperature":-0.1}"#, "invalid_value", "temperature"),
        Bad(#"{"prompt":"a","temperature":"hot"}"#, "invalid_type", "temperature"),
        Bad(#"{"prompt":"a","temperature":true}"#, "invalid_type", "temperature"),
        Bad(#"{"prompt":"a","top_p":0}"#, "invalid_value", "top_p"),
        Bad(#"{"prompt":"a","top_p":1.01}"#, "invalid_value", "top_p"),
        Bad(#"{"prompt":"a","top_k":-2}"#, "invalid_value", "top_k"),
        Bad(#"{"prompt":"a","top_k":1.5}"#, "invalid_type", "top_k"),
        Bad(#"{"prompt":"a","min_p":2}"#, "invalid_value", "min_p"),
        Bad(#"{"prompt":"a","repetition_penalty":0}"#, "invalid_value", "repetition_penalty"),
        Bad(#"{"prompt":"a","presence_penalty":3}"#, "invalid_value", "presence_penalty"),
        Bad(#"{"prompt":"a","seed":1.5}"#, "invalid_type", "seed"),
        Bad(#"{"prompt":"a","seed":"1"}"#, "invalid_type", "seed"),
        Bad(#"{"prompt":"a","n":0}"#, "invalid_value", "n"),
        Bad(#"{"prompt":"a","n":65}"#, "invalid_value", "n"),
        Bad(#"{"prompt":"a","stop":[""]}"#, "invalid_value", "stop.0"),
        Bad(#"{"prompt":"a","stop":["a",2]}"#, "invalid_type", "stop.1"),
        Bad(#"{"prompt":"a","stop":{}}"#, "invalid_type", "stop"),
        Bad(#"{"prompt":"a","stop_token_ids":[-1]}"#, "invalid_value", "stop_token_ids.0"),
        Bad(#"{"prompt":"a","logit_bias":{"x":1}}"#, "invalid_value", "logit_bias.x"),
        Bad(#"{"prompt":"a","logit_bias":{"+5":1}}"#, "invalid_value", "logit_bias.+5"),
        Bad(#"{"prompt":"a","logit_bias":{"5":101}}"#, "invalid_value", "logit_bias.5"),
        Bad(#"{"prompt":"a","logprobs":21}"#, "invalid_value", "logprobs"),
        Bad(#"{"prompt":"a","top_logprobs":3}"#, "invalid_value", "top_logprobs"),
        Bad(#"{"prompt":"a","stream":"yes"}"#, "invalid_type", "stream"),
        Bad(#"{"prompt":"a","max_tokens":0}"#, "invalid_value", "max_tokens"),
        Bad(#"{"prompt":"a","max_tokens":-1}"#, "invalid_value", "max_tokens"),
        Bad(#"{"prompt":"a","max_new_tokens":1e30}"#, "invalid_type", "max_new_tokens"),
        Bad(#"{"prompt":"a","budget":0}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":-5}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":1.5}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":true}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":[1]}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":"lots"}"#, "invalid_budget", "budget"),
        Bad(#"{"prompt":"a","budget":{"effort":"lots"}}"#, "invalid_budget", "budget.effort"),
        Bad(
            #"{"prompt":"a","budget":{"on_exhausted":1}}"#, "invalid_budget", "budget.on_exhausted"),
        Bad(#"{"prompt":"a","budget":{"cost":"1"}}"#, "invalid_budget", "budget.cost"),
        Bad(#"{"prompt":"a","budget":{"latency_ms":0}}"#, "invalid_budget", "budget.latency_ms"),
        Bad(
            #"{"prompt":"a","budget":{"tokens":9,"answer_tokens":9}}"#, "invalid_budget",
            "budget.answer_tokens"),
        Bad(#"{"prompt":"a","reasoning_effort":"lots"}"#, "invalid_value", "reasoning_effort"),
        Bad(#"{"prompt":"a","reasoning_effort":5}"#, "invalid_type", "reasoning_effort"),
        Bad(#"{"prompt":"a","budget":{"tokens":0}}"#, "invalid_budget", "budget.tokens"),
        Bad(#"{"prompt":"a","budget":{"tokens":"9"}}"#, "invalid_budget", "budget.tokens"),
        Bad(#"{"prompt":"a","budget":{"token":9}}"#, "invalid_budget", "budget.token"),
        Bad(#"{"prompt":"a","budget":{"tokens":9,"cost":0}}"#, "invalid_budget", "budget.cost"),
        Bad(
            #"{"prompt":"a","budget":{"reasoning_tokens":-2}}"#, "invalid_budget",
            "budget.reasoning_tokens"),
        Bad(
            #"{"prompt":"a","response_format":{"type":"grammar"}}"#, "unsupported_parameter",
            "response_format.type"),
        Bad(#"{"prompt":"a","alpha":"low"}"#, "invalid_type", "alpha"),
        Bad(#"{"prompt":"a","alpha":true}"#, "invalid_type", "alpha"),
        Bad(#"{"prompt":"a","best_of":2}"#, "unsupported_parameter", "best_of"),
        Bad(#"{"prompt":"a","suffix":"b"}"#, "unsupported_parameter", "suffix"),
        Bad(
            #"{"prompt":"a","thinking_token_budget":-5}"#, "invalid_value",
            "thinking_token_budget"),
        Bad(#"{"prompt":"a","system":"b"}"#, "unsupported_parameter", "system"),
        Bad(
            #"{"prompt":"a","reasoning":{"max_tokens":-1}}"#, "invalid_value",
            "reasoning.max_tokens"),
        Bad(#"{"prompt":"a","min_tokens":5}"#, "unsupported_parameter", "min_tokens"),
        Bad(
            #"{"messages":[{"role":"user","content":"a"}],"tools":[{}],"tool_choice":"required"}"#,
            "unsupported_parameter", "tool_choice"),
        Bad(
            #"{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"messages":[]}}"#,
            "unsupported_parameter", "chat_template_kwargs.messages"),
    ])
    func `a bad value is a 400 that names the code and the dotted path`(bad: Bad) async throws {
        let caller = Caller()
        try Self.expect(try await caller.post("/generate", bad.body), 400, bad.code, bad.param)
        #expect(caller.service.record.requests.isEmpty)
    }

    @Test(arguments: [
        #""response_format":{"type":"text"}"#, #""response_format":null"#, #""best_of":1"#,
        #""suffix":"""#, #""tools":[],"tool_choice":"auto""#, #""logprobs":null"#,
        #""n":2,"best_of":2"#, #""min_tokens":0"#, #""temperature":0.0"#, #""max_tokens":16.0"#,
        #""seed":18446744073709551615"#, #""seed":-9223372036854775808"#, #""stop":null"#,
        #""reasoning":{"effort":"low"}"#, #""skip_special_tokens":true"#, #""truncate":null"#,
        #""typical_p":1.0"#,
    ])
    func `a value that asks for nothing unusual is taken`(field: String) async throws {
        let reply = try await Caller().post("/generate", "{\"prompt\":\"a\",\(field)}")
        #expect(reply.status == 200, "\(reply.text)")
        #expect(try reply.at("warnings") == nil || !reply.text.contains("error"))
    }

    @Test(
        arguments: [
            (
                InferenceError.unknownModel(asked: "x", served: ["a", "b"]), 404, "model_not_found",
                "model"
            ),
            (
                .contextLengthExceeded(promptTokens: 300, contextLength: 256), 400,
                "context_length_exceeded", "messages"
            ),
            (.emptyPrompt, 400, "empty_prompt", "messages"),
            (.invalidToken(id: 9, vocabularySize: 8), 400, "invalid_token", "messages"),
            (.noChatTemplate(model: "a"), 400, "no_chat_template", "messages"),
            (.templateFailed("roles must alternate"), 400, "template_error", "messages"),
            (
                .insufficientMemory(neededTokens: 9, availableTokens: 8), 400,
                "insufficient_memory", nil
            ),
            (.queueFull(depth: 3, retryAfterSeconds: 7), 429, "queue_full", nil),
            (
                .memberUnavailable(model: "m", reason: "gone"), 503, "model_unavailable", "model"
            ),
            (.shuttingDown, 503, "shutting_down", nil),
            (.invalidRequest(field: "seed", message: "no"), 400, "invalid_value", "seed"),
        ] as [(InferenceError, Int, String, String?)], [false, true])
    func `a refusal of inference has its status, streamed or not`(
        refusal: (InferenceError, Int, String, String?), streams: Bool
    ) async throws {
        let (error, status, code, param) = refusal
        let reply = try await Caller(.init(refusal: { _ in error })).post(
            "/v1/chat/completions",
            #"{"messages":[{"role":"user","content":"a"}],"stream":\#(streams)}"#)
        try Self.expect(reply, status, code, param)
    }

    @Test func `clients find the words and fields they act on`() async throws {
        let long = try await Caller(
            .init(refusal: { _ in .contextLengthExceeded(promptTokens: 300, contextLength: 256) })
        ).post("/v1/completions", #"{"prompt":"a"}"#)
        let message = try #require(try long.at("error.message")?.text)
        #expect(message.contains("maximum context length is 256 tokens"))
        #expect(message.contains("300"))
        #expect(try long.at("error.param") == .string("prompt"))

        for (asked, told) in [(0, "1"), (7, "7"), (900, "120")] {
            let full = try await Caller(
                .init(refusal: { _ in .queueFull(depth: 3, retryAfterSeconds: asked) })
            ).post("/generate", #"{"prompt":"a"}"#)
            #expect(full.fields[.retryAfter] == told)
            #expect(full.fields[.retryAfterMilliseconds] == told + "000")
        }
    }

    @Test func `paths, methods, sizes and codings fail in the same shape`() async throws {
        let caller = Caller { $0.maximumBodyByteCount = 100 }
        try Self.expect(try await caller.call(.get, "/nope"), 404, "not_found", nil)
        let method = try await caller.call(.get, "/generate")
        try Self.expect(method, 405, "method_not_allowed", nil)
        #expect(method.fields[.allow]?.contains("POST") == true)
        let large = #"{"prompt":"\#(String(repeating: "a", count: 200))"}"#
        try Self.expect(
            try await caller.post("/generate", large), 413, "request_too_large", nil)
        try Self.expect(
            try await caller.post("/generate", "{}", fields: [.contentType: "text/xml"]), 415,
            "unsupported_media_type", nil)
        for (error, status, code) in [
            (HTTPError.fieldsTooLarge(limit: 9), 431, "request_header_fields_too_large"),
            (.bodyTooLarge(limit: 9), 413, "request_too_large"),
            (.targetTooLong(limit: 9), 414, "uri_too_long"),
            (.malformed(reason: "x"), 400, "bad_request"),
            (.requestTimeout, 408, "request_timeout"),
            (.handlerFailed(reason: "secret"), 500, "internal_error"),
        ] {
            let response = caller.api.errorResponse(error)
            let reply = Reply(
                status: response.status.code, fields: response.fields,
                bytes: try await response.collectBody())
            try Self.expect(reply, status, code, nil)
            #expect(!reply.text.contains("secret"))
        }
    }

    @Test func `an engine that stops before the end is a 500, or an error in the stream`()
        async throws
    {
        let body = #""messages":[{"role":"user","content":"a"}]"#
        let caller = Caller(.init(answer: ["a", "b"], eventsBeforeFailure: 2))
        try Self.expect(
            try await caller.post("/v1/chat/completions", "{\(body)}"), 500, "engine_failure", nil)
        let streamed = try await caller.post("/v1/chat/completions", "{\(body),\"stream\":true}")
        let documents = try streamed.documents()
        #expect(documents.last?.at("error.code") == .string("engine_failure"))
        #expect(documents.last?.at("error.type") == .string("server_error"))
        #expect(documents.dropLast().last?.at("choices.0.delta.content") == .string("a"))

        let closing = Caller(.init(ending: .shutdown))
        try Self.expect(
            try await closing.post("/v1/chat/completions", "{\(body)}"), 503, "shutting_down", nil)
        let cut = try await closing.post("/generate", #"{"prompt":"a","stream":true}"#).documents()
        #expect(cut.last?.at("error.code") == .string("shutting_down"))
    }

    @Test func `no body whatsoever is answered with a 500`() async throws {
        let caller = Caller()
        var generator = SeededGenerator(seed: 23)
        let seeds = [
            #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"n":2,"stop":["x"],"stream":true,"stream_options":{"include_usage":true}}"#,
            #"{"prompt":["a",[1,2]],"echo":true,"logprobs":3,"max_tokens":0,"budget":{"tokens":5},"logit_bias":{"5":1.5}}"#,
            #"{"prompt":"a","content":"b","tokens":[97,98],"seed":-1,"temperature":0.5,"tools":[{"a":1}],"budget":7,"top_p":0.5}"#,
        ]
        let words = [
            "null", "true", "-1", "0", "1e308", "99999999999999999999", "\"\"", "[]", "{}", "[[]]",
            "{\"a\":[]}", "\"\\ud83d\\ude00\"", "-0.0", "2147483648", "[null]",
        ]
        let values = /"[^"]*"|-?[0-9.]+|true|\[|\{/
        for round in 0..<1200 {
            var body = Array((seeds.randomElement(using: &generator) ?? "").utf8)
            if round.isMultiple(of: 2) {
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let position = Int.random(in: 0..<body.count, using: &generator)
                    body[position] = UInt8.random(in: 0...255, using: &generator)
                }
                if Bool.random(using: &generator) {
                    body.removeLast(Int.random(in: 0..<body.count, using: &generator))
                }
            } else {
                let text = String(decoding: body, as: UTF8.self)
                let places = text.ranges(of: values)
                if let place = places.randomElement(using: &generator),
                    let word = words.randomElement(using: &generator)
                {
                    body = Array(text.replacingCharacters(in: place, with: word).utf8)
                }
            }
            for path in [
                "/generate", "/v1/chat/completions", "/v1/completions", "/tokenize",
                "/detokenize", "/apply-template",
            ] {
                let reply = try await caller.call(.post, path, body)
                #expect(
                    [200, 400, 404].contains(reply.status),
                    "\(String(decoding: body, as: UTF8.self))")
                if reply.status != 200 { #expect(try reply.at("error.message") != nil) }
            }
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with word: String) -> String
    {
        String(self[..<range.lowerBound]) + word + String(self[range.upperBound...])
    }
}
