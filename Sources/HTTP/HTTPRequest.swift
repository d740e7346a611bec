public import Sockets

/// One request: the head, complete and checked, and the body, which may still be on its way.
public struct HTTPRequest: Sendable {
    /// The method as sent.
    public var method: HTTPMethod
    /// Path and query.
    public var target: RequestTarget
    /// The version the client speaks.
    public var version: HTTPVersion
    /// The header fields as sent, `Host` replaced by the target's authority where it has one.
    public var fields: HTTPFields
    /// The body; empty where the request has none.
    public var body: HTTPRequestBody
    /// Whether the request came with a body, be it an empty one.
    public var hasBody = true
    /// What the route's `{name}` segments matched, decoded.
    public var parameters: [String: String] = [:]
    /// Where the client is; nil for a request that came from no socket.
    public var peer: SocketAddress?
    /// What limits for each client count by, as text: the peer's address without its port, of
    /// IPv6 the network; nil for a Unix socket.
    public var client: String? { peer?.client?.description }

    /// The decoded path, beginning with a slash.
    public var path: String { target.path }

    /// The decoded query; empty without a question mark.
    public var query: HTTPQuery { HTTPQuery(parsing: target.rawQuery ?? "") }

    /// A request that needs no socket, for tests of handlers.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - target: Path and query as they stand in a request line.
    ///   - fields: The header fields.
    ///   - body: The whole body.
    /// - Throws: `malformed` for a target that no request line may hold.
    public init(
        method: HTTPMethod = .get, target: String, fields: HTTPFields = [:], body: [UInt8] = []
    ) throws(HTTPError) {
        self.method = method
        self.target = try RequestTarget(parsing: ArraySlice(Array(target.utf8)), method: method)
        version = .http11
        self.fields = fields
        self.body = HTTPRequestBody(body)
    }

    /// The request that a parsed head begins.
    init(head: RequestHead, body: HTTPRequestBody, peer: SocketAddress?) {
        method = head.method
        target = head.target
        version = head.version
        fields = head.fields
        hasBody = head.framing != .none
        self.body = body
        self.peer = peer
    }
}
