import Foundation
import Testing
import Tokenization

@testable import Evaluation

@Suite struct ServerSourceTests {
    private let url = URL(fileURLWithPath: "/")

    private func read(_ text: String) throws -> Response {
        try ServerSource.response(Array(text.utf8), url: url)
    }

    @Test(
        "an address may be the server's, the API's or the endpoint's",
        arguments: [
            "http://h:8000", "http://h:8000/", "http://h:8000/v1", "http://h:8000/v1/",
            "http://h:8000/v1/chat/completions",
        ])
    func endpoint(address: String) throws {
        let url = try #require(URL(string: address))
        #expect(
            ServerSource.endpoint(url).absoluteString == "http://h:8000/v1/chat/completions")
    }

    @Test("the body is a chat completion's, without a stream")
    func body() {
        var settings = EvaluationSettings()
        settings.maximumTokens = 99
        let body = ServerSource.body("a \"b\"", member: "m", settings: settings, seed: 5).json
        #expect(
            body == """
                {"model":"m","messages":[{"role":"user","content":"a \\"b\\""}],\
                "max_tokens":99,"temperature":0.6,"top_p":1.0,"seed":5,"stream":false}
                """)
    }

    @Test(
        "text, thought, end and spending are read, whatever the thought's field is called",
        arguments: ["reasoning_content", "reasoning"])
    func response(field: String) throws {
        let response = try read(
            """
            {"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"42",
            "\(field)":"hm"},"finish_reason":"length"}],
            "usage":{"prompt_tokens":3,"completion_tokens":7,
            "completion_tokens_details":{"reasoning_tokens":4}}}
            """)
        #expect(
            response
                == Response(
                    reasoning: "hm", text: "42", finish: .length, promptTokens: 3,
                    completionTokens: 7, reasoningTokens: 4))
    }

    @Test("a null content is an empty answer, and details may be missing")
    func sparse() throws {
        let response = try read(
            """
            {"choices":[{"message":{"content":null},"finish_reason":"stop"}],
            "usage":{"completion_tokens":7}}
            """)
        #expect(response == Response(text: "", finish: .stop, completionTokens: 7))
    }

    @Test(
        "an answer without text or usage is told as such",
        arguments: [
            ("x", "expected JSON"), ("{}", "no choices[0].message"),
            (#"{"choices":[]}"#, "no choices[0].message"),
            (#"{"choices":[{"message":{"content":"a"}}]}"#, "no usage.completion_tokens"),
        ])
    func broken(text: String, words: String) throws {
        let error = try #require(throws: ResponseError.self) { try read(text) }
        guard case .server(_, 1, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains(words))
    }

    @Test("a server that is not there is given up after five tries")
    func absent() async throws {
        let source = ServerSource(
            url: try #require(URL(string: "http://127.0.0.1:1")), model: "m", key: nil,
            firstPause: .milliseconds(1))
        let error = try await #require(throws: ResponseError.self) {
            try await source.respond(
                to: "q", member: "m", settings: EvaluationSettings(), seed: 1)
        }
        guard case .server("http://127.0.0.1:1/v1/chat/completions", 5, _) = error else {
            Issue.record("\(error)")
            return
        }
    }
}
