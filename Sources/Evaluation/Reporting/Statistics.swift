/// The few formulas that reports are made of.
public enum Statistics {
    /// The mean; 0 of nothing.
    public static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }

    /// The standard deviation of a sample (divided by n - 1); 0 of fewer than two.
    public static func deviation(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = mean(values)
        let sum = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (sum / Double(values.count - 1)).squareRoot()
    }

    /// The value that a share of the values lies below, linear between neighbours.
    ///
    /// - Parameters:
    ///   - share: In [0, 1].
    ///   - sorted: The values, rising.
    /// - Returns: The quantile as NumPy's default computes it; 0 of nothing.
    public static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        guard let last = sorted.indices.last else { return 0 }
        let place = min(max(share, 0), 1) * Double(last)
        let below = Int(place)
        let above = min(below + 1, last)
        return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }

    /// How likely at least one of k samples is correct, from n samples of which c are.
    ///
    /// The unbiased estimator 1 - C(n-c, k) / C(n, k) (Chen et al.: Evaluating Large Language
    /// Models Trained on Code, arXiv 2107.03374, equation 1), as a product that cannot overflow.
    ///
    /// - Parameters:
    ///   - k: Samples that may be tried, 1 to n.
    ///   - correct: Samples that are correct, c.
    ///   - count: Samples there are, n.
    /// - Returns: The estimate, in [0, 1].
    public static func passRate(within k: Int, correct: Int, of count: Int) -> Double {
        precondition((1...max(1, count)).contains(k) && (0...count).contains(correct))
        guard count - correct >= k else { return 1 }
        var allWrong = 1.0
        for i in 0..<k { allWrong *= Double(count - correct - i) / Double(count - i) }
        return 1 - allWrong
    }

    /// What most say: the place of the first that says so.
    ///
    /// - Parameter answers: One a sample; `nil` abstains.
    /// - Returns: Index of the first sample with the commonest answer, ties going to the answer
    ///   that was given first; `nil` when all abstain.
    public static func majority(_ answers: [String?]) -> Int? {
        var votes: [String: (count: Int, first: Int)] = [:]
        for (index, answer) in answers.enumerated() {
            guard let answer else { continue }
            votes[answer, default: (0, index)].count += 1
        }
        return votes.values.min { ($0.count, $1.first) > ($1.count, $0.first) }?.first
    }
}
