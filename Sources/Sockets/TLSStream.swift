import CSystem
import Glibc
import Synchronization

/// A TLS connection, the server's end.
///
/// A peer that begins with plain text is read, and can be answered, in plain text: see `read`.
public final class TLSStream: ByteStream {
    /// The most that one TLS record holds.
    private static let recordByteCount = 16 * 1024

    /// Unchecked because the compiler knows nothing of OpenSSL's objects: an `SSL` may be used by any
    /// thread, by one at a time, and the lock around this value sees to that.
    @safe private struct Session: ~Copyable, @unchecked Sendable {
        enum Phase {
            /// Nothing has come yet.
            case new
            case handshake
            case established
            /// The peer speaks no TLS.
            case plain
            /// After a fatal error, when nothing more may be sent (SSL_get_error(3)).
            case failed
        }

        let handle: OpaquePointer
        var phase = Phase.new
        var readWaitsForRoom = false

        deinit {
            unsafe SSL_free(handle)
        }
    }

    private let socket: SocketStream
    private let session: Mutex<Session>

    init(_ socket: SocketStream, _ handle: OpaquePointer) {
        self.socket = socket
        _ = unsafe SSL_set_fd(handle, socket.descriptorNumber)
        unsafe SSL_set_accept_state(handle)
        session = unsafe Mutex(Session(handle: handle))
    }

    deinit {
        // Closed without `finishWriting`: the peer is still told that this is the end. Here and not
        // in the session's end, when the descriptor may be another's already.
        session.withLock { session in
            guard session.phase == .established else { return }
            ERR_clear_error()
            _ = unsafe SSL_shutdown(session.handle)
        }
    }

    /// The socket's descriptor.
    public var descriptorNumber: Int32 { socket.descriptorNumber }

    /// Whether the handshake is over.
    public var isEstablished: Bool {
        session.withLock { $0.phase != .new && $0.phase != .handshake }
    }

    /// Whether the handshake waits for room to write.
    public var readsWhenWritable: Bool { session.withLock { $0.readWaitsForRoom } }

    /// Reads one record's bytes, after the handshake where that is not over.
    ///
    /// - Parameters:
    ///   - bytes: Gets the bytes at its end.
    ///   - count: Most bytes to read; at least 1.
    /// - Returns: How it went.
    /// - Throws: `disconnected` where the peer is gone or breaks the protocol; `plainText`, once,
    ///   where it begins with plain text.
    public func read(
        appendingTo bytes: inout [UInt8], upTo count: Int
    ) throws(SocketError) -> ReadOutcome {
        precondition(count > 0, "a read of \(count) bytes")
        let result = session.withLock { session -> Result<ReadOutcome, SocketError>? in
            switch session.phase {
            case .plain: return nil
            case .failed: return .failure(.disconnected)
            case .new:
                switch firstByte() {
                case nil: return .success(.blocked)
                // A handshake record; else letters of a method, but also nothing at all.
                case .some(let byte) where (0x20...0x7E).contains(byte):
                    session.phase = .plain
                    return .failure(.plainText)
                default: session.phase = .handshake
                }
            case .handshake, .established: break
            }
            return decrypt(&session, &bytes, count)
        }
        guard let result else { return try socket.read(appendingTo: &bytes, upTo: count) }
        return try result.get()
    }

    private func decrypt(
        _ session: inout Session, _ bytes: inout [UInt8], _ count: Int
    ) -> Result<ReadOutcome, SocketError> {
        ERR_clear_error()
        session.readWaitsForRoom = false
        let (received, reason) = unsafe withUnsafeTemporaryAllocation(
            byteCount: count, alignment: 16
        ) { scratch in
            let received = unsafe SSL_read(
                session.handle, scratch.baseAddress, Int32(clamping: count))
            if received > 0 {
                unsafe bytes.append(contentsOf: scratch[..<Int(received)])
                return (received, SSL_ERROR_NONE)
            }
            return unsafe (received, SSL_get_error(session.handle, received))
        }
        if session.phase == .handshake, unsafe SSL_is_init_finished(session.handle) == 1 {
            session.phase = .established
        }
        switch reason {
        case SSL_ERROR_NONE: return .success(.bytes(Int(received), drained: false))
        case SSL_ERROR_WANT_READ: return .success(.blocked)
        case SSL_ERROR_WANT_WRITE:
            session.readWaitsForRoom = true
            return .success(.blocked)
        case SSL_ERROR_ZERO_RETURN: return .success(.end)
        default:
            session.phase = .failed
            return .failure(.disconnected)
        }
    }

    /// Writes in records of up to 16 KiB, the end of `first` and the beginning of `second` in one.
    ///
    /// - Parameters:
    ///   - first: The bytes to go first.
    ///   - second: The bytes to follow.
    /// - Returns: How many bytes went, counted over both; 0 where the peer must read first. The
    ///   same bytes must then be offered again.
    /// - Throws: `disconnected` where the peer is gone.
    public func write(
        _ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>
    ) throws(SocketError) -> Int {
        let result = session.withLock { session -> Result<Int, SocketError>? in
            switch session.phase {
            case .plain: return nil
            case .failed: return .failure(.disconnected)
            case .new, .handshake, .established: break
            }
            var sent = 0
            while sent < first.count + second.count {
                let rest = first.dropFirst(sent)
                let record =
                    rest.count >= Self.recordByteCount || second.isEmpty
                    ? rest.prefix(Self.recordByteCount)
                    : rest
                        + second.dropFirst(max(0, sent - first.count))
                        .prefix(Self.recordByteCount - rest.count)
                switch encrypt(&session, record) {
                case .success(0): return .success(sent)
                case .success(let count): sent += count
                case .failure(let error): return sent > 0 ? .success(sent) : .failure(error)
                }
            }
            return .success(sent)
        }
        guard let result else { return try socket.write(first, second) }
        return try result.get()
    }

    private func encrypt(
        _ session: inout Session, _ record: ArraySlice<UInt8>
    ) -> Result<Int, SocketError> {
        ERR_clear_error()
        let sent = unsafe record.withUnsafeBytes {
            unsafe SSL_write(session.handle, $0.baseAddress, Int32($0.count))
        }
        if sent > 0 { return .success(Int(sent)) }
        switch unsafe SSL_get_error(session.handle, sent) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .success(0)
        default:
            session.phase = .failed
            return .failure(.disconnected)
        }
    }

    /// Bytes of records that the peer's system has not acknowledged.
    public var unacknowledgedByteCount: Int? { socket.unacknowledgedByteCount }

    /// Sends close_notify and FIN.
    public func finishWriting() {
        session.withLock { session in
            guard session.phase == .established else { return }
            ERR_clear_error()
            _ = unsafe SSL_shutdown(session.handle)
        }
        socket.finishWriting()
    }

    /// Makes the close of this stream a reset, which the peer sees as `ECONNRESET`.
    public func resetOnClose() {
        // No close_notify either: what was cut off must not look whole.
        session.withLock { $0.phase = .failed }
        socket.resetOnClose()
    }

    /// The byte that the peer begins with, left where it is; nil where none has come, 0 at the end.
    private func firstByte() -> UInt8? {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptorNumber, &byte, 1, Int32(MSG_PEEK))
        if count < 0, errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR { return nil }
        return count == 1 ? byte : 0
    }
}
