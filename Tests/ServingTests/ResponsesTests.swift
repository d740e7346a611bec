import HTTP
import Inference
import Routing
import Testing
import Tokenization

@testable import Serving

/// `/v1/responses`, as OpenAI's client reads it.
@Suite struct ResponsesTests {
    private static let route = "/v1/responses"
    private static let thinker = ScriptedService.Script(
        thought: ["so ", "4"], answer: ["fo", "ur"])

    @Test func `a response has the thought and the message as items`() async throws {
        let reply = try await Caller(Self.thinker).post(
            Self.route, #"{"input":"2+2","max_output_tokens":9,"metadata":{"a":"b"}}"#)
        #expect(try reply.at("object") == .string("response"))
        #expect(try reply.at("id")?.text?.hasPrefix("resp_") == true)
        #expect(try reply.at("status") == .string("completed"))
        #expect(try reply.at("output.0.type") == .string("reasoning"))
        #expect(try reply.at("output.0.content.0.text") == .string("so 4"))
        #expect(try reply.at("output.1.content.0.text") == .string("four"))
        #expect(try reply.at("output.1.role") == .string("assistant"))
        #expect(try reply.at("max_output_tokens") == .integer(9))
        #expect(try reply.at("store") == .boolean(false))
        #expect(try reply.at("usage.output_tokens") == .integer(4))
        #expect(try reply.at("usage.output_tokens_details.reasoning_tokens") == .integer(2))
        #expect(try reply.at("metadata.a") == .string("b"))
        let cut = try await Caller(Self.thinker).post(
            Self.route, #"{"input":"2+2","max_output_tokens":1}"#)
        #expect(try cut.at("status") == .string("incomplete"))
        #expect(try cut.at("incomplete_details.reason") == .string("max_output_tokens"))
    }

    @Test func `a stream's events build the same response, each named and numbered`() async throws {
        let reply = try await Caller(Self.thinker).post(
            Self.route, #"{"input":"2+2","stream":true}"#)
        var events: [TemplateValue] = []
        for frame in reply.text.split(separator: "\n\n") {
            let lines = frame.split(separator: "\n")
            try #require(lines.count == 2)
            let event = try JSONReader.read(Array(lines[1].dropFirst(6).utf8))
            #expect(lines[0] == "event: \(event.at("type")?.text ?? "")")
            #expect(event.at("sequence_number") == .integer(events.count))
            events.append(event)
        }
        #expect(
            events.compactMap { $0.at("type")?.text } == [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added",
                "response.reasoning_text.delta", "response.reasoning_text.delta",
                "response.reasoning_text.done", "response.content_part.done",
                "response.output_item.done",
                "response.output_item.added", "response.content_part.added",
                "response.output_text.delta", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done",
                "response.output_item.done", "response.completed",
            ])
        let last = try #require(events.last)
        #expect(last.at("response.output.0.content.0.text") == .string("so 4"))
        #expect(last.at("response.output.1.content.0.text") == .string("four"))
        #expect(events[11].at("item_id") == last.at("response.output.1.id"))
        #expect(events[13].at("text") == .string("four"))
    }

    @Test func `instructions, items, parts and earlier thoughts become a conversation`()
        async throws
    {
        let caller = Caller(Self.thinker)
        let reply = try await caller.post(
            Self.route,
            """
            {"instructions":"Count.","reasoning":{"effort":"low","max_tokens":5},"input":[
             {"role":"developer","content":"Be brief."},
             {"type":"message","role":"user","content":[{"type":"input_text","text":"1+1"}]},
             {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
             {"type":"message","id":"msg_1","status":"completed","role":"assistant",
              "content":[{"type":"output_text","text":"2","annotations":[]}]},
             {"role":"user","content":"2+2"}]}
            """)
        #expect(reply.status == 200, "\(reply.text)")
        let request = try #require(caller.service.record.requests.first)
        guard case .conversation(let variables) = request.prompt else { return }
        let messages = try #require(variables["messages"])
        #expect(
            (0..<5).map { messages.at("\($0).role")?.text } == [
                "system", "system", "user", "assistant", "user",
            ])
        #expect(messages.at("3.reasoning_content") == .string("hm"))
        #expect(messages.at("3.content") == .string("2"))
        #expect(request.ceilings.reasoningTokens == 5)
        #expect(request.budget?.effort?.rawValue == "low")
    }

    @Test(arguments: [
        (#"{"input":"a","store":true}"#, "store"),
        (#"{"input":"a","previous_response_id":"resp_1"}"#, "previous_response_id"),
        (#"{"input":"a","conversation":"c"}"#, "conversation"),
        (#"{"input":"a","background":true}"#, "background"),
        (#"{"input":"a","truncation":"auto"}"#, "truncation"),
        (#"{"input":"a","tools":[{"type":"web_search"}]}"#, "tools"),
        (#"{"input":[{"type":"function_call"}]}"#, "input.0.type"),
        (
            #"{"input":[{"role":"user","content":[{"type":"input_image"}]}]}"#,
            "input.0.content.0.type"
        ),
        (#"{"input":[]}"#, "input"), (#"{"input":7}"#, "input"), ("{}", "input"),
    ])
    func `what needs a memory or cannot be read is refused by its path`(
        body: String, param: String
    ) async throws {
        let reply = try await Caller(Self.thinker).post(Self.route, body)
        #expect(reply.status == 400)
        #expect(try reply.at("error.param") == .string(param), "\(reply.text)")
    }

    @Test func `a failure in the middle is an event`() async throws {
        let reply = try await Caller(.init(answer: ["a", "b"], eventsBeforeFailure: 2)).post(
            Self.route, #"{"input":"a","stream":true}"#)
        #expect(reply.text.contains("event: error\ndata: {\"type\":\"error\""))
    }
}
