public import Sockets

/// How a server listens and what it allows.
public struct HTTPServerConfiguration: Sendable {
    /// One place where clients come in.
    public struct Entrance: Sendable {
        /// What listens.
        public enum Place: Sendable {
            /// A socket of the server's own; port 0 asks the system for a free one.
            case address(SocketAddress)
            /// A socket that already listens and is handed over; see `InheritedSockets`.
            case inherited(descriptor: Int32)
        }

        /// What listens.
        public var place: Place
        /// Speaks TLS there; nil speaks plain HTTP.
        public var tls: TLSContext?

        /// Makes an entrance.
        ///
        /// - Parameters:
        ///   - place: What listens.
        ///   - tls: Speaks TLS there.
        public init(_ place: Place, tls: TLSContext? = nil) {
            self.place = place
            self.tls = tls
        }
    }

    /// Where clients come in; at least one.
    public var entrances: [Entrance]
    /// What one client may cost.
    public var limits: HTTPLimits
    /// The value of `Server`; nil sends none.
    public var serverName: String?
    /// Least bytes of a text answer that is compressed for clients that take gzip; nil for none.
    ///
    /// Streams never are: an event would wait in the compressor for its successors.
    public var compressionThreshold: Int? = 512
    /// Threads that read, parse, watch the clock and send; see `EndpointTable.Place` for handlers.
    public var eventLoopCount = 1
    /// Counts what goes over the connections.
    public var traffic = HTTPTraffic()
    /// Gets a line when clients have to wait because descriptors have run out, at most one a minute;
    /// called on the threads that serve, which must not wait.
    public var tell: @Sendable (String) -> Void = { _ in }
    /// Connections the kernel may hold before they are accepted.
    public var backlog = 1024

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - entrances: Where clients come in.
    ///   - limits: What one client may cost.
    ///   - serverName: The value of `Server`.
    public init(
        entrances: [Entrance], limits: HTTPLimits = HTTPLimits(), serverName: String? = nil
    ) {
        self.entrances = entrances
        self.limits = limits
        self.serverName = serverName
    }

    /// Makes a configuration with one plain entrance.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 asks the system for a free one.
    ///   - limits: What one client may cost.
    ///   - serverName: The value of `Server`.
    public init(
        address: SocketAddress, limits: HTTPLimits = HTTPLimits(), serverName: String? = nil
    ) {
        self.init(
            entrances: [Entrance(.address(address))], limits: limits, serverName: serverName)
    }
}
