import CSystem
import Glibc

/// Where a socket listens or connects: a numeric IPv4 or IPv6 address with a port, or a path.
public enum SocketAddress: Sendable, Hashable {
    /// Four bytes in network order and a port; port 0 asks the system for a free one.
    case ipv4(UInt32, port: UInt16)
    /// Sixteen bytes in network order as text, the interface's scope, and a port.
    case ipv6(host: String, scope: UInt32, port: UInt16)
    /// A Unix socket in the file system.
    case unix(path: String)

    /// The longest path that fits `sun_path` with its NUL.
    static let pathByteLimit = 107

    /// Finds the address that `host` names.
    ///
    /// Numeric addresses are taken as they are (IPv6 with or without brackets); names go to the
    /// system's resolver, which blocks, and the first answer wins.
    ///
    /// - Parameters:
    ///   - host: A numeric address or a name, for example `127.0.0.1`, `::1`, `localhost`.
    ///   - port: 0...65535; 0 asks the system for a free port.
    /// - Throws: `unknownHost` or `invalidPort`.
    public init(host: String, port: Int) throws(SocketError) {
        guard UInt16(exactly: port) != nil else { throw .invalidPort(port: port) }
        guard !host.isEmpty, !host.utf8.contains(0) else {
            throw .unknownHost(host: host, reason: "empty or not a name")
        }
        var bare = host
        if host.hasPrefix("["), host.hasSuffix("]") {
            bare = String(host.dropFirst().dropLast())
        }
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(bare, String(port), &hints, &list)
        guard code == 0, let first = unsafe list else {
            throw unsafe .unknownHost(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var entry: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let candidate = unsafe entry {
            if let address = unsafe SocketAddress(
                raw: candidate.pointee.ai_addr, count: candidate.pointee.ai_addrlen)
            {
                self = address
                return
            }
            unsafe entry = unsafe candidate.pointee.ai_next
        }
        throw .unknownHost(host: host, reason: "neither IPv4 nor IPv6")
    }

    /// Names a Unix socket.
    ///
    /// - Parameter unixPath: 1 to 107 bytes without NUL.
    /// - Throws: `invalidPath`.
    public init(unixPath: String) throws(SocketError) {
        guard !unixPath.isEmpty, !unixPath.utf8.contains(0),
            unixPath.utf8.count <= Self.pathByteLimit
        else {
            throw .invalidPath(path: unixPath, byteLimit: Self.pathByteLimit)
        }
        self = .unix(path: unixPath)
    }

    /// The port, or nil for a Unix socket.
    public var port: Int? {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port): Int(port)
        case .unix: nil
        }
    }

    /// What limits for each client count by; nil for a Unix socket.
    ///
    /// The address without its port, and an IPv6 address without the half that its owner chooses.
    public var client: SocketAddress? {
        switch self {
        case .ipv4(let bits, _): return .ipv4(bits, port: 0)
        case .ipv6(let host, let scope, _):
            var bytes = in6_addr()
            guard unsafe inet_pton(AF_INET6, host, &bytes) == 1 else { return self }
            // IPv4 clients of `::` come as `::ffff:a.b.c.d`: each is one.
            guard !host.hasPrefix("::ffff:") else { return .ipv6(host: host, scope: 0, port: 0) }
            unsafe withUnsafeMutableBytes(of: &bytes) { raw in
                for index in 8..<16 { unsafe raw[index] = 0 }
            }
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard unsafe inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count)) != nil else {
                return self
            }
            let network = String(
                decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            return .ipv6(host: network, scope: scope, port: 0)
        case .unix: return nil
        }
    }

    /// Whether only this machine can reach the address.
    public var isLocal: Bool {
        switch self {
        case .ipv4(let bits, _): bits >> 24 == 127
        case .ipv6(let host, _, _): host == "::1" || host.hasPrefix("::ffff:127.")
        case .unix: true
        }
    }
}

extension SocketAddress: CustomStringConvertible {
    /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/laconic.sock`.
    public var description: String {
        switch self {
        case .ipv4(let bits, let port):
            "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255):\(port)"
        case .ipv6(let host, let scope, let port):
            scope == 0 ? "[\(host)]:\(port)" : "[\(host)%\(scope)]:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension SocketAddress {
    /// The family that `socket` wants.
    var family: Int32 {
        switch self {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case .unix: AF_UNIX
        }
    }

    /// Reads the kernel's structure; nil for a family that is not listed here.
    init?(raw: UnsafePointer<sockaddr>?, count: socklen_t) {
        guard let raw = unsafe raw, count >= socklen_t(MemoryLayout<sa_family_t>.size) else {
            return nil
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: raw, count: Int(count))
        switch unsafe Int32(raw.pointee.sa_family) {
        case AF_INET where bytes.count >= MemoryLayout<sockaddr_in>.size:
            let address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(
                UInt32(bigEndian: address.sin_addr.s_addr),
                port: UInt16(bigEndian: address.sin_port))
        case AF_INET6 where bytes.count >= MemoryLayout<sockaddr_in6>.size:
            var address = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            guard
                unsafe inet_ntop(AF_INET6, &address.sin6_addr, &text, socklen_t(text.count)) != nil
            else { return nil }
            self = .ipv6(
                host: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self),
                scope: address.sin6_scope_id, port: UInt16(bigEndian: address.sin6_port))
        case AF_UNIX:
            let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            let path = unsafe bytes.dropFirst(start).prefix { $0 != 0 }
            self = .unix(path: unsafe String(decoding: path, as: UTF8.self))
        default:
            return nil
        }
    }

    /// Runs `body` with the kernel's structure for this address.
    func withRaw<Result>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var storage = sockaddr_storage()
        var count = 0
        switch self {
        case .ipv4(let bits, let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = bits.bigEndian
            count = MemoryLayout<sockaddr_in>.size
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: address, as: sockaddr_in.self)
            }
        case .ipv6(let host, let scope, let port):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_scope_id = scope
            _ = unsafe inet_pton(AF_INET6, host, &address.sin6_addr)
            count = MemoryLayout<sockaddr_in6>.size
            unsafe withUnsafeMutableBytes(of: &storage) {
                unsafe $0.storeBytes(of: address, as: sockaddr_in6.self)
            }
        case .unix(let path):
            let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            let bytes = Array(path.utf8.prefix(Self.pathByteLimit))
            count = start + bytes.count + 1
            unsafe withUnsafeMutableBytes(of: &storage) { raw in
                unsafe raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                for (index, byte) in bytes.enumerated() { unsafe raw[start + index] = byte }
            }
        }
        return unsafe withUnsafeBytes(of: &storage) { raw in
            guard let base = raw.baseAddress else {
                preconditionFailure("a stack value has an address")
            }
            return unsafe body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(count))
        }
    }
}
