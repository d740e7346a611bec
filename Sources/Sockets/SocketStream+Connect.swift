import CSystem
import Glibc

extension SocketStream {
    /// Connects, waiting for the answer of the peer's system.
    ///
    /// - Parameter address: Where to.
    /// - Returns: A connected, non-blocking stream.
    /// - Throws: What the system says, for example that nobody listens there.
    public static func connect(to address: SocketAddress) throws(SocketError) -> SocketStream {
        let number = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SocketError(operation: "socket", number: errno) }
        let descriptor = FileDescriptor(owning: number)
        let result = unsafe address.withRaw { unsafe Glibc.connect(number, $0, $1) }
        guard result == 0 else {
            throw SocketError(operation: "connect to \(address)", number: errno, address: address)
        }
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
        return SocketStream(descriptor)
    }
}
