/// Where the time of some passes went, over all threads that ran them.
public struct OperationTimes: Sendable, Equatable {
    /// What a thread was at.
    public enum Kind: Int, Sendable, CaseIterable {
        /// Products with weights; in regions that threads share, waiting for the others too.
        case products
        /// Scores and sums of values, likewise.
        case attention
        /// Inputs of products turned to bytes or bf16.
        case rounding
        /// Keys and values written to their pages.
        case caching
        /// Norms, rotations, activations, and embeddings that are looked up.
        case elementwise
        /// For threads whose rows come before, or end later.
        case waiting
        /// What stands around the operations.
        case rest
    }

    private var times = [Duration](repeating: .zero, count: Kind.allCases.count)

    /// No time yet.
    public init() {}

    /// The time of one kind.
    public subscript(kind: Kind) -> Duration { times[kind.rawValue] }

    /// The time of all kinds.
    public var total: Duration { times.reduce(.zero, +) }

    /// Adds to one kind.
    ///
    /// - Parameters:
    ///   - duration: How long.
    ///   - kind: At what.
    public mutating func add(_ duration: Duration, to kind: Kind) {
        times[kind.rawValue] += duration
    }

    /// Adds what other passes, or another thread of the same, took.
    public static func += (sum: inout OperationTimes, other: OperationTimes) {
        for index in sum.times.indices { sum.times[index] += other.times[index] }
    }
}

/// A stopwatch that operations read as they end: each has all the time since the one before.
struct OperationClock {
    private(set) var times = OperationTimes()
    private var last = ContinuousClock.now

    /// Leaves out the time since the last operation.
    mutating func restart() { last = .now }

    mutating func lap(_ kind: OperationTimes.Kind) {
        let now = ContinuousClock.now
        times.add(last.duration(to: now), to: kind)
        last = now
    }
}

extension KernelContext {
    /// Begins to count where time goes; without it an operation reads no clock.
    public func startClock() { operationClock = OperationClock() }

    /// Goes on counting from here, as at the start of a pass.
    public func restartClock() { operationClock?.restart() }

    /// Counts the time since the last operation, or restart, as one of a kind.
    ///
    /// - Parameter kind: What the time was spent at.
    public func lap(_ kind: OperationTimes.Kind) {
        // a look costs nothing, where a change would be checked for others under way first
        guard operationClock != nil else { return }
        operationClock?.lap(kind)
    }

    /// Ends counting.
    ///
    /// - Returns: What was counted; nothing if it had not begun.
    public func stopClock() -> OperationTimes {
        defer { operationClock = nil }
        return operationClock?.times ?? OperationTimes()
    }
}
