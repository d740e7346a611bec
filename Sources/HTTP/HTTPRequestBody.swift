import Synchronization

/// A request's body: chunks as they arrive, or all of it at once.
///
/// It can be read once. A handler need not read it: what is left is swallowed where it is little,
/// else the connection ends after the response.
public struct HTTPRequestBody: AsyncSequence, Sendable {
    /// One piece of the body, never empty.
    public typealias Element = [UInt8]
    /// What goes wrong: too large, too slow, cut off, hung up.
    public typealias Failure = HTTPError

    private let source: Source

    fileprivate enum Source: Sendable {
        case bytes([UInt8])
        case channel(any BodyChannel)
    }

    /// A body that is already here.
    ///
    /// - Parameter bytes: All of it.
    public init(_ bytes: [UInt8]) {
        source = .bytes(bytes)
    }

    /// A body that is still being received.
    init(_ channel: any BodyChannel) {
        source = .channel(channel)
    }

    /// What there is to read, chunk by chunk.
    var channel: any BodyChannel {
        switch source {
        case .bytes(let bytes): WholeBody(bytes)
        case .channel(let channel): channel
        }
    }

    /// Receives the whole body.
    ///
    /// - Parameter limit: Largest size in bytes; nil leaves it to the server's own limit.
    /// - Returns: All bytes.
    /// - Throws: `bodyTooLarge` as soon as the limit is passed, or what receiving throws.
    public func collect(upTo limit: Int? = nil) async throws(HTTPError) -> [UInt8] {
        let limit = limit ?? .max
        var collected: [UInt8] = []
        switch source {
        case .bytes(let bytes): collected = bytes
        case .channel(let channel):
            while let chunk = try await channel.nextChunk() {
                if collected.isEmpty { collected = chunk } else { collected += chunk }
                guard collected.count <= limit else { break }
            }
        }
        guard collected.count <= limit else { throw .bodyTooLarge(limit: limit) }
        return collected
    }

    /// The chunks, in order.
    ///
    /// - Returns: An iterator over what has not been read yet.
    public func makeAsyncIterator() -> Iterator {
        Iterator(source: source)
    }

    /// Waits for chunk after chunk.
    public struct Iterator: AsyncIteratorProtocol {
        private var source: Source

        fileprivate init(source: Source) {
            self.source = source
        }

        /// The next chunk.
        ///
        /// - Returns: A chunk, or nil at the end of the body.
        /// - Throws: What receiving throws.
        public mutating func next() async throws(HTTPError) -> [UInt8]? {
            switch source {
            case .bytes(let bytes):
                source = .bytes([])
                return bytes.isEmpty ? nil : bytes
            case .channel(let channel):
                return try await channel.nextChunk()
            }
        }

        /// The next chunk, whatever actor asks.
        ///
        /// - Parameter actor: The caller's.
        /// - Returns: A chunk, or nil at the end of the body.
        /// - Throws: What receiving throws.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPError) -> [UInt8]? {
            switch source {
            case .bytes(let bytes):
                source = .bytes([])
                return bytes.isEmpty ? nil : bytes
            case .channel(let channel):
                return try await channel.nextChunk()
            }
        }
    }
}

/// A body that is here, as a channel of one chunk.
private final class WholeBody: BodyChannel {
    private let rest: Mutex<[UInt8]>

    init(_ bytes: [UInt8]) {
        rest = Mutex(bytes)
    }

    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        let bytes = rest.withLock { exchange(&$0, with: []) }
        return bytes.isEmpty ? nil : bytes
    }
}

/// Where a body that is still being received comes from.
protocol BodyChannel: Sendable {
    /// The next chunk, nil at the end.
    func nextChunk() async throws(HTTPError) -> [UInt8]?
}
