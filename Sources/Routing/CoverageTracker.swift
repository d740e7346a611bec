/// Scores the promise that nine tenths of answers take no more than their p90, widens it when it
/// does not hold and narrows it a little when it holds too often (adaptive conformal inference: Gibbs and Candès, 2021, arXiv 2106.00170).
public struct CoverageTracker: Sendable, Equatable {
    /// Answers that took no more than promised.
    public private(set) var kept = 0
    /// Answers whose length is known to be within or beyond the promise.
    public private(set) var judged = 0
    /// What is added to residuals, in their units; not below `-mostNarrowing`.
    public private(set) var widening = 0.0

    /// The share of answers that may exceed a p90.
    private static let miss = 0.1
    /// How much one answer moves the promise.
    private static let rate = 0.08

    /// A run of short answers must not use up the promise for the long ones.
    private static let mostNarrowing = 0.5

    /// Nothing judged yet.
    public init() {}

    /// The share of promises kept; nil before any.
    public var coverage: Double? { judged > 0 ? Double(kept) / Double(judged) : nil }

    /// The same with what another judged, whose answers were of other weights and move no promise.
    ///
    /// - Parameter other: The counts to add.
    /// - Returns: This one's promise, the counts of both.
    public func counting(_ other: CoverageTracker) -> CoverageTracker {
        var sum = self
        sum.kept += other.kept
        sum.judged += other.judged
        return sum
    }

    /// Takes an answer into account.
    ///
    /// - Parameters:
    ///   - tokens: What it took.
    ///   - promised: Its p90.
    ///   - isWhole: Whether it ended by itself; what was closed or cut early tells something only
    ///     if it had passed the promise by then.
    public mutating func note(tokens: Int, promised: Int, isWhole: Bool) {
        let isKept = tokens <= promised
        guard isWhole || !isKept else { return }
        judged += 1
        kept += isKept ? 1 : 0
        widening = max(-Self.mostNarrowing, widening + Self.rate * ((isKept ? 0 : 1) - Self.miss))
    }
}
