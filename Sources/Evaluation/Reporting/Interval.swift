/// A range that a quantity lies in with 95 % confidence.
public struct Interval: Sendable, Equatable, Encodable {
    /// The 97.5 % quantile of the normal distribution.
    static let z = 1.959963984540054

    /// Its lower end.
    public var low: Double
    /// Its upper end.
    public var high: Double

    /// From `low` to `high`.
    public init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// The score interval of a share (Wilson: Probable Inference, the Law of Succession, and
    /// Statistical Inference, 1927).
    ///
    /// Several samples of one problem are not independent: `share` is then the mean over problems
    /// of each problem's own share of correct samples, and `count` the number of problems. That
    /// is exact when a problem's samples all agree, and wider than needed when they do not.
    ///
    /// - Parameters:
    ///   - share: The share that was found, in [0, 1].
    ///   - count: Of how many; 0 gives [0, 1].
    /// - Returns: The interval, within [0, 1].
    public static func wilson(share: Double, count: Int) -> Interval {
        guard count > 0 else { return Interval(low: 0, high: 1) }
        let n = Double(count)
        let scale = 1 + z * z / n
        let centre = (share + z * z / (2 * n)) / scale
        let half = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot() / scale
        // At 0 and 1 rounding would leave the share itself outside.
        return Interval(
            low: share <= 0 ? 0 : max(0, centre - half),
            high: share >= 1 ? 1 : min(1, centre + half))
    }

    /// The interval of a mean, from the scatter of what it is the mean of.
    ///
    /// - Parameter values: One value a problem; fewer than two give the value itself.
    /// - Returns: Mean ± z · s / √n.
    public static func mean(of values: [Double]) -> Interval {
        let n = Double(values.count)
        let mean = Statistics.mean(values)
        guard values.count > 1 else { return Interval(low: mean, high: mean) }
        let half = z * Statistics.deviation(values) / n.squareRoot()
        return Interval(low: mean - half, high: mean + half)
    }
}
