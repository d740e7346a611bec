import CSystem
import Glibc

extension SocketStream {
    /// Begins to connect without waiting for the peer's system.
    ///
    /// - Parameter address: Where to.
    /// - Returns: A non-blocking stream that becomes writable when it is known whether the peer
    ///   answers; ``finishConnecting(to:)`` says which.
    /// - Throws: What the system says at once, for example that no descriptor is left.
    public static func startConnecting(
        to address: SocketAddress
    ) throws(SocketError) -> SocketStream {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(address.family, type, 0)
        guard number >= 0 else { throw SocketError(operation: "socket", number: errno) }
        let descriptor = FileDescriptor(owning: number)
        let result = unsafe address.withRaw { unsafe Glibc.connect(number, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            throw SocketError(operation: "connect to \(address)", number: errno, address: address)
        }
        return SocketStream(descriptor)
    }

    /// What came of connecting, once the stream is writable.
    ///
    /// - Parameter address: Where to, for the message.
    /// - Throws: What the peer's system said.
    public func finishConnecting(to address: SocketAddress) throws(SocketError) {
        var number: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptorNumber, SOL_SOCKET, SO_ERROR, &number, &size) == 0
        else { throw SocketError(operation: "getsockopt", number: errno) }
        guard number == 0 else {
            throw SocketError(operation: "connect to \(address)", number: number, address: address)
        }
    }
}
