import CSystem
import Glibc

/// A plain TCP or Unix connection.
public final class SocketStream: ByteStream {
    private let descriptor: FileDescriptor

    /// Takes over a connected, non-blocking socket.
    ///
    /// - Parameter descriptor: The socket.
    public init(_ descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    /// A connected pair without names, for tests.
    ///
    /// - Returns: Both ends, non-blocking.
    /// - Throws: `outOfDescriptors`.
    public static func pair() throws(SocketError) -> (SocketStream, SocketStream) {
        var numbers: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &numbers) == 0 else {
            throw SocketError(operation: "socketpair", number: errno)
        }
        return (
            SocketStream(FileDescriptor(owning: numbers[0])),
            SocketStream(FileDescriptor(owning: numbers[1]))
        )
    }

    /// The socket's descriptor.
    public var descriptorNumber: Int32 { descriptor.number }

    /// Always: a plain connection has nothing to agree on.
    public var isEstablished: Bool { true }

    /// Never.
    public var readsWhenWritable: Bool { false }

    /// Reads with one `recv`.
    ///
    /// - Parameters:
    ///   - bytes: Gets the bytes at its end.
    ///   - count: Most bytes to read; at least 1.
    /// - Returns: How it went.
    /// - Throws: `disconnected` after a reset.
    public func read(
        appendingTo bytes: inout [UInt8], upTo count: Int
    ) throws(SocketError) -> ReadOutcome {
        precondition(count > 0, "a read of \(count) bytes")
        var failure: Int32 = 0
        let received = unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 16) {
            scratch in
            var received: Int
            repeat {
                received = unsafe recv(descriptor.number, scratch.baseAddress, count, 0)
            } while received < 0 && errno == EINTR
            if received < 0 { failure = errno }
            if received > 0 { unsafe bytes.append(contentsOf: scratch[..<received]) }
            return received
        }
        if received > 0 { return .bytes(received, drained: received < count) }
        if received == 0 { return .end }
        guard failure == EAGAIN || failure == EWOULDBLOCK else {
            throw SocketError(operation: "recv", number: failure)
        }
        return .blocked
    }

    /// Writes with one `sendmsg`.
    ///
    /// - Parameters:
    ///   - first: The bytes to go first.
    ///   - second: The bytes to follow.
    /// - Returns: How many bytes went, counted over both; 0 where the peer must read first.
    /// - Throws: `disconnected` where the peer is gone.
    public func write(
        _ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>
    ) throws(SocketError) -> Int {
        var failure: Int32 = 0
        let sent = unsafe first.withUnsafeBytes { head in
            unsafe second.withUnsafeBytes { tail in
                // The kernel only reads through these; the mutable type is that of `readv`.
                var parts = unsafe (
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress),
                        iov_len: head.count),
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: tail.baseAddress),
                        iov_len: tail.count)
                )
                return unsafe withUnsafeMutableBytes(of: &parts) { raw in
                    let vector = unsafe raw.assumingMemoryBound(to: iovec.self)
                    var message = unsafe msghdr()
                    unsafe message.msg_iov = vector.baseAddress
                    unsafe message.msg_iovlen = tail.isEmpty ? 1 : vector.count
                    var sent: Int
                    repeat {
                        unsafe sent = sendmsg(descriptor.number, &message, Int32(MSG_NOSIGNAL))
                    } while sent < 0 && errno == EINTR
                    if sent < 0 { failure = errno }
                    return sent
                }
            }
        }
        guard sent < 0 else { return sent }
        guard failure == EAGAIN || failure == EWOULDBLOCK else {
            throw SocketError(operation: "send", number: failure)
        }
        return 0
    }

    /// Bytes in the kernel's queue that the peer's has not acknowledged (SIOCOUTQ, tcp(7)).
    ///
    /// A Unix socket counts the memory of what the peer has not read.
    public var unacknowledgedByteCount: Int? {
        var count: CInt = 0
        guard unsafe ioctl(descriptor.number, UInt(TIOCOUTQ), &count) == 0 else { return nil }
        return Int(count)
    }

    /// Sends FIN.
    public func finishWriting() {
        _ = shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// Makes the close of this stream a reset, which the peer sees as `ECONNRESET`.
    public func resetOnClose() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor.number, SOL_SOCKET, SO_LINGER, &linger,
            socklen_t(MemoryLayout<Glibc.linger>.size))
    }
}
