import Synchronization

/// Counts the requests of a phase and keeps what came of them.
final class LoadTally: Sendable {
    private struct State {
        var issued = 0
        var open = 0
        var samples: [LoadSample] = []
    }

    private let count: Int?
    private let deadline: ContinuousClock.Instant?
    private let state = Mutex(State())

    /// Counts up to `count` requests, issued until `deadline`.
    init(count: Int?, deadline: ContinuousClock.Instant?) {
        self.count = count
        self.deadline = deadline
    }

    /// The number of the next request; nil where there is none.
    func next() -> Int? {
        if Task.isCancelled { return nil }
        if let deadline, ContinuousClock.now >= deadline { return nil }
        return state.withLock { state in
            if let count, state.issued >= count { return nil }
            defer { state.issued += 1 }
            state.open += 1
            return state.issued
        }
    }

    /// Takes the result of a request that `next` counted.
    func add(_ sample: LoadSample) {
        state.withLock { state in
            state.open -= 1
            state.samples.append(sample)
        }
    }

    /// Requests that are under way.
    var openCount: Int { state.withLock(\.open) }

    /// All results so far.
    var samples: [LoadSample] { state.withLock(\.samples) }

    /// How far the phase is.
    func progress(since start: ContinuousClock.Instant) -> LoadProgress {
        state.withLock { state in
            LoadProgress(
                done: state.samples.count, total: count, open: state.open,
                failed: state.samples.count { $0.failure != nil },
                tokens: state.samples.reduce(0) { $0 + $1.tokenCount },
                seconds: (ContinuousClock.now - start) / .seconds(1))
        }
    }
}

/// How far a load is.
public struct LoadProgress: Sendable {
    /// Requests that are answered or failed.
    public let done: Int
    /// Requests in all, where that is known.
    public let total: Int?
    /// Requests under way.
    public let open: Int
    /// Requests that failed.
    public let failed: Int
    /// Tokens of answers that are whole.
    public let tokens: Int
    /// Since the start.
    public let seconds: Double
}
