/// A non-blocking connection: bytes in, bytes out, whatever protects them on the way.
///
/// One caller at a time; whoever owns a stream serialises its use. It closes when its last
/// reference goes.
public protocol ByteStream: AnyObject, Sendable {
    /// The descriptor an event loop watches for this stream.
    var descriptorNumber: Int32 { get }

    /// Whether the peer has been agreed with: bytes of the protocol above can come.
    var isEstablished: Bool { get }

    /// Whether a read that found nothing may have waited for room to write.
    var readsWhenWritable: Bool { get }

    /// Reads what is there.
    ///
    /// - Parameters:
    ///   - bytes: Gets the bytes at its end.
    ///   - count: Most bytes to read; at least 1.
    /// - Returns: How it went.
    /// - Throws: `disconnected` after a reset; `plainText`, once, where the peer does not speak TLS
    ///   but the stream does: from then on bytes go both ways as they are.
    func read(appendingTo bytes: inout [UInt8], upTo count: Int) throws(SocketError) -> ReadOutcome

    /// Writes as much of `first` and then of `second` as goes out without waiting, in one call.
    ///
    /// - Parameters:
    ///   - first: The bytes to go first.
    ///   - second: The bytes to follow.
    /// - Returns: How many bytes went, counted over both; 0 where the peer must read first.
    /// - Throws: `disconnected` where the peer is gone. Never raises a signal.
    func write(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) throws(SocketError) -> Int

    /// Bytes that were written and the peer's system has not taken yet, protection included; nil where
    /// the system does not say.
    var unacknowledgedByteCount: Int? { get }

    /// Tells the peer that nothing more will come; reading goes on.
    func finishWriting()

    /// Makes the coming close a reset, which tells the peer that something was cut off.
    func resetOnClose()
}

/// What a read found.
public enum ReadOutcome: Sendable, Hashable {
    /// So many bytes were appended; `drained` where the next read would surely block.
    case bytes(Int, drained: Bool)
    /// Nothing is there now.
    case blocked
    /// The peer will send nothing more.
    case end
}
