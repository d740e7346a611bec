/// How often values fell between fixed bounds, and their sum, as Prometheus' histograms have it.
///
/// To note a value searches some twenty bounds and allocates nothing.
public struct Histogram: Sendable, Equatable {
    /// Upper bounds, ascending; each is part of its range.
    public let bounds: [Double]
    /// Values up to each bound and above the one before; the last one counts those above all.
    public private(set) var counts: [Int]
    /// The sum of all values.
    public private(set) var sum = 0.0

    /// Nothing noted yet.
    ///
    /// - Parameter bounds: Ascending upper bounds.
    public init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must ascend")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// How many values were noted.
    public var count: Int { counts.reduce(0, +) }

    /// Notes a value; below 0 it counts as 0, and what is no number is passed over.
    ///
    /// - Parameters:
    ///   - value: The value.
    ///   - times: How often it came.
    public mutating func note(_ value: Double, times: Int = 1) {
        guard value.isFinite, times > 0 else { return }
        let value = max(value, 0)
        var (low, high) = (0, bounds.count)
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low] += times
        sum += value * Double(times)
    }

    /// Notes a time in seconds.
    ///
    /// - Parameters:
    ///   - time: The time.
    ///   - times: How often it came.
    public mutating func note(_ time: Duration, times: Int = 1) {
        let (seconds, attoseconds) = time.components
        note(Double(seconds) + Double(attoseconds) * 1e-18, times: times)
    }

    /// Adds what another one of the same bounds counted.
    ///
    /// - Parameter other: The other one.
    public mutating func add(_ other: Histogram) {
        precondition(bounds.count == other.bounds.count)
        for index in counts.indices { counts[index] += other.counts[index] }
        sum += other.sum
    }

    /// Moves what was counted into another one of the same bounds.
    mutating func pour(into other: inout Histogram) {
        for index in counts.indices where counts[index] > 0 {
            other.counts[index] += counts[index]
            counts[index] = 0
        }
        other.sum += sum
        sum = 0
    }
}
