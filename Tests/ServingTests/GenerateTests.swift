import HTTP
import Inference
import Testing
import Tokenization

@testable import Serving

@Suite struct GenerateTests {
    private static let route = "/generate"
    private static let thinker = ScriptedService.Script(
        thought: ["17", "*23"], answer: ["391", "!"])

    @Test func `a prompt is asked as the user's message and answered in our shape`() async throws {
        let caller = Caller(Self.thinker)
        let reply = try await caller.post(
            Self.route, #"{"prompt":"What is 17 times 23?","budget":256}"#,
            fields: [.contentType: "application/x-www-form-urlencoded"])
        #expect(reply.status == 200)
        #expect(
            reply.settled == """
                {"id":"gen-ID","object":"generation","created":NOW,"model":"tiny-a0",\
                "text":"391!","reasoning":"17*23","finish_reason":"stop","usage":\
                {"prompt_tokens":27,"completion_tokens":4,"total_tokens":31,\
                "prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":\
                {"reasoning_tokens":2}},"budget":{"requested":{"tokens":256},"effective":\
                {"tokens":256,"set_by":"budget"},"spent":{"prompt_tokens":27,\
                "reasoning_tokens":2,"answer_tokens":2,"first_token_ms":MS,"total_ms":MS},\
                "exhausted":null,"forced_close":false},"timings":{"first_token_ms":MS,\
                "total_ms":MS,"tokens_per_second":RATE}}
                """)
        guard case .conversation(let variables) = caller.service.record.requests.first?.prompt
        else {
            Issue.record("no conversation")
            return
        }
        #expect(variables["messages"]?.at("0.role") == .string("user"))
        #expect(variables["messages"]?.at("0.content") == .string("What is 17 times 23?"))
    }

    @Test func `a stream starts with the first token and ends with the account`() async throws {
        let reply = try await Caller(Self.thinker).post(
            Self.route, #"{"prompt":"q","budget":{"tokens":3},"stream":true}"#)
        #expect(
            reply.settled == """
                data: {"type":"start","id":"gen-ID","created":NOW,"model":"tiny-a0"}

                data: {"type":"reasoning","index":0,"text":"17"}

                data: {"type":"reasoning","index":0,"text":"*23"}

                data: {"type":"answer","index":0,"text":"391"}

                data: {"type":"done","id":"gen-ID","model":"tiny-a0","finish_reason":"length",\
                "usage":{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11,\
                "prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":\
                {"reasoning_tokens":2}},"budget":{"requested":{"tokens":3},"effective":\
                {"tokens":3,"set_by":"budget"},"spent":{"prompt_tokens":8,"reasoning_tokens":2,\
                "answer_tokens":1,"first_token_ms":MS,"total_ms":MS},"exhausted":"tokens",\
                "forced_close":false},"timings":{"first_token_ms":MS,"total_ms":MS,\
                "tokens_per_second":RATE}}

                data: [DONE]


                """)
    }

    @Test func `raw text and token ids go past the template`() async throws {
        let caller = Caller()
        _ = try await caller.post(Self.route, #"{"prompt":"a","raw":true}"#)
        _ = try await caller.post(Self.route, #"{"prompt":[97,98]}"#)
        _ = try await caller.post(
            Self.route, #"{"messages":[{"role":"user","content":"hi"}],"budget":9}"#)
        let prompts = caller.service.record.requests.map(\.prompt)
        #expect("\(prompts[0])" == #"text("a")"#)
        #expect("\(prompts[1])" == "ids([97, 98])")
        guard case .conversation = prompts[2] else {
            Issue.record("no conversation")
            return
        }
    }

    @Test func `a model without a template completes the prompt as text and says so`() async throws
    {
        let caller = Caller(
            .init(refusal: { request in
                guard case .conversation = request.prompt else { return nil }
                return .noChatTemplate(model: "tiny-a0")
            }))
        let reply = try await caller.post(Self.route, #"{"prompt":"a"}"#)
        #expect(reply.status == 200)
        #expect(
            try reply.at("warnings.0")
                == .string("the model has no chat template; the prompt was completed as text"))
        let refused = try await caller.post(
            Self.route, #"{"messages":[{"role":"user","content":"hi"}]}"#)
        #expect(refused.status == 400)
        #expect(try refused.at("error.code") == .string("no_chat_template"))
    }

    @Test func `several samples come as choices, streamed with their index`() async throws {
        let caller = Caller(Self.thinker)
        let whole = try await caller.post(Self.route, #"{"prompt":"q","n":3,"budget":3}"#)
        let events = try await caller.post(
            Self.route, #"{"prompt":"q","n":3,"budget":3,"stream":true}"#
        ).documents()
        for index in 0..<3 {
            #expect(try whole.at("choices.\(index).text") == .string("391"))
            #expect(try whole.at("choices.\(index).reasoning") == .string("17*23"))
            #expect(try whole.at("choices.\(index).exhausted") == .string("tokens"))
            let mine = events.filter { $0.at("index") == .integer(index) }
            #expect(
                mine.map { $0.at("type")?.text } == ["reasoning", "reasoning", "answer", "end"])
        }
        #expect(events.filter { $0.at("type") == .string("start") }.count == 1)
        #expect(events.first?.at("type") == .string("start"))
        #expect(events.last?.at("type") == .string("done"))
        #expect(try whole.at("usage.completion_tokens") == .integer(9))
    }

    @Test func `echo and logprobs are there if asked for`() async throws {
        let reply = try await Caller().post(
            Self.route, #"{"prompt":[256,65],"echo":true,"logprobs":1}"#)
        #expect(try reply.at("prompt.text") == .string("<s>A"))
        #expect(try reply.at("prompt.tokens.0.logprob") == .null)
        #expect(try reply.at("prompt.tokens.1.logprob") == .number(-1.5))
        #expect(try reply.at("logprobs.0.token") == .string("391"))
        #expect(try reply.at("logprobs.0.top_logprobs.0.id") == .integer(7))
        #expect(try reply.at("logprobs.0.top_logprobs.1") == nil)
        let twin = try await Caller().post(
            Self.route, #"{"prompt":[256,65],"logprobs":true,"top_logprobs":2}"#)
        #expect(try twin.at("logprobs.0.top_logprobs.1.logprob") == .number(-2))
        #expect(try twin.at("prompt") == nil)
    }
}
