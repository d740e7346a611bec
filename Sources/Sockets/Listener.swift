import CSystem
import Glibc

/// A listening socket.
public struct Listener: ~Copyable, Sendable {
    /// Where it listens, with the port the system chose where 0 was asked for.
    public let address: SocketAddress
    private let descriptor: FileDescriptor

    /// What `accept` found.
    public enum Outcome: Sendable {
        /// A client; its stream does not block.
        case connection(SocketStream, peer: SocketAddress?)
        /// Nobody is waiting.
        case none
        /// A client left before it was accepted; others may be waiting.
        case retry
        /// No descriptor or no memory is left: pause, or the loop would spin.
        case exhausted
    }

    /// Binds and listens.
    ///
    /// A restarted server takes its port over at once (`SO_REUSEADDR`); a Unix socket that nobody
    /// listens on any more is replaced. `::` takes IPv4 clients too.
    ///
    /// - Parameters:
    ///   - address: Where to listen; port 0 asks the system for a free one.
    ///   - backlog: Connections the kernel holds until they are accepted.
    /// - Throws: `addressInUse`, `permissionDenied`, `addressNotAvailable` or what else the system
    ///   refuses.
    public init(address: SocketAddress, backlog: Int = 1024) throws(SocketError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(address.family, type, 0)
        guard number >= 0 else { throw SocketError(operation: "socket", number: errno) }
        let owned = FileDescriptor(owning: number)
        switch address {
        case .unix(let path):
            try Self.removeStale(path, address: address)
        case .ipv6(let host, _, _):
            if host == "::" { Self.set(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
            fallthrough
        case .ipv4:
            Self.set(number, SOL_SOCKET, SO_REUSEADDR, 1)
            // Accepted sockets inherit it: no system call per connection.
            Self.set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        }
        guard unsafe address.withRaw({ unsafe bind(number, $0, $1) }) == 0 else {
            throw SocketError(operation: "bind", number: errno, address: address)
        }
        guard listen(number, Int32(clamping: backlog)) == 0 else {
            throw SocketError(operation: "listen", number: errno, address: address)
        }
        descriptor = owned
        self.address = Self.name(of: number) ?? address
    }

    deinit {
        if case .unix(let path) = address { _ = unsafe unlink(path) }
    }

    /// The descriptor an event loop watches.
    public var descriptorNumber: Int32 { descriptor.number }

    /// Takes the next waiting client.
    ///
    /// - Returns: The client, or why there is none.
    public func accept() -> Outcome {
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let (number, failure, peer) = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                let number = unsafe accept4(descriptor.number, raw, &count, flags)
                let failure = number < 0 ? errno : 0
                return (number, failure, unsafe SocketAddress(raw: raw, count: count))
            }
        }
        if number >= 0 {
            return .connection(SocketStream(FileDescriptor(owning: number)), peer: peer)
        }
        switch failure {
        case EAGAIN, EWOULDBLOCK: return .none
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
        // Errors that were pending on the new connection are reported here (accept(2)).
        default: return .retry
        }
    }

    private static func set(_ number: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(
            number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func name(of number: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                guard unsafe getsockname(number, raw, &count) == 0 else { return nil }
                return unsafe SocketAddress(raw: raw, count: count)
            }
        }
    }

    /// Removes the socket that a killed server has left behind, and nothing else.
    private static func removeStale(
        _ path: String, address: SocketAddress
    ) throws(SocketError) {
        var information = stat()
        guard unsafe lstat(path, &information) == 0 else { return }
        guard information.st_mode & S_IFMT == S_IFSOCK else {
            throw .addressInUse(address: "\(address)")
        }
        do throws(SocketError) {
            _ = try SocketStream.connect(to: address)
        } catch .system(_, let number) where number == ECONNREFUSED {
            _ = unsafe unlink(path)
            return
        }
        throw .addressInUse(address: "\(address)")
    }
}
