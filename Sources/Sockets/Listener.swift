import CSystem
import Glibc

/// A listening socket.
public struct Listener: ~Copyable, Sendable {
    /// Where it listens, with the port the system chose where 0 was asked for.
    public let address: SocketAddress
    private let descriptor: FileDescriptor
    /// Whether the name in the file system goes with the socket.
    private let ownsPath: Bool

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
            Self.setForAccepted(number)
        }
        guard unsafe address.withRaw({ unsafe bind(number, $0, $1) }) == 0 else {
            throw SocketError(operation: "bind", number: errno, address: address)
        }
        guard listen(number, Int32(clamping: backlog)) == 0 else {
            throw SocketError(operation: "listen", number: errno, address: address)
        }
        descriptor = owned
        ownsPath = true
        self.address = Self.name(of: number) ?? address
    }

    /// Takes over a socket that already listens; a Unix socket's name is left to whoever made it.
    ///
    /// - Parameter number: The descriptor, which is closed with the listener.
    /// - Throws: `notListening` where it is none, or none of a stream.
    public init(inheriting number: Int32) throws(SocketError) {
        guard fcntl(number, F_GETFD) >= 0 else {
            throw .notListening(descriptor: number, reason: "it is not open")
        }
        let owned = FileDescriptor(owning: number)
        guard Self.option(number, SO_TYPE) == Int32(SOCK_STREAM.rawValue) else {
            throw .notListening(descriptor: number, reason: "it is no stream socket")
        }
        guard Self.option(number, SO_ACCEPTCONN) == 1 else {
            throw .notListening(descriptor: number, reason: "it does not listen")
        }
        guard let address = Self.name(of: number) else {
            throw .notListening(descriptor: number, reason: "its address is of no known family")
        }
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
        if address.port != nil { Self.setForAccepted(number) }
        descriptor = owned
        ownsPath = false
        self.address = address
    }

    deinit {
        if ownsPath, case .unix(let path) = address { _ = unsafe unlink(path) }
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

    private static func option(_ number: Int32, _ option: Int32) -> Int32? {
        var value: Int32 = 0
        var count = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(number, SOL_SOCKET, option, &value, &count) == 0 else { return nil }
        return value
    }

    /// Bytes that the kernel takes for a client before its network does: without it a slow reader
    /// of a stream is owed up to `net.ipv4.tcp_wmem`'s 4 MiB before its writer feels it.
    private static let unsentByteCount: Int32 = 64 * 1024

    /// Sets what accepted sockets inherit (tcp(7)): no system call per connection.
    private static func setForAccepted(_ number: Int32) {
        set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(number, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, unsentByteCount)
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
