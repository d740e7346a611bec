/// A parsed and checked header section, and what it says about the rest of the connection.
struct RequestHead: Sendable {
    var method: HTTPMethod
    var target: RequestTarget
    var version: HTTPVersion
    var fields: HTTPFields
    /// How the body ends.
    var framing: BodyFraming
    /// Whether the client waits for `100 Continue` before it sends the body.
    var expectsContinue: Bool
    /// Whether the client is ready to send another request afterwards.
    var keepsAlive: Bool
}

/// How the end of a body is found (RFC 9112, section 6.3).
enum BodyFraming: Sendable, Hashable {
    case none
    case length(Int)
    case chunked
}
