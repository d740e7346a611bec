import Foundation
import Routing

/// The three regressions that predict tokens and right answers, over some examples.
struct PredictorFit {
    /// One answer and what was known before it.
    struct Example {
        /// Examples of one group are never on both sides of a fold.
        var group: Int
        /// Those of the text, the first being 1, then those of the probe.
        var features: [Double]
        var tokens: Int
        var isCorrect: Bool

        /// What the length is regressed on.
        var logTokens: Double { log(Double(max(tokens, 1))) }
    }

    /// What a regression takes of the probe's features, and how firmly their weights are held at 0.
    struct Reach: Equatable {
        var features = 0
        var ridge = 1.0

        static let none = Reach()
    }

    /// Holds the weights of the text's features.
    private static let ridge = 1.0
    /// What is added to a residual before its logarithm is taken.
    private static let floor = 0.02

    let means: [Double]
    let deviations: [Double]
    /// Weights of the logarithm of tokens.
    var length: [Double] = []
    /// Weights of the logarithm of the residual's size.
    var spread: [Double] = []
    /// Weights of the log-odds of a right answer.
    var right: [Double] = []

    private let textCount: Int
    private let rows: [[Double]]
    private let targets: [Double]
    private let hits: [Bool]

    /// Takes examples in; nothing is regressed yet.
    ///
    /// - Parameters:
    ///   - examples: At least two.
    ///   - textCount: How many of their features are the text's.
    init?(_ examples: [Example], textCount: Int) {
        guard let size = examples.first?.features.count, examples.count > 1 else { return nil }
        var (means, deviations) = ([0.0], [1.0])
        for index in 1..<size {
            let values = examples.map { $0.features[index] }
            let deviation = Statistics.deviation(values)
            means.append(Self.rounded(Statistics.mean(values)))
            deviations.append(deviation > 1e-9 ? Self.rounded(deviation) : 1e9)
        }
        (self.means, self.deviations, self.textCount) = (means, deviations, textCount)
        rows = examples.map {
            Predictor.standardised($0.features, means: means, deviations: deviations)
        }
        targets = examples.map(\.logTokens)
        hits = examples.map(\.isCorrect)
    }

    /// A feature's places behind the point do not matter; a file of them is smaller.
    private static func rounded(_ value: Double) -> Double {
        let unit = pow(10, Foundation.floor(log10(max(abs(value), 1e-9))) - 5)
        return (value / unit).rounded() * unit
    }

    func lengthWeights(_ reach: Reach) -> [Double] {
        NormalEquations.leastSquares(rows, targets, ridges: ridges(reach)).map(Self.rounded)
    }

    /// Needs the length's weights.
    func spreadWeights(_ reach: Reach) -> [Double] {
        let sizes = zip(rows, targets).map { row, target in
            log(abs(target - NormalEquations.product(length, row)) + Self.floor)
        }
        return NormalEquations.leastSquares(rows, sizes, ridges: ridges(reach)).map(Self.rounded)
    }

    func rightWeights(_ reach: Reach) -> [Double] {
        NormalEquations.logistic(rows, hits, ridges: ridges(reach)).map(Self.rounded)
    }

    /// An example's features as the weights take them.
    func row(_ example: Example) -> [Double] {
        Predictor.standardised(example.features, means: means, deviations: deviations)
    }

    /// The scale that a spread means.
    static func scale(_ spread: Double) -> Double {
        min(max(exp(spread), Predictor.scales.lowerBound), Predictor.scales.upperBound)
    }

    private func ridges(_ reach: Reach) -> [Double] {
        [1e-9] + Array(repeating: Self.ridge, count: textCount - 1)
            + Array(repeating: reach.ridge, count: reach.features)
    }
}
