import Sockets
import Synchronization

/// One client: its state under a lock, the loop's calls on one side and the tasks' on the other.
final class Connection: EventSource {
    let context: ServerContext
    /// Whose it is, as limits count; nil where they do not.
    let client: SocketAddress?
    /// Whose thread calls it and runs its tasks.
    let loop: EventLoop
    private let guarded: Mutex<Guarded>
    /// What the loop has reported and nobody has looked at yet.
    private let reported = Atomic<UInt32>(0)
    /// Stand for an alarm and a paused task among the bits of `reported`; epoll reports neither.
    private static let alarmBit: UInt32 = 1 << 26
    private static let pauseBit: UInt32 = 1 << 27

    private struct Guarded: Sendable {
        var state: ConnectionState
        var registration: (token: EventLoop.Token, descriptor: Int32)?
    }

    init(
        stream: any ByteStream, peer: SocketAddress?, loop: EventLoop, context: ServerContext
    ) {
        self.loop = loop
        self.context = context
        client = peer?.client
        guarded = Mutex(
            Guarded(
                state: ConnectionState(
                    stream: stream, peer: peer, limits: context.limits, traffic: context.traffic)))
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
        settle()
    }

    func becameReady(_ readiness: Readiness) {
        reported.bitwiseOr(readiness.rawValue, ordering: .sequentiallyConsistent)
        settle()
    }

    func alarmRang() {
        reported.bitwiseOr(Self.alarmBit, ordering: .sequentiallyConsistent)
        settle()
    }

    func taskPaused() {
        reported.bitwiseOr(Self.pauseBit, ordering: .sequentiallyConsistent)
        settle()
    }

    /// Ends the connection now; its tasks are cancelled.
    func close() {
        locked { $0.close(&$1) }
    }

    /// Ends the connection unless a request is being received or answered.
    ///
    /// One that is new gets a moment for its request: its client has been accepted, and may have
    /// sent what nobody has read yet.
    func closeIfIdle() {
        locked { state, wakeups in
            guard state.isIdle else { return }
            state.mayRead = true
            state.pump(channel: channel, &wakeups)
            guard state.isIdle else { return }
            if state.isNew { state.expectFirstRequestSoon() } else { state.finish(&wakeups) }
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
        let result = guarded.withLock { update(&$0, &wakeups, body) }
        wakeups.fire()
        settle()
        return result
    }

    /// Sees to what the loop has reported, or leaves it to whoever has the lock.
    ///
    /// The loop never waits for a connection: a task that was put to sleep by the system while it
    /// held the lock, as happens when decoding keeps all cores busy, would hold up all the others.
    /// So the loop writes down what it saw and tries; each holder looks again after it has unlocked.
    private func settle() {
        while true {
            // Unlocking must come before this look, as the loop's note comes before its try.
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            guard reported.load(ordering: .relaxed) != 0 else { return }
            var wakeups = Wakeups()
            let hadLock = guarded.withLockIfAvailable { guarded in
                let bits = reported.exchange(0, ordering: .sequentiallyConsistent)
                update(&guarded, &wakeups) { react(to: bits, &$0, &$1) }
                return true
            }
            guard hadLock != nil else { return }
            wakeups.fire()
        }
    }

    private func react(
        to bits: UInt32, _ state: inout ConnectionState, _ wakeups: inout Wakeups
    ) {
        if bits & Self.pauseBit != 0 {
            state.gathersOutput = false
            state.flush(&wakeups)
        }
        let readiness = Readiness(rawValue: bits & ~(Self.alarmBit | Self.pauseBit))
        if !readiness.isEmpty { state.becameReady(readiness, channel: channel, &wakeups) }
        guard bits & Self.alarmBit != 0 else { return }
        let now = ContinuousClock.now
        // Where an earlier moment was asked for since, this call belongs to a past one.
        if let alarm = state.alarm, alarm <= now { state.alarm = nil }
        state.alarmRang(now: now, &wakeups)
        state.pump(channel: channel, &wakeups)
    }

    private func update<Result>(
        _ guarded: inout Guarded, _ wakeups: inout Wakeups,
        _ body: (inout ConnectionState, inout Wakeups) -> Result
    ) -> Result {
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
