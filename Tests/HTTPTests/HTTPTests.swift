import HTTP
import Testing

@Suite struct HTTPTests {
    @Test func `an event response says what it is`() async throws {
        let response = HTTPResponse.events { writer in
            try await writer.write(ServerSentEvent(data: "[DONE]"))
        }
        #expect(response.fields[.contentType] == "text/event-stream")
        #expect(response.status == .ok)
        #expect(try await response.collectBody() == Array("data: [DONE]\n\n".utf8))
    }
}
