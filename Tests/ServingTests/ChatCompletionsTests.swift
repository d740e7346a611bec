import HTTP
import Inference
import Testing
import Tokenization

@testable import Serving

@Suite struct ChatCompletionsTests {
    private static let route = "/v1/chat/completions"
    private static let question = #""messages":[{"role":"user","content":"17*23?"}]"#
    private static let thinker = ScriptedService.Script(
        thought: ["17", " times", " 23</"], answer: ["It is", " 391", " 🙂"])

    @Test func `a whole answer has OpenAI's shape, the thought under both names`() async throws {
        let reply = try await Caller(Self.thinker).post(
            Self.route, "{\(Self.question),\"max_tokens\":50}")
        #expect(reply.status == 200)
        #expect(reply.fields[.contentType] == "application/json")
        #expect(reply.fields[.selectedModel] == "tiny-a0")
        #expect(reply.fields[.budgetTokens] == "50")
        #expect(
            reply.settled == """
                {"id":"chatcmpl-ID","object":"chat.completion","created":NOW,"model":"tiny-a0",\
                "choices":[{"index":0,"message":{"role":"assistant","content":"It is 391 🙂",\
                "reasoning":"17 times 23</","reasoning_content":"17 times 23</"},\
                "logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":13,\
                "completion_tokens":6,"total_tokens":19,"prompt_tokens_details":\
                {"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":3}},\
                "budget":{"requested":{"max_tokens":50},"effective":{"tokens":50,"set_by":\
                "max_tokens"},"spent":{"prompt_tokens":13,"reasoning_tokens":3,\
                "answer_tokens":3,"first_token_ms":MS,"total_ms":MS},"exhausted":null,\
                "forced_close":false}}
                """)
    }

    @Test func `a stream is role with the first token, thought, answer, end and DONE`() async throws
    {
        let script = ScriptedService.Script(thought: ["so"], answer: ["4"])
        let reply = try await Caller(script).post(
            Self.route, "{\(Self.question),\"stream\":true,\"budget\":9}")
        #expect(reply.fields[.cacheControl] == "no-cache")
        #expect(reply.fields[.budgetTokens] == "9")
        func chunk(_ delta: String, _ reason: String = "null", _ tail: String = "") -> String {
            """
            data: {"id":"chatcmpl-ID","object":"chat.completion.chunk","created":NOW,\
            "model":"tiny-a0","choices":[{"index":0,"delta":\(delta),"logprobs":null,\
            "finish_reason":\(reason)}]\(tail)}\n\n
            """
        }
        let budget = """
            ,"budget":{"requested":{"tokens":9},"effective":{"tokens":9,"set_by":"budget"},\
            "spent":{"prompt_tokens":13,"reasoning_tokens":1,"answer_tokens":1,\
            "first_token_ms":MS,"total_ms":MS},"exhausted":null,"forced_close":false}
            """
        #expect(
            reply.settled == chunk(#"{"role":"assistant","content":""}"#)
                + chunk(#"{"reasoning":"so","reasoning_content":"so"}"#)
                + chunk(#"{"content":"4"}"#) + chunk("{}", #""stop""#, budget)
                + "data: [DONE]\n\n")
    }

    @Test func `usage comes in a chunk of its own if and only if asked for`() async throws {
        let asked = try await Caller(Self.thinker).post(
            Self.route,
            """
            {\(Self.question),"stream":true,"stream_options":{"include_usage":true}}
            """
        ).documents()
        let last = try #require(asked.last)
        #expect(last.at("choices") == .array([]))
        #expect(last.at("usage.completion_tokens_details.reasoning_tokens") == .integer(3))
        #expect(last.at("usage.total_tokens") == .integer(19))
        #expect(last.at("budget.effective.set_by") == .string("context"))
        #expect(asked.dropLast().allSatisfy { $0.at("usage") == .null })
        let unasked = try await Caller(Self.thinker).post(
            Self.route, "{\(Self.question),\"stream\":true}"
        ).documents()
        #expect(unasked.allSatisfy { $0.at("usage") == nil })
        #expect(unasked.allSatisfy { $0.at("choices.0") != nil })
    }

    @Test func `usage so far is in every chunk if that is asked for`() async throws {
        let chunks = try await Caller(Self.thinker).post(
            Self.route,
            """
            {\(Self.question),"stream":true,"stream_options":{"include_usage":true,
             "continuous_usage_stats":true,"colour":1}}
            """
        ).documents()
        let counts = chunks.compactMap { $0.at("usage.completion_tokens")?.exactInteger }
        #expect(counts.count == chunks.count)
        #expect(counts == counts.sorted())
        #expect(Set(counts) == [1, 2, 3, 4, 5, 6])
        #expect(chunks[3].at("usage.completion_tokens_details.reasoning_tokens") != nil)
        #expect(chunks.last?.at("warnings.0")?.text?.contains("stream_options.colour") == true)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 50], [1, 3])
    func `a stream's texts concatenated are the whole answer's`(
        ceiling: Int, samples: Int
    ) async throws {
        let caller = Caller(Self.thinker)
        let body = "\(Self.question),\"max_tokens\":\(ceiling),\"n\":\(samples)"
        let whole = try await caller.post(Self.route, "{\(body)}")
        let chunks = try await caller.post(Self.route, "{\(body),\"stream\":true}").documents()
        for index in 0..<samples {
            let mine = chunks.compactMap { chunk -> TemplateValue? in
                chunk.at("choices.0.index") == .integer(index) ? chunk.at("choices.0") : nil
            }
            for (name, whole) in [
                ("content", try whole.at("choices.\(index).message.content")),
                ("reasoning", try whole.at("choices.\(index).message.reasoning")),
                (
                    "reasoning_content",
                    try whole.at("choices.\(index).message.reasoning_content")
                ),
            ] {
                let streamed = mine.compactMap { $0.at("delta.\(name)")?.text }.joined()
                #expect(streamed == whole?.text ?? "")
            }
            let reasons = mine.compactMap { $0.at("finish_reason")?.text }
            #expect(reasons == [try whole.at("choices.\(index).finish_reason")?.text])
            #expect(mine.filter { $0.at("delta.role") != nil }.count == 1)
            #expect(mine.first?.at("delta.role") == .string("assistant"))
            #expect(mine.last?.at("delta") == .object([]))
        }
    }

    @Test func `a thought cut off is reasoning, never answer, and the budget says so`() async throws
    {
        let reply = try await Caller(Self.thinker).post(
            Self.route, "{\(Self.question),\"max_tokens\":99,\"budget\":{\"tokens\":2}}")
        #expect(try reply.at("choices.0.message.content") == .string(""))
        #expect(try reply.at("choices.0.message.reasoning") == .string("17 times"))
        #expect(try reply.at("choices.0.finish_reason") == .string("length"))
        #expect(try reply.at("budget.exhausted") == .string("tokens"))
        #expect(try reply.at("budget.effective.set_by") == .string("budget"))
        #expect(try reply.at("usage.completion_tokens") == .integer(2))
    }

    @Test func `the context's end is told apart from the caller's ceiling`() async throws {
        var script = Self.thinker
        script.contextLength = 15
        let reply = try await Caller(script).post(
            Self.route, "{\(Self.question),\"max_tokens\":99}")
        #expect(try reply.at("budget.effective.tokens") == .integer(2))
        #expect(try reply.at("budget.exhausted") == .string("context"))
    }

    @Test func `max_completion_tokens wins over max_tokens and the budget caps both`() async throws
    {
        let caller = Caller(Self.thinker)
        for (ceilings, expected) in [
            (#""max_tokens":2,"max_completion_tokens":5"#, 5),
            (#""max_tokens":5,"max_completion_tokens":2"#, 2),
            (#""max_tokens":5,"max_completion_tokens":4,"budget":3"#, 3),
            (#""max_tokens":2,"budget":{"tokens":4}"#, 2),
            (#""max_new_tokens":2,"max_completion_tokens":4"#, 2),
            (#""max_tokens":null,"budget":null"#, 987),
        ] {
            let reply = try await caller.post(Self.route, "{\(Self.question),\(ceilings)}")
            #expect(try reply.at("budget.effective.tokens") == .integer(expected))
            #expect(reply.fields[.budgetTokens] == "\(expected)")
        }
    }

    @Test func `logprobs tell answer from thought and carry bytes and rivals`() async throws {
        let script = ScriptedService.Script(
            thought: ["a"], answer: ["", "é"], answerTokens: [[0xC3], [0xA9]])
        let reply = try await Caller(script).post(
            Self.route, "{\(Self.question),\"logprobs\":true,\"top_logprobs\":2}")
        let halves = #"{"token":"bytes:\\xc3","id":7,"logprob":-0.25,"bytes":[195],"#
        #expect(reply.text.contains(halves))
        #expect(
            reply.text.contains(
                #""reasoning":[{"token":"a","id":7,"logprob":-0.25,"bytes":[97],"top_logprobs":[{"token":"a","id":7,"logprob":-0.25,"bytes":[97]},{"token":"x","id":8,"logprob":-2.0,"bytes":[120]}]}]"#
            ))
        let streamed = try await Caller(script).post(
            Self.route, "{\(Self.question),\"logprobs\":true,\"stream\":true}"
        ).documents()
        let bytes = streamed.compactMap { $0.at("choices.0.logprobs.content.0.bytes.0") }
        #expect(bytes == [.integer(0xC3), .integer(0xA9)])
    }

    @Test(arguments: [
        // The thought's names, in transformers' order of preference.
        (
            #"{"role":"assistant","content":"b","reasoning":"r"}"#,
            #"{"thinking":"r","role":"assistant","content":"b","reasoning":"r","reasoning_content":"r"}"#
        ),
        (
            #"{"reasoning_content":"q","role":"assistant","content":"b","reasoning":"r"}"#,
            #"{"thinking":"q","reasoning_content":"q","role":"assistant","content":"b","reasoning":"r"}"#
        ),
        (
            #"{"role":"assistant","thinking":"t","content":"b","reasoning":"r"}"#,
            #"{"role":"assistant","thinking":"t","content":"b","reasoning":"r","reasoning_content":"t"}"#
        ),
        (
            #"{"role":"assistant","content":"b","reasoning":"","thinking":null}"#,
            #"{"thinking":"","role":"assistant","content":"b","reasoning":"","reasoning_content":""}"#
        ),
        // No nulls, but for the content beside tool calls.
        (
            #"{"role":"assistant","content":"b","reasoning":null,"tool_calls":null,"refusal":null}"#,
            #"{"role":"assistant","content":"b"}"#
        ),
        (#"{"role":"assistant","content":null}"#, #"{"role":"assistant"}"#),
        (
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}"#,
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}"#
        ),
    ])
    func `a message reaches the template as transformers would hand it over`(
        sent: String, read: String
    ) async throws {
        let caller = Caller()
        _ = try await caller.post(Self.route, "{\"messages\":[\(sent)]}")
        guard case .conversation(let variables) = caller.service.record.requests.first?.prompt
        else {
            Issue.record("no conversation")
            return
        }
        #expect(variables["messages"] == .array([try JSONReader.read(Array(read.utf8))]))
    }

    @Test func `the conversation reaches the template as sent, parts joined, keys in order`()
        async throws
    {
        let caller = Caller()
        _ = try await caller.post(
            Self.route,
            """
            {"messages":[{"role":"system","content":"s"},
             {"role":"user","name":"u","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
             {"role":"assistant","content":null,"reasoning":"r","tool_calls":[{"z":1,"a":2}]}],
             "tools":[{"type":"function","function":{"name":"f"}}],
             "chat_template_kwargs":{"enable_thinking":false}}
            """)
        guard case .conversation(let variables) = caller.service.record.requests.first?.prompt
        else {
            Issue.record("no conversation")
            return
        }
        let messages = try #require(variables["messages"])
        #expect(messages.at("1.content") == .string("a\nb"))
        #expect(messages.at("2.content") == .null)
        #expect(messages.at("2.reasoning") == .string("r"))
        #expect(messages.at("2.reasoning_content") == .string("r"))
        #expect(messages.at("2.thinking") == .string("r"))
        #expect(
            messages.at("2.tool_calls.0")
                == .object([
                    .init(key: "z", value: .integer(1)), .init(key: "a", value: .integer(2)),
                ]))
        #expect(variables["tools"]?.at("0.function.name") == .string("f"))
        #expect(variables["enable_thinking"] == .boolean(false))
    }

    @Test func `unknown fields are named in warnings, in a bounded number`() async throws {
        let caller = Caller()
        let few = try await caller.post(
            Self.route, "{\(Self.question),\"user\":\"u\",\"store\":null,\"zzz\":[1]}")
        #expect(
            try few.at("warnings")
                == .array([
                    .string("the field 'user' was ignored"),
                    .string("the field 'zzz' was ignored"),
                ]))
        let many = (0..<5000).map { "\"k\($0)\":1" }.joined(separator: ",")
        let reply = try await caller.post(Self.route, "{\(Self.question),\(many)}")
        #expect(try reply.at("warnings.32") == .string("4968 more fields were ignored"))
        #expect(try reply.at("warnings.33") == nil)
        let clean = try await caller.post(Self.route, "{\(Self.question)}")
        #expect(try clean.at("warnings") == nil)
    }

    @Test func `sampling fields reach the service; seeds may be negative`() async throws {
        let caller = Caller()
        _ = try await caller.post(
            Self.route,
            """
            {\(Self.question),"temperature":0.6,"top_p":0.95,"top_k":-1,"min_p":0.05,
             "repetition_penalty":1.1,"presence_penalty":-2,"frequency_penalty":2,"seed":-1,
             "logit_bias":{"5":-100,"7":1.5},"stop":["a","b"],"stop_token_ids":[3,3,4],
             "ignore_eos":true,"n":2,"model":"org/tiny-a2"}
            """)
        let request = try #require(caller.service.record.requests.first)
        var expected = SamplingOverrides()
        (expected.temperature, expected.topP, expected.topK) = (0.6, 0.95, 0)
        (expected.minP, expected.repetitionPenalty) = (0.05, 1.1)
        (expected.presencePenalty, expected.frequencyPenalty) = (-2, 2)
        expected.logitBias = [5: -100, 7: 1.5]
        expected.seed = .max
        #expect(request.sampling == expected)
        #expect(request.stopStrings == ["a", "b"])
        #expect(request.stopIDs == [3, 4])
        #expect(request.ignoresEndOfSequence)
        #expect(request.samples == 2)
        #expect(request.model == "org/tiny-a2")
        #expect(request.maximumTokens == nil)
        _ = try await caller.post(Self.route, "{\(Self.question)}")
        #expect(caller.service.record.requests.last?.sampling == SamplingOverrides())
    }
}
