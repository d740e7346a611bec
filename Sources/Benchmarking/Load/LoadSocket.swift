import Sockets
import Synchronization

/// A connection that a task waits on: readiness comes from the event loop's thread, bytes are read
/// and written by the task.
final class LoadSocket: EventSource {
    private struct State {
        /// Something happened since the last wait.
        var isReady = false
        var waiter: CheckedContinuation<Void, Never>?
        var token: EventLoop.Token?
    }

    let stream: SocketStream
    private let loop: EventLoop
    private let deadline: ContinuousClock.Instant
    private let state = Mutex(State())

    /// Begins to connect.
    init(
        _ address: SocketAddress, loop: EventLoop, deadline: ContinuousClock.Instant
    ) throws(LoadFailure) {
        self.loop = loop
        self.deadline = deadline
        do throws(SocketError) {
            stream = try SocketStream.startConnecting(to: address)
            let token = try loop.add(
                self, descriptor: stream.descriptorNumber, interest: .changes)
            state.withLock { $0.token = token }
            loop.wake(token, at: deadline)
        } catch {
            throw .connect("\(error)")
        }
    }

    /// Ends the watch; the socket closes with its last reference.
    func close() {
        let token = state.withLock { state in
            defer { state.token = nil }
            return state.token
        }
        if let token { loop.remove(token, descriptor: stream.descriptorNumber) }
    }

    func becameReady(_ readiness: Readiness) { wakeUp() }

    func alarmRang() { wakeUp() }

    /// Waits until something may have changed.
    ///
    /// - Throws: `timeout` past the deadline, `cancelled` where the task is.
    func change() async throws(LoadFailure) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard !state.isReady, !Task.isCancelled else {
                        state.isReady = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wakeUp()
        }
        if Task.isCancelled { throw .cancelled }
        if ContinuousClock.now >= deadline { throw .timeout }
    }

    private func wakeUp() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isReady = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }
}
