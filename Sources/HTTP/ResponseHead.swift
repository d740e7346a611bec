/// The header section of a response, framing decided.
struct ResponseHead {
    /// How the client finds the end of the body.
    enum Framing: Hashable {
        /// There is no body: HEAD with a stream, 204, 304.
        case none
        /// `Content-Length`.
        case length(Int)
        /// `Transfer-Encoding: chunked`.
        case chunked
        /// The close of the connection: streams to HTTP/1.0 clients.
        case close
    }

    /// Fields that only the server sets.
    private static let framingNames: Set<String> = [
        "content-length", "transfer-encoding", "connection", "keep-alive", "date",
    ]

    /// How the end of the body is shown.
    let framing: Framing
    /// Whether the body's bytes are sent: not for HEAD, whose framing still speaks of them.
    let sendsBody: Bool
    /// Whether another request may follow.
    let keepsAlive: Bool

    private let status: HTTPStatus
    private let fields: HTTPFields
    private let version: HTTPVersion

    /// Decides the framing of `response` (RFC 9112, section 6).
    ///
    /// - Parameters:
    ///   - response: The handler's answer.
    ///   - method: The request's method; nil where the request was not understood.
    ///   - version: The client's version.
    ///   - keepsAlive: Whether both sides could go on.
    init(
        _ response: HTTPResponse, method: HTTPMethod?, version: HTTPVersion, keepsAlive: Bool
    ) {
        // An interim status cannot end a request: that handler is mistaken.
        status = response.status.kind == .informational ? .internalServerError : response.status
        fields = response.fields
        self.version = version
        let isHead = method?.rawValue == "HEAD"
        let isBodiless = status.code == 204 || status.code == 304
        sendsBody = !isHead && !isBodiless
        switch response.body {
        case _ where isBodiless: framing = .none
        case .empty: framing = .length(0)
        case .bytes(let bytes): framing = .length(bytes.count)
        case .sized(let count, _): framing = .length(count)
        case .stream where version == .http11: framing = .chunked
        case .stream: framing = isHead ? .none : .close
        }
        self.keepsAlive =
            keepsAlive && framing != .close
            && !FieldGrammar.list(fields[values: .connection]).contains("close")
    }

    /// The bytes, empty line included.
    func serialized(date: [UInt8], serverName: String?) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes += "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8
        bytes += date
        if let serverName { Self.append("Server", serverName, to: &bytes) }
        for field in fields where !Self.framingNames.contains(field.name.canonicalName) {
            Self.append(field.name.rawName, field.value, to: &bytes)
        }
        switch framing {
        case .none, .close: break
        case .length(let count): Self.append("Content-Length", String(count), to: &bytes)
        case .chunked: Self.append("Transfer-Encoding", "chunked", to: &bytes)
        }
        if !keepsAlive {
            Self.append("Connection", "close", to: &bytes)
        } else if version == .http10 {
            Self.append("Connection", "keep-alive", to: &bytes)
        }
        bytes += [0x0D, 0x0A]
        return bytes
    }

    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes += name.utf8
        bytes += [0x3A, 0x20]
        bytes += value.utf8
        bytes += [0x0D, 0x0A]
    }
}
