import Synchronization

/// Where the server is in its life; only ever moves forward.
final class Lifecycle: Sendable {
    enum Phase: Int, Comparable {
        case loading
        case ready
        case draining

        static func < (one: Phase, other: Phase) -> Bool { one.rawValue < other.rawValue }
    }

    private let state = Mutex(Phase.loading)

    /// Where it is now.
    var phase: Phase { state.withLock { $0 } }

    /// Moves on to `phase`, unless that was passed already.
    func advance(to phase: Phase) {
        state.withLock { $0 = max($0, phase) }
    }
}
