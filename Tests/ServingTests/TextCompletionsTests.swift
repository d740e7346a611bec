import HTTP
import Inference
import Testing
import Tokenization

@testable import Serving

@Suite struct TextCompletionsTests {
    private static let route = "/v1/completions"

    @Test func `a whole answer has OpenAI's shape`() async throws {
        let reply = try await Caller().post(
            Self.route, #"{"prompt":"17*23=","max_tokens":5,"model":"auto"}"#)
        #expect(
            reply.settled == """
                {"id":"cmpl-ID","object":"text_completion","created":NOW,"model":"tiny-a0",\
                "choices":[{"index":0,"text":"391","logprobs":null,"finish_reason":"stop"}],\
                "usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8,\
                "prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":\
                {"reasoning_tokens":0}},"budget":{"requested":{"max_tokens":5,"model":"auto"},\
                "effective":{"tokens":5,"set_by":"max_tokens"},"spent":{"prompt_tokens":7,\
                "reasoning_tokens":0,"answer_tokens":1,"first_token_ms":MS,"total_ms":MS},\
                "exhausted":null,"forced_close":false}}
                """)
    }

    @Test func `the text is raw: the thought is part of it`() async throws {
        let caller = Caller(.init(thought: ["<think>", "so", "</think>"], answer: ["4"]))
        let reply = try await caller.post(Self.route, #"{"prompt":"2+2="}"#)
        #expect(try reply.at("choices.0.text") == .string("<think>so</think>4"))
        #expect(caller.service.record.requests.first?.separatesReasoning == false)
    }

    @Test func `a likelihood request gets what an evaluation harness reads`() async throws {
        let reply = try await Caller(.init(answer: ["Z"])).post(
            Self.route,
            """
            {"prompt":[[256,65,195,169],[67]],"max_tokens":1,"logprobs":1,"echo":true,\
            "seed":1234,"temperature":0,"model":"tiny-a0"}
            """)
        #expect(try reply.at("choices.0.index") == .integer(0))
        #expect(try reply.at("choices.0.text") == .string("<s>AéZ"))
        let first = #"""
            "logprobs":{"tokens":["<s>","A","bytes:\\xc3","bytes:\\xa9","Z"],\#
            "token_logprobs":[null,-1.5,-1.5,-1.5,-0.25],\#
            "top_logprobs":[null,{"y":-0.5,"A":-1.5},{"y":-0.5,"bytes:\\xc3":-1.5},\#
            {"y":-0.5,"bytes:\\xa9":-1.5},{"Z":-0.25}],"text_offset":[0,3,4,5,5]}
            """#
        #expect(reply.text.contains(first))
        #expect(try reply.at("choices.1.index") == .integer(1))
        #expect(try reply.at("choices.1.text") == .string("CZ"))
        #expect(
            try reply.at("choices.1.logprobs.token_logprobs") == .array([.null, .number(-0.25)]))
        #expect(try reply.at("usage.prompt_tokens") == .integer(5))
        #expect(try reply.at("usage.completion_tokens") == .integer(2))
    }

    @Test func `an echoed text comes back as it was; the added start token has no place in it`()
        async throws
    {
        let reply = try await Caller().post(
            Self.route, #"{"prompt":"añ","echo":true,"logprobs":0}"#)
        #expect(try reply.at("choices.0.text") == .string("añ391"))
        let offsets = [0, 0, 1, 2, 2].map { TemplateValue.integer($0) }
        #expect(try reply.at("choices.0.logprobs.text_offset") == .array(offsets))
        #expect(try reply.at("choices.0.logprobs.tokens.0") == .string("<s>"))
    }

    @Test(arguments: [false, true])
    func `max_tokens 0 echoes and shows no new token`(streams: Bool) async throws {
        let caller = Caller()
        let body = #"{"prompt":"ab","echo":true,"logprobs":1,"max_tokens":0,"stream":\#(streams)}"#
        let reply = try await caller.post(Self.route, body)
        #expect(caller.service.record.requests.first?.maximumTokens == 1)
        let documents = streams ? try reply.documents() : [try JSONReader.read(reply.bytes)]
        let text = documents.compactMap { $0.at("choices.0.text")?.text }.joined()
        #expect(text == "ab")
        let count = documents.reduce(0) { count, document in
            guard case .array(let tokens) = document.at("choices.0.logprobs.tokens") else {
                return count
            }
            return count + tokens.count
        }
        #expect(count == 3)
        let last = try #require(documents.last)
        #expect(last.at("choices.0.finish_reason") == .string("length"))
        #expect(last.at("budget.requested.max_tokens") == .integer(0))
        #expect(last.at("budget.effective.tokens") == .integer(0))
        #expect(last.at("budget.spent.answer_tokens") == .integer(0))
        #expect(last.at("budget.exhausted") == .null)
    }

    @Test func `all four shapes of prompt are read`() async throws {
        let caller = Caller()
        for prompt in [#""a""#, #"["a","b"]"#, "[97]", "[[97],[98,99]]", #"["a",[98]]"#] {
            let reply = try await caller.post(Self.route, "{\"prompt\":\(prompt)}")
            #expect(reply.status == 200)
        }
        let prompts = caller.service.record.requests.map { "\($0.prompt)" }
        #expect(
            prompts == [
                #"text("a")"#, #"text("a")"#, #"text("b")"#, "ids([97])", "ids([97])",
                "ids([98, 99])", #"text("a")"#, "ids([98])",
            ])
    }

    @Test func `choices are ordered by prompt, then by sample, streamed or not`() async throws {
        let caller = Caller(.init(answer: ["a", "b", "c"]))
        let body = #""prompt":["x","yy","zzz"],"n":2,"echo":true"#
        let whole = try await caller.post(Self.route, "{\(body)}")
        let chunks = try await caller.post(Self.route, "{\(body),\"stream\":true}").documents()
        for (index, expected) in ["x", "x", "yy", "yy", "zzz", "zzz"].enumerated() {
            #expect(try whole.at("choices.\(index).index") == .integer(index))
            #expect(try whole.at("choices.\(index).text") == .string(expected + "abc"))
            let streamed = chunks.filter { $0.at("choices.0.index") == .integer(index) }
                .compactMap { $0.at("choices.0.text")?.text }.joined()
            #expect(streamed == expected + "abc")
        }
        #expect(try whole.at("choices.6") == nil)
        #expect(try whole.at("usage.prompt_tokens") == .integer(9))
        #expect(try whole.at("usage.completion_tokens") == .integer(18))
    }

    @Test func `offsets go on through a stream where they would be in the whole`() async throws {
        let body = #""prompt":"añ","echo":true,"logprobs":0"#
        let caller = Caller(.init(answer: ["é", "ab", "c"]))
        let whole = try await caller.post(Self.route, "{\(body)}")
        let chunks = try await caller.post(Self.route, "{\(body),\"stream\":true}").documents()
        for list in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] {
            let streamed = chunks.flatMap { chunk -> [TemplateValue] in
                guard case .array(let part) = chunk.at("choices.0.logprobs.\(list)") else {
                    return []
                }
                return part
            }
            #expect(try whole.at("choices.0.logprobs.\(list)") == .array(streamed))
        }
    }

    @Test func `a refused prompt refuses the request and frees the prompts before it`() async throws
    {
        let caller = Caller(.init(eventsBeforeSilence: 1))
        let reply = try await caller.post(Self.route, #"{"prompt":[[97],[300]]}"#)
        #expect(reply.status == 400)
        #expect(try reply.at("error.code") == .string("invalid_token"))
        #expect(await eventually { caller.service.record.cancelled == 1 })
    }
}
