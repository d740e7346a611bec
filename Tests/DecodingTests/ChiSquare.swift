import Foundation

/// Pearson's test of counts against probabilities.
///
/// The seeds being fixed, a test that passes passes always; the false alarm probability is that of
/// a new choice of seeds.
enum ChiSquare {
    /// One-sided 1e-6 of the normal distribution.
    private static let deviations = 4.7534

    /// Whether counts agree with probabilities, with a false alarm in a million.
    ///
    /// Outcomes expected fewer than 8 times are pooled; impossible ones must not occur.
    static func agrees(
        _ observed: [Int: Int], _ expected: [Int: Double], draws: Int
    ) -> Bool {
        var statistic = 0.0
        var categories = 0
        var pooled = (observed: 0.0, expected: 0.0)
        for (outcome, count) in observed where (expected[outcome] ?? 0) == 0 && count > 0 {
            return false
        }
        for (outcome, probability) in expected {
            let mean = probability * Double(draws)
            let count = Double(observed[outcome] ?? 0)
            guard mean >= 8 else {
                pooled.observed += count
                pooled.expected += mean
                continue
            }
            statistic += (count - mean) * (count - mean) / mean
            categories += 1
        }
        if pooled.expected >= 8 {
            let difference = pooled.observed - pooled.expected
            statistic += difference * difference / pooled.expected
            categories += 1
        }
        guard categories > 1 else { return true }
        // Wilson and Hilferty's approximation of the quantile.
        let freedom = Double(categories - 1)
        let spread = 2 / (9 * freedom)
        return statistic <= freedom * pow(1 - spread + deviations * spread.squareRoot(), 3)
    }
}
