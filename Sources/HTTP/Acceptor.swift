import Sockets
import Synchronization

/// Takes clients in as they come and hands them to the server's tasks.
final class Acceptor: EventSource {
    /// How long to leave clients in the backlog when descriptors have run out.
    private static let pause = Duration.milliseconds(100)
    /// Most clients to take in one go, so that those already here are served in between.
    private static let burst = 64
    /// Most clients above the limit that are told so at a time; further ones are just closed.
    private static let rejectionLimit = 64

    private struct Guarded: ~Copyable {
        var listener: Listener?
        var token: EventLoop.Token?
        var isPaused = false
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
        let outcome = guarded.withLock { guarded in
            let outcome = guarded.listener?.accept() ?? .none
            if case .exhausted = outcome { pause(&guarded) }
            return outcome
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
        guard place.count < limits.connectionCount + Self.rejectionLimit,
            place.clientCount < limits.connectionsPerClient + Self.rejectionLimit
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
