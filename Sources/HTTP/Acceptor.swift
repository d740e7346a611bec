import Sockets
import Synchronization

/// Takes clients in as they come and hands them to the server's tasks.
final class Acceptor: EventSource {
    /// How long to leave clients in the backlog when descriptors have run out.
    private static let pause = Duration.milliseconds(100)
    /// Most clients to take in one go, so that those already here are served in between.
    private static let burst = 64
    /// How often it is said that descriptors have run out, while it goes on or comes back.
    private static let silence = Duration.seconds(60)

    private struct Guarded: ~Copyable {
        var listener: Listener?
        var token: EventLoop.Token?
        var isPaused = false
        /// When it was said that descriptors have run out.
        var toldAt: ContinuousClock.Instant?
    }

    /// Where clients come in.
    let address: SocketAddress
    private let tls: TLSContext?
    private let guarded: Mutex<Guarded>
    /// Held from a client's acceptance to its admission, so that none is in between after `stop()`:
    /// it would find the server's tasks closed to newcomers.
    private let hand = Mutex(())
    private let loops: [EventLoop]
    private let registry: ConnectionRegistry
    private let context: ServerContext
    private let admit: @Sendable (Connection) -> Void

    init(
        listener: consuming Listener, tls: TLSContext?, loops: [EventLoop],
        registry: ConnectionRegistry,
        context: ServerContext, admit: @escaping @Sendable (Connection) -> Void
    ) {
        address = listener.address
        self.tls = tls
        guarded = Mutex(Guarded(listener: listener))
        self.loops = loops
        self.registry = registry
        self.context = context
        self.admit = admit
    }

    func start() throws(SocketError) {
        let failure = guarded.withLock { guarded -> SocketError? in
            guard let descriptor = guarded.listener?.descriptorNumber else { return nil }
            do throws(SocketError) {
                guarded.token = try loops[0].add(self, descriptor: descriptor, interest: .readable)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Closes the listening socket: the system refuses further clients.
    ///
    /// Whoever was accepted has been admitted when this returns.
    func stop() {
        hand.withLock { _ in
            guarded.withLock { guarded in
                if let token = guarded.token, let descriptor = guarded.listener?.descriptorNumber {
                    loops[0].remove(token, descriptor: descriptor)
                }
                guarded.token = nil
                guarded.listener = nil
            }
        }
    }

    func becameReady(_ readiness: Readiness) {
        for _ in 0..<Self.burst {
            guard hand.withLock({ _ in takeNext() }) else { return }
        }
    }

    /// Takes a client in; false where no other can be.
    private func takeNext() -> Bool {
        let (outcome, tells) = guarded.withLock { guarded in
            let outcome = guarded.listener?.accept() ?? .none
            guard case .exhausted = outcome else { return (outcome, false) }
            pause(&guarded)
            let now = ContinuousClock.now
            if let toldAt = guarded.toldAt, now - toldAt < Self.silence { return (outcome, false) }
            guarded.toldAt = now
            return (outcome, true)
        }
        if tells {
            context.tell(
                "\(address): no descriptor or memory is left for another client; \(registry.count) "
                    + "connections are open, new ones wait until some are closed")
        }
        switch outcome {
        case .connection(let stream, let peer): take(stream, peer)
        case .retry: break
        case .none, .exhausted: return false
        }
        return true
    }

    func alarmRang() {
        guarded.withLock { guarded in
            guard guarded.isPaused, let token = guarded.token,
                let descriptor = guarded.listener?.descriptorNumber
            else { return }
            guarded.isPaused = false
            loops[0].change(token, descriptor: descriptor, interest: .readable)
        }
    }

    /// The listener stays readable while nobody can be accepted: looking again at once would spin.
    private func pause(_ guarded: inout Guarded) {
        guard let token = guarded.token, let descriptor = guarded.listener?.descriptorNumber else {
            return
        }
        guarded.isPaused = true
        loops[0].change(token, descriptor: descriptor, interest: .nothing)
        loops[0].wake(token, at: .now + Self.pause)
    }

    private func take(_ socket: SocketStream, _ peer: SocketAddress?) {
        let limits = context.limits
        let place = registry.place(of: peer)
        guard place.count < limits.connectionCount + HTTPLimits.refusedConnectionCount,
            place.clientCount < limits.connectionsPerClient + HTTPLimits.refusedConnectionCount
        else { return }
        let stream: any ByteStream
        do throws(SocketError) {
            stream = if let tls { try tls.accept(socket) } else { socket }
        } catch {
            return
        }
        let connection = Connection(
            stream: stream, peer: peer, loop: loops[place.number % loops.count], context: context)
        registry.add(connection)
        context.traffic.noteOpening()
        connection.start()
        if place.count >= limits.connectionCount {
            connection.reject(.tooManyConnections(limit: limits.connectionCount))
        } else if place.clientCount >= limits.connectionsPerClient {
            connection.reject(.tooManyConnectionsOfClient(limit: limits.connectionsPerClient))
        }
        admit(connection)
    }
}
