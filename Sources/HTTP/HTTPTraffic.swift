import Synchronization

/// What went over a server's connections so far, TLS undone; any thread may ask.
public final class HTTPTraffic: Sendable {
    private let opened = Atomic(0)
    private let closed = Atomic(0)
    private let received = Atomic(0)
    private let sent = Atomic(0)

    /// Nothing yet.
    public init() {}

    /// Connections taken in so far.
    public var connectionCount: Int { opened.load(ordering: .relaxed) }

    /// Connections that are open now.
    public var openConnectionCount: Int {
        // Closed ones are read first, so that there are never fewer than none.
        let gone = closed.load(ordering: .acquiring)
        return max(0, opened.load(ordering: .relaxed) - gone)
    }

    /// Bytes received so far.
    public var receivedByteCount: Int { received.load(ordering: .relaxed) }

    /// Bytes sent so far.
    public var sentByteCount: Int { sent.load(ordering: .relaxed) }

    func noteOpening() { opened.add(1, ordering: .relaxed) }
    func noteClosing() { closed.add(1, ordering: .releasing) }
    func noteReceiving(_ count: Int) { received.add(count, ordering: .relaxed) }
    func noteSending(_ count: Int) { sent.add(count, ordering: .relaxed) }
}
