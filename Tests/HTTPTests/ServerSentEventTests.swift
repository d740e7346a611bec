import HTTP
import Testing

@Suite struct ServerSentEventTests {
    private func text(_ event: ServerSentEvent) -> String {
        String(decoding: event.bytes, as: UTF8.self)
    }

    @Test func `frames are exactly what clients cut apart`() {
        #expect(text(ServerSentEvent(data: "[DONE]")) == "data: [DONE]\n\n")
        #expect(text(ServerSentEvent(data: "")) == "data: \n\n")
        #expect(
            text(ServerSentEvent(data: "a\nb\r\nc\rd")) == "data: a\ndata: b\ndata: c\ndata: d\n\n")
        #expect(text(ServerSentEvent(comment: "queued 3")) == ": queued 3\n\n")
        #expect(text(ServerSentEvent(comment: "a\n\ndata: b")) == ": a\n: \n: data: b\n\n")
        #expect(
            text(ServerSentEvent(data: "x", name: "to\nken", id: "7"))
                == "event: token\nid: 7\ndata: x\n\n")
    }

    @Test func `an event response forbids caching and buffering`() async throws {
        let response = HTTPResponse.events(fields: [.retryAfter: "3"]) { writer in
            try await writer.write(ServerSentEvent(data: "1"))
        }
        #expect(response.fields[.contentType] == "text/event-stream")
        #expect(response.fields[.cacheControl] == "no-cache")
        #expect(response.fields[try #require(.init("x-accel-buffering"))] == "no")
        #expect(response.fields[.retryAfter] == "3")
        #expect(try await response.collectBody() == Array("data: 1\n\n".utf8))
    }
}
