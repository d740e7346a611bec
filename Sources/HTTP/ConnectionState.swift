import DequeModule
import Sockets

/// One connection: what has come in, what goes out, and where in a request it stands.
///
/// Touched by the event loop's thread and by the connection's tasks, always under the connection's
/// lock; nothing here waits. Tasks to resume are handed out in `Wakeups`.
///
///     waiting ──request──▶ exchange ──response──▶ draining ──body's end──▶ waiting
///        │                    │ │                    │
///        │                    │ └─last response─▶ lingering
///        └────────────────────┴───────▶ closed ◀─────┴──────┘
struct ConnectionState: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Phase {
        /// For the next request.
        case waiting
        /// A request has been handed to a task.
        case exchange
        /// The response is out; the rest of the request's body is swallowed.
        case draining
        /// The last response is on its way; what still comes in is thrown away.
        case lingering
        /// The descriptor is gone.
        case closed
    }

    /// Bytes read in one system call.
    static let readByteCount = 16 * 1024
    /// Bytes thrown away in one go while lingering, so that one client cannot keep the loop.
    static let lingerBurstByteCount = 512 * 1024

    let limits: HTTPLimits
    let traffic: HTTPTraffic
    let peer: SocketAddress?
    var stream: (any ByteStream)?
    var phase = Phase.waiting
    var parser: RequestParser
    var output = OutputQueue()
    /// Whether output is held until the task that makes it pauses, which is sure to come.
    var gathersOutput = false

    // Readiness, as edge-triggered events left it.
    var mayRead = false
    var hasHalfClosed = false

    // The exchange.
    var exchangeNumber = 0
    var chunks: Deque<[UInt8]> = []
    var chunksByteCount = 0
    var bodyHasEnded = true
    var bodyError: HTTPError?
    var mustSendContinue = false
    /// Whether the client has said that it may send another request.
    var clientKeepsAlive = true
    /// Whether the client's version has interim responses.
    var clientReadsInterim = false
    var responseHasBegun = false
    var responseHasEnded = false
    /// The head of a streaming response until its first bytes come.
    var pendingHead: [UInt8]?
    /// Bytes that a body of a stated length still lacks.
    var responseRest: Int?

    // The tasks that wait.
    var arrival: Wakeups.Arrival?
    var requestWaiter: CheckedContinuation<Wakeups.Arrival?, Never>?
    var bodyWaiter: Wakeups.BodyWaiter?
    /// By the number of the write, because several tasks may write one response.
    var writeWaiters: [Int: Wakeups.WriteWaiter] = [:]
    var writeNumber = 0
    var endWaiter: CheckedContinuation<Void, Never>?

    // The clock.
    /// Whether no byte of a first request has come yet.
    var isNew = true
    let connectedAt: Instant
    /// Until when a first request is waited for at the end of the server's life.
    var lastChance: Instant?
    var idleSince: Instant
    var headSince: Instant?
    var bodySince: Instant
    var bodyPeriodSince: Instant
    var bodyPeriodByteCount = 0
    var halfClosedSince: Instant?
    /// When the client was last seen to take a byte of what waits for it.
    var writeSince: Instant
    /// What the kernel held for the client when it was last looked at; nil while it takes all.
    var backlog: (byteCount: Int, seenAt: Instant)?
    var lingerUntil: Instant
    /// Which deadline the client has missed, and when to see whether that still holds.
    var lateness: (deadline: Instant, secondLook: Instant)?
    /// The moment that the loop has been asked for.
    var alarm: Instant?

    init(
        stream: any ByteStream, peer: SocketAddress?, limits: HTTPLimits, traffic: HTTPTraffic
    ) {
        self.stream = stream
        self.peer = peer
        self.limits = limits
        self.traffic = traffic
        parser = RequestParser(limits: limits)
        let now = Instant.now
        connectedAt = now
        idleSince = now
        bodySince = now
        bodyPeriodSince = now
        writeSince = now
        lingerUntil = now
    }

    /// Ends the connection now, whatever it was doing, and tells everybody who waits.
    mutating func close(_ wakeups: inout Wakeups) {
        guard phase != .closed else { return }
        phase = .closed
        output.removeAll()
        chunks.removeAll()
        pendingHead = nil
        backlog = nil
        parser = RequestParser(limits: limits)
        stream = nil
        arrival = nil
        if let waiter = requestWaiter { wakeups.request = (waiter, nil) }
        if let waiter = bodyWaiter { wakeups.body = (waiter, .failure(.disconnected)) }
        for waiter in writeWaiters.values {
            wakeups.writes.append((waiter, .failure(.disconnected)))
        }
        writeWaiters = [:]
        wakeups.ended = endWaiter
        (requestWaiter, bodyWaiter, endWaiter) = (nil, nil, nil)
    }
}
