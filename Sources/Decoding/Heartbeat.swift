import Synchronization

/// When the decode loop was last known to be healthy; any thread may ask.
final class Heartbeat: Sendable {
    private static let asleep: Int64 = -1

    private let origin = ContinuousClock.now
    private let lastBeat = Atomic<Int64>(Heartbeat.asleep)

    /// The loop has work and is well.
    func beat() {
        lastBeat.store(nanoseconds(), ordering: .relaxed)
    }

    /// The loop has no work, which is well too.
    func rest() {
        lastBeat.store(Self.asleep, ordering: .relaxed)
    }

    /// Seconds since the last beat; 0 at rest.
    var age: Double {
        let last = lastBeat.load(ordering: .relaxed)
        guard last != Self.asleep else { return 0 }
        return max(0, Double(nanoseconds() - last) * 1e-9)
    }

    private func nanoseconds() -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - origin).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
