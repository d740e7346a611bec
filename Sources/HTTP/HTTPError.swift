/// Everything that ends a request other than its handler's own answer.
///
/// A handler that throws one of these is answered with `status` and the server's error body.
public enum HTTPError: Error, Sendable, Hashable {
    /// The bytes are not a request that RFC 9112 allows.
    case malformed(reason: String)
    /// The request line has more bytes than the limit.
    case targetTooLong(limit: Int)
    /// The field lines (or one of them, or the trailers) have more bytes than the limit.
    case fieldsTooLarge(limit: Int)
    /// There are more field lines than the limit.
    case tooManyFields(limit: Int)
    /// The body has, or announces, more bytes than the limit.
    case bodyTooLarge(limit: Int)
    /// A body whose end could not be found without a length.
    case lengthRequired
    /// The body ended before the announced length.
    case truncatedBody
    /// A transfer coding other than `chunked`.
    case unsupportedCoding(String)
    /// A `Content-Encoding` other than gzip, deflate and identity.
    case unsupportedContentCoding(String)
    /// A version other than 1.0 and 1.1.
    case unsupportedVersion(String)
    /// A method that no resource here could ever answer, like `CONNECT`.
    case unsupportedMethod(String)
    /// An expectation other than `100-continue`.
    case unsupportedExpectation(String)
    /// The client took too long to send its request.
    case requestTimeout
    /// No route has the path.
    case notFound(path: String)
    /// Routes have the path, but none with the method.
    case methodNotAllowed(method: String, allowed: [String])
    /// What the client knows is not what is there (`If-Match`, `If-Unmodified-Since`).
    case preconditionFailed
    /// The range asked for begins behind the end.
    case rangeNotSatisfiable(byteCount: Int)
    /// The server is at its limit of connections.
    case tooManyConnections(limit: Int)
    /// The client is at its limit of connections.
    case tooManyConnectionsOfClient(limit: Int)
    /// The handler failed with an error that is no `HTTPError`.
    case handlerFailed(reason: String)
    /// The client has hung up; nobody reads an answer.
    case disconnected
    /// The task that waited was cancelled.
    case cancelled
}

extension HTTPError {
    /// The status that answers the error.
    public var status: HTTPStatus {
        switch self {
        case .malformed, .truncatedBody: .badRequest
        case .targetTooLong: .uriTooLong
        case .fieldsTooLarge, .tooManyFields: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .lengthRequired: .lengthRequired
        case .unsupportedCoding, .unsupportedMethod: .notImplemented
        case .unsupportedContentCoding: .unsupportedMediaType
        case .unsupportedVersion: .init(code: 505, reasonPhrase: "HTTP Version Not Supported")
        case .unsupportedExpectation: .expectationFailed
        case .requestTimeout: .requestTimeout
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .preconditionFailed: .preconditionFailed
        case .rangeNotSatisfiable: .rangeNotSatisfiable
        case .tooManyConnectionsOfClient: .tooManyRequests
        case .tooManyConnections, .cancelled, .disconnected: .serviceUnavailable
        case .handlerFailed: .internalServerError
        }
    }

    /// The header fields that tell a client what would be right.
    public var fields: HTTPFields {
        switch self {
        case .methodNotAllowed(_, let allowed): [.allow: allowed.joined(separator: ", ")]
        case .unsupportedContentCoding: [.acceptEncoding: RequestDecoding.names]
        case .rangeNotSatisfiable(let count): [.contentRange: "bytes */\(count)"]
        case .tooManyConnections, .tooManyConnectionsOfClient: [.retryAfter: "1"]
        default: [:]
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// One line for the client or the log.
    public var description: String {
        switch self {
        case .malformed(let reason): "malformed request: \(reason)"
        case .targetTooLong(let limit): "the request line exceeds \(limit) bytes"
        case .fieldsTooLarge(let limit): "the header fields exceed \(limit) bytes"
        case .tooManyFields(let limit): "the request has more than \(limit) header fields"
        case .bodyTooLarge(let limit): "the request body exceeds \(limit) bytes"
        case .lengthRequired: "the request body needs a Content-Length"
        case .truncatedBody: "the request body ended before its announced length"
        case .unsupportedCoding(let name): "transfer coding '\(name)' is not supported"
        case .unsupportedContentCoding(let name):
            "content coding '\(name)' is not supported; send one of \(RequestDecoding.names)"
        case .unsupportedVersion(let name): "protocol version '\(name)' is not supported"
        case .unsupportedMethod(let name): "method '\(name)' is not supported"
        case .unsupportedExpectation(let name): "expectation '\(name)' is not supported"
        case .requestTimeout: "the request was not received in time"
        case .notFound(let path): "no such path: \(path)"
        case .methodNotAllowed(let method, let allowed):
            "method \(method) is not allowed here; allowed: \(allowed.joined(separator: ", "))"
        case .preconditionFailed: "the resource is not what the request says it should be"
        case .rangeNotSatisfiable(let count): "the range lies behind the \(count) bytes there are"
        case .tooManyConnectionsOfClient(let limit):
            "your address is at its limit of \(limit) connections"
        case .tooManyConnections(let limit): "the server is at its limit of \(limit) connections"
        case .handlerFailed: "the server failed to answer this request"
        case .disconnected: "the client has disconnected"
        case .cancelled: "the request was cancelled"
        }
    }
}
