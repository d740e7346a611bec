import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Tells of each SIGHUP.
final class ReloadSignals: Sendable {
    /// An element for each; those that come while one is dealt with are one.
    let received: AsyncStream<Void>
    private let source: Mutex<any DispatchSourceSignal>
    private let continuation: AsyncStream<Void>.Continuation

    /// Watches the signal instead of dying of it.
    init() {
        let (received, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.received = received
        self.continuation = continuation
        source = Mutex(
            watch(SIGHUP, on: DispatchQueue(label: "laconic.reload")) { continuation.yield() })
    }

    /// Watches no longer.
    func stop() {
        source.withLock { $0.cancel() }
        continuation.finish()
    }
}

/// Tells of each SIGTERM and SIGINT, with how many there have been.
final class StopSignals: Sendable {
    private let sources: Mutex<[any DispatchSourceSignal]>

    /// Watches the signals instead of dying of them.
    init(_ received: @escaping @Sendable (_ count: Int) -> Void) {
        // A closed connection or pipe is an error of its write, not the end of the program.
        signal(SIGPIPE, SIG_IGN)
        let queue = DispatchQueue(label: "laconic.signals")
        let counter = Counter()
        sources = Mutex(
            [SIGTERM, SIGINT].map { number in
                watch(number, on: queue) { received(counter.next()) }
            })
    }

    /// Waits for work that a signal cancels and a second one ends with the program.
    ///
    /// - Parameter work: What can be cancelled.
    /// - Returns: What came of it.
    /// - Throws: What it throws.
    static func value<Success: Sendable>(
        of work: Task<Success, any Error>
    ) async throws -> Success {
        let signals = StopSignals { count in
            if count > 1 { Foundation.exit(130) }
            work.cancel()
        }
        defer { signals.stop() }
        return try await work.value
    }

    /// Says that stopped work can go on, and how the program then ends.
    static func resumable() -> ExitCode {
        Terminal.errors.line("laconic: stopped; the same command goes on from there")
        return ExitCode(130)
    }

    /// Watches no longer.
    func stop() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }
}

/// Calls `received` at each such signal, which no longer ends the program when this returns.
///
/// Dispatch catches the signal itself, a moment after it is asked to: a signal that is ignored until
/// then would be lost, and to ignore it later would take it away from Dispatch.
private func watch(
    _ number: Int32, on queue: DispatchQueue, _ received: @escaping @Sendable () -> Void
) -> any DispatchSourceSignal {
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    let isRegistered = DispatchSemaphore(value: 0)
    source.setRegistrationHandler { isRegistered.signal() }
    source.setEventHandler(handler: received)
    source.resume()
    isRegistered.wait()
    return source
}
