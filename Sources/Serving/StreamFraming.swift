import HTTP

/// How the documents of a streamed answer are told apart.
enum StreamFraming: Sendable {
    /// Server-sent events; the last one says `[DONE]` where clients wait for that.
    case events(saysDone: Bool)
    /// Server-sent events, each named by the `type` that its document begins with.
    case namedEvents
    /// One document a line. Nothing else may stand in it: readers parse every line.
    case lines

    /// What shows that a silent stream lives; nothing where any byte would be read as an answer.
    func comment(_ text: String) -> [UInt8] {
        if case .lines = self { return [] }
        return ServerSentEvent(comment: text).bytes
    }

    /// What follows the last document.
    var ending: [UInt8] {
        guard case .events(saysDone: true) = self else { return [] }
        return ServerSentEvent(data: "[DONE]").bytes
    }

    /// A response whose body is such a stream.
    func response(
        _ body: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
    ) -> HTTPResponse {
        var response = HTTPResponse.events(body)
        if case .lines = self { response.fields[.contentType] = "application/x-ndjson" }
        return response
    }

    /// The bytes of documents.
    ///
    /// Documents hold no line breaks, so a frame is a document between two constants. This is the
    /// hot path of a stream: `ServerSentEvent` would look at every byte.
    func frames(_ documents: [[UInt8]]) -> [UInt8] {
        var frames: [UInt8] = []
        frames.reserveCapacity(documents.reduce(0) { $0 + $1.count + 8 })
        for document in documents {
            switch self {
            case .lines:
                frames.append(contentsOf: document)
                frames.append(UInt8(ascii: "\n"))
                continue
            case .namedEvents:
                frames.append(contentsOf: "event: ".utf8)
                // Behind `{"type":"`.
                frames.append(contentsOf: document.dropFirst(9).prefix { $0 != UInt8(ascii: "\"") })
                frames.append(UInt8(ascii: "\n"))
            case .events:
                break
            }
            frames.append(contentsOf: "data: ".utf8)
            frames.append(contentsOf: document)
            frames.append(contentsOf: "\n\n".utf8)
        }
        return frames
    }
}
