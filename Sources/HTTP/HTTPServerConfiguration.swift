public import Sockets

/// How a server listens and what it allows.
public struct HTTPServerConfiguration: Sendable {
    /// Where to listen; port 0 asks the system for a free one.
    public var address: SocketAddress
    /// What one client may cost.
    public var limits: HTTPLimits
    /// The value of `Server`; nil sends none.
    public var serverName: String?
    /// Threads that read, parse and watch the clock; handlers run elsewhere.
    public var eventLoopCount = 1
    /// Connections the kernel may hold before they are accepted.
    public var backlog = 1024

    /// Makes a configuration.
    ///
    /// - Parameters:
    ///   - address: Where to listen.
    ///   - limits: What one client may cost.
    ///   - serverName: The value of `Server`.
    public init(
        address: SocketAddress, limits: HTTPLimits = HTTPLimits(), serverName: String? = nil
    ) {
        self.address = address
        self.limits = limits
        self.serverName = serverName
    }
}
