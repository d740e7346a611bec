import Sockets
import Synchronization

/// One client: its state under a lock, the loop's calls on one side and the tasks' on the other.
final class Connection: EventSource {
    let context: ServerContext
    private let loop: EventLoop
    private let guarded: Mutex<Guarded>

    private struct Guarded: Sendable {
        var state: ConnectionState
        var registration: (token: EventLoop.Token, descriptor: Int32)?
    }

    init(
        stream: any ByteStream, peer: SocketAddress?, loop: EventLoop, context: ServerContext
    ) {
        self.loop = loop
        self.context = context
        guarded = Mutex(
            Guarded(state: ConnectionState(stream: stream, peer: peer, limits: context.limits)))
    }

    /// Lets the loop watch the connection; where it cannot, the connection closes.
    func start() {
        // The loop may call before `add` returns: it waits for the lock.
        var wakeups = Wakeups()
        guarded.withLock { guarded in
            guard let descriptor = guarded.state.stream?.descriptorNumber else { return }
            do throws(SocketError) {
                let token = try loop.add(self, descriptor: descriptor, interest: .changes)
                guarded.registration = (token, descriptor)
                rearm(&guarded)
            } catch {
                guarded.state.close(&wakeups)
            }
        }
        wakeups.fire()
    }

    func becameReady(_ readiness: Readiness) {
        locked { $0.becameReady(readiness, channel: channel, &$1) }
    }

    func alarmRang() {
        locked { state, wakeups in
            let now = ContinuousClock.now
            // An earlier moment was asked for since: this call belongs to a past one.
            if let alarm = state.alarm, alarm <= now { state.alarm = nil }
            state.alarmRang(now: now, &wakeups)
            state.pump(channel: channel, &wakeups)
        }
    }

    /// Ends the connection now; its tasks are cancelled.
    func close() {
        locked { $0.close(&$1) }
    }

    /// Ends the connection unless a request is being received or answered.
    func closeIfIdle() {
        locked { state, wakeups in
            guard state.phase == .waiting, !state.parser.isInsideHead, state.arrival == nil else {
                return
            }
            state.close(&wakeups)
        }
    }

    /// Answers before any request was read and closes.
    func reject(_ error: HTTPError) {
        let response = context.response(to: error)
        let head = ResponseHead(response, method: nil, version: .http11, keepsAlive: false)
        var bytes = head.serialized(date: context.date.line, serverName: context.serverName)
        if case .bytes(let body) = response.body { bytes += body }
        locked { state, wakeups in
            state.phase = .exchange
            _ = state.send(bytes, [], &wakeups)
            state.endExchange(keepsAlive: false, channel: channel, &wakeups)
        }
    }

    /// Waits until the connection is closed, by whichever side.
    func ended() async {
        await withCheckedContinuation { continuation in
            locked { state, wakeups in
                if state.phase == .closed {
                    wakeups.ended = continuation
                } else {
                    state.endWaiter = continuation
                }
            }
        }
    }

    /// Runs `body` under the lock, then does what must be done outside of it.
    @discardableResult
    func locked<Result: Sendable>(
        _ body: (inout ConnectionState, inout Wakeups) -> Result
    ) -> Result {
        var wakeups = Wakeups()
        let result = guarded.withLock { guarded in
            // Held until the registration is gone: the number must not be another's by then.
            let stream = guarded.state.stream
            let result = body(&guarded.state, &wakeups)
            if guarded.state.phase == .closed, let (token, descriptor) = guarded.registration {
                guarded.registration = nil
                loop.remove(token, descriptor: descriptor)
            } else {
                rearm(&guarded)
            }
            withExtendedLifetime(stream) {}
            return result
        }
        wakeups.fire()
        return result
    }

    func channel(_ exchange: Int) -> any BodyChannel {
        ExchangeBody(connection: self, exchange: exchange)
    }

    /// Asks the loop for a call unless it will come early enough anyway.
    ///
    /// Most requests move the deadline only back, which costs nothing here: the call that comes too
    /// early asks for the next.
    private func rearm(_ guarded: inout Guarded) {
        guard let (token, _) = guarded.registration, var deadline = guarded.state.deadline else {
            return
        }
        if guarded.state.phase == .lingering, guarded.state.mayRead { deadline = .now }
        if let alarm = guarded.state.alarm, alarm <= deadline { return }
        guarded.state.alarm = deadline
        loop.wake(token, at: deadline)
    }
}
