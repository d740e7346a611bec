/// What a handler answers.
///
/// The server adds `Date`, the framing fields and, where needed, `Connection`; for `HEAD` it leaves
/// the body out by itself.
public struct HTTPResponse: Sendable {
    /// The status.
    public var status: HTTPStatus
    /// Header fields; framing fields set here are ignored.
    public var fields: HTTPFields
    /// What follows the header.
    public var body: Body

    /// The kinds of bodies.
    public enum Body: Sendable {
        /// No bytes.
        case empty
        /// All bytes at once, sent with `Content-Length`.
        case bytes([UInt8])
        /// Bytes as they come: chunked for HTTP/1.1, ended by the close of the connection for 1.0.
        ///
        /// The closure runs in the request's task after the handler has returned. The head leaves
        /// with the first bytes. Where it throws, the connection is broken off, so that the client
        /// does not take half a body for a whole one.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
        /// As `stream`, with a length known before: sent with `Content-Length`.
        ///
        /// Where the closure writes more or less than that, the connection is broken off.
        case sized(Int, @Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// Makes a response.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - fields: The header fields.
    ///   - body: What follows the header.
    public init(status: HTTPStatus = .ok, fields: HTTPFields = [:], body: Body = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// A response with a whole body of a given type.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - type: The value of `Content-Type`.
    ///   - bytes: The body.
    ///   - fields: Further header fields.
    public init(
        status: HTTPStatus = .ok, type: String, bytes: [UInt8], fields: HTTPFields = [:]
    ) {
        self.init(status: status, fields: fields, body: .bytes(bytes))
        self.fields[.contentType] = type
    }

    /// A stream of events with the fields that keep caches and proxies from holding it back.
    ///
    /// - Parameters:
    ///   - fields: Further header fields.
    ///   - events: Writes the events; see `Body.stream`.
    /// - Returns: A response of type `text/event-stream`.
    public static func events(
        fields: HTTPFields = [:],
        _ events: @escaping @Sendable (HTTPBodyWriter) async throws -> Void
    ) -> HTTPResponse {
        var response = HTTPResponse(fields: fields, body: .stream(events))
        response.fields[.contentType] = "text/event-stream"
        response.fields[.cacheControl] = "no-cache"
        response.fields[.accelBuffering] = "no"
        return response
    }

    /// Runs the body to its end without a socket, for tests of handlers.
    ///
    /// - Returns: The bytes a client would see after chunks are undone.
    /// - Throws: What a streaming body throws.
    public func collectBody() async throws -> [UInt8] {
        switch body {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .stream(let run), .sized(_, let run):
            let collected = CollectedBytes()
            try await run(HTTPBodyWriter { (bytes) throws(HTTPError) in collected.append(bytes) })
            return collected.bytes
        }
    }
}
