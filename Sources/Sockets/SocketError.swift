import CSystem
import Glibc

/// Why a socket could not do what was asked.
public enum SocketError: Error, Sendable, Hashable {
    /// Another process, or an earlier listener of this one, has the address.
    case addressInUse(address: String)
    /// The process may not use the address (a port below 1024, or a folder it may not write).
    case permissionDenied(address: String)
    /// The address belongs to no interface of this machine.
    case addressNotAvailable(address: String)
    /// The host is neither a numeric address nor a name that resolves.
    case unknownHost(host: String, reason: String)
    /// The port is not in 0...65535.
    case invalidPort(port: Int)
    /// The path of a Unix socket is empty, holds a NUL, or does not fit the kernel's structure.
    case invalidPath(path: String, byteLimit: Int)
    /// The process or the system has no descriptor left.
    case outOfDescriptors(operation: String)
    /// The peer went away: reset, broken pipe or timed out.
    case disconnected
    /// The peer sends plain text where TLS is spoken.
    case plainText
    /// A certificate, a key or a list of authorities that cannot be used.
    case invalidCredentials(path: String, reason: String)
    /// A descriptor that was handed over is no listening stream socket.
    case notListening(descriptor: Int32, reason: String)
    /// Any other refusal of the system.
    case system(operation: String, number: Int32)

    /// Names the error number that `operation` just left behind.
    init(operation: String, number: Int32, address: SocketAddress? = nil) {
        let text = address.map { "\($0)" } ?? operation
        switch number {
        case EADDRINUSE: self = .addressInUse(address: text)
        case EACCES, EPERM: self = .permissionDenied(address: text)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address: text)
        case EMFILE, ENFILE: self = .outOfDescriptors(operation: operation)
        case ECONNRESET, EPIPE, ETIMEDOUT, ENOTCONN: self = .disconnected
        default: self = .system(operation: operation, number: number)
        }
    }
}

extension SocketError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        switch self {
        case .addressInUse(let address): "address \(address) is already in use"
        case .permissionDenied(let address): "permission denied for address \(address)"
        case .addressNotAvailable(let address): "address \(address) is not one of this machine"
        case .unknownHost(let host, let reason): "host '\(host)' is unknown: \(reason)"
        case .invalidPort(let port): "port \(port) is not in 0...65535"
        case .invalidPath(let path, let byteLimit):
            "socket path '\(path)' must have 1 to \(byteLimit) bytes and no NUL"
        case .outOfDescriptors(let operation): "\(operation): no file descriptor left"
        case .disconnected: "the peer has disconnected"
        case .plainText: "the peer sends plain text where TLS is spoken"
        case .invalidCredentials(let path, let reason): "\(path): \(reason)"
        case .notListening(let descriptor, let reason):
            "inherited descriptor \(descriptor) is no listening socket: \(reason)"
        case .system(let operation, let number):
            "\(operation): \(unsafe String(cString: strerror(number))) (errno \(number))"
        }
    }
}
