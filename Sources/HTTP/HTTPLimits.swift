/// What one client may cost: bytes, counts and times.
public struct HTTPLimits: Sendable, Hashable {
    /// Longest request line in bytes; more is 414.
    public var requestLineByteCount = 16 * 1024
    /// Longest field line in bytes; more is 431.
    public var fieldLineByteCount = 32 * 1024
    /// Longest header section in bytes, without the request line; more is 431.
    public var fieldsByteCount = 64 * 1024
    /// Most field lines; more is 431.
    public var fieldCount = 200
    /// Largest body in bytes, after chunks are undone and again after `Content-Encoding` is; more is
    /// 413.
    public var bodyByteCount = 16 * 1024 * 1024
    /// Longest chunk-size line with its extensions in bytes; more is 400.
    public var chunkLineByteCount = 1024
    /// Longest trailer section in bytes; more is 431.
    public var trailersByteCount = 16 * 1024
    /// Body bytes held for a handler that does not read; then the socket is left alone.
    public var bodyBufferByteCount = 256 * 1024
    /// Response bytes held for a client that does not read; then the writing task is suspended.
    public var writeBufferByteCount = 64 * 1024

    /// Clients above a limit of connections that are told so at a time; further ones are just closed.
    public static let refusedConnectionCount = 64

    /// Most connections at a time; the next ones are answered 503 and closed.
    public var connectionCount = 4096
    /// Most connections of one client at a time; the next ones are answered 429 and closed.
    ///
    /// A client is an IPv4 address or an IPv6 /64 network; Unix sockets tell none apart.
    public var connectionsPerClient = 2048

    /// From the connection to the first byte of its first request; then it is closed.
    public var firstByteTimeout = Duration.seconds(30)
    /// From the connection to the end of its TLS handshake; then it is closed.
    public var handshakeTimeout = Duration.seconds(10)
    /// From the first byte of a request to the end of its header section; then 408.
    public var headerTimeout = Duration.seconds(15)
    /// From the end of the header section to the end of the body; then 408.
    public var bodyTimeout = Duration.seconds(600)
    /// A body must bring `minimumBodyRate` bytes a second over each such period; else 408.
    public var bodyRatePeriod = Duration.seconds(10)
    /// Bytes a second; see `bodyRatePeriod`.
    public var minimumBodyRate = 256
    /// How long a connection may stay open between two requests.
    public var idleTimeout = Duration.seconds(75)
    /// How long a client may leave waiting bytes of its response without taking any.
    ///
    /// Its system is asked four times in so long, so that it may be a quarter more.
    public var writeTimeout = Duration.seconds(30)
    /// How long a client that has sent FIN may get no byte of its answer before it is asked whether
    /// it is still there.
    ///
    /// A FIN may mean "that was my whole request" (`printf … | nc -N`) or "I am gone" (an
    /// interrupted client), and TCP does not tell which until something is written. A quick
    /// handler is therefore let finish; then an interim response asks, and the handler is
    /// cancelled if the client is gone. Once the response has begun its own writes find out.
    public var halfCloseProbe = Duration.milliseconds(50)
    /// The same for clients of HTTP/1.0, which cannot be asked: their handlers are cancelled.
    public var halfCloseGrace = Duration.seconds(1)
    /// How long a connection is drained after an error, so that the client gets to read it.
    public var lingerTimeout = Duration.seconds(2)
    /// Largest unread rest of a body that is swallowed to keep the connection.
    public var drainByteCount = 64 * 1024

    /// The defaults.
    public init() {}
}
