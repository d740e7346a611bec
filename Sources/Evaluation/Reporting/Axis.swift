import Foundation

/// A linear scale with round ticks.
struct Axis {
    let low: Double
    let high: Double
    let step: Double

    /// A scale that holds a range, with about `count` ticks.
    init(from low: Double, to high: Double, count: Int) {
        let span = high > low ? high - low : 1
        let raw = span / Double(max(1, count))
        let power = pow(10, log10(raw).rounded(.down))
        step = power * ([1, 2, 2.5, 5].first { $0 * power >= raw * 0.999 } ?? 10)
        self.low = (low / step).rounded(.down) * step
        self.high = max((high / step).rounded(.up) * step, self.low + step)
    }

    var ticks: [Double] {
        let count = Int(((high - low) / step).rounded())
        return (0...count).map { low + Double($0) * step }
    }

    /// Where a value lies, 0 at the low end and 1 at the high one; what is outside sticks to them.
    func place(_ value: Double) -> Double {
        min(1, max(0, (value - low) / (high - low)))
    }

    /// A tick as short as it may be.
    static func label(_ value: Double) -> String {
        if value >= 10_000, value.truncatingRemainder(dividingBy: 500) == 0 {
            return String(format: "%gk", value / 1000)
        }
        return String(format: "%g", value)
    }
}
