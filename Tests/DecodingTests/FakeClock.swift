import Synchronization

/// A clock that moves when it is told to, and a little whenever it is read if so set.
final class FakeClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    private let perReading: Duration

    init(perReading: Duration = .zero) {
        self.perReading = perReading
    }

    /// The time without reading the clock.
    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func read() -> ContinuousClock.Instant {
        time.withLock { time in
            time += perReading
            return time
        }
    }

    func advance(by duration: Duration) {
        time.withLock { $0 += duration }
    }
}
