/// The sending end of a streaming response.
///
/// Several tasks may write, for example one the events and one the keep-alive comments: each write
/// arrives whole.
public struct HTTPBodyWriter: Sendable {
    private let sink: @Sendable ([UInt8]) async throws(HTTPError) -> Void

    /// A writer into `sink`, for tests of handlers.
    ///
    /// - Parameter sink: Takes each write.
    public init(sink: @escaping @Sendable ([UInt8]) async throws(HTTPError) -> Void) {
        self.sink = sink
    }

    /// Sends `bytes`, at the latest when the task next waits for anything; suspends while the
    /// client is too far behind to take them.
    ///
    /// - Parameter bytes: Any number of bytes; none is no write.
    /// - Throws: `disconnected` once the client is gone, `cancelled` in a cancelled task.
    public func write(_ bytes: [UInt8]) async throws(HTTPError) {
        guard !bytes.isEmpty else { return }
        try await sink(bytes)
    }

    /// Sends text as UTF-8; see `write(_:)` for bytes.
    ///
    /// - Parameter text: The text.
    /// - Throws: As for bytes.
    public func write(_ text: String) async throws(HTTPError) {
        try await write(Array(text.utf8))
    }

    /// Sends one event as one write.
    ///
    /// - Parameter event: The event.
    /// - Throws: As for bytes.
    public func write(_ event: ServerSentEvent) async throws(HTTPError) {
        try await write(event.bytes)
    }
}
