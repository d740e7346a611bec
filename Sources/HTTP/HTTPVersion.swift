/// The versions of the protocol that are spoken here.
public enum HTTPVersion: String, Sendable, Hashable {
    /// RFC 1945: one request a connection unless both sides ask for more, no chunks.
    case http10 = "HTTP/1.0"
    /// RFC 9112.
    case http11 = "HTTP/1.1"
}
