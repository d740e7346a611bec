import Foundation
import Routing

/// Fits what predicts tokens and right answers from a request's features.
///
/// Residuals come from five folds over problems, each left out of the fit that predicts it, so
/// that the quantiles are those of requests that the weights have not seen (cross-conformal
/// prediction: Vovk, 2015, arXiv 1208.0806).
struct PredictorFit {
    /// One answer and what was known before it.
    struct Example {
        /// Examples of one group are never on both sides of a fold.
        var group: Int
        var features: [Double]
        var tokens: Int
        var isCorrect: Bool
    }

    private static let folds = 5
    private static let ridge = 1.0
    /// Quantiles of the residuals that are kept; the promise is one of 90 % and of 99 %.
    private static let residualCount = 200
    /// What is added to a residual before its logarithm is taken.
    private static let floor = 0.02

    private var means: [Double]
    private var deviations: [Double]
    private var length: [Double]
    private var spread: [Double]
    private var right: [Double]

    /// The predictor of one member.
    ///
    /// - Parameters:
    ///   - examples: Of at least as many groups as folds.
    ///   - closings: What remains when the thought is closed early.
    /// - Returns: Nil for too few examples to say anything.
    static func predictor(
        of examples: [Example], closings: [Forecast.Closing]
    ) -> Predictor? {
        guard Set(examples.map(\.group)).count >= folds, let whole = PredictorFit(examples) else {
            return nil
        }
        var residuals: [Double] = []
        for fold in 0..<folds {
            guard let fit = PredictorFit(examples.filter { $0.group % folds != fold }) else {
                continue
            }
            residuals += examples.filter { $0.group % folds == fold }.map(fit.residual)
        }
        residuals.sort()
        guard !residuals.isEmpty else { return nil }
        let count = min(residualCount, residuals.count)
        let kept = (0..<count).map { index in
            // The upper neighbour, so that thinning never promises less.
            residuals[min((index + 1) * residuals.count / count - 1, residuals.count - 1)]
        }
        return Predictor(
            means: whole.means, deviations: whole.deviations, length: whole.length,
            spread: whole.spread, right: whole.right,
            residuals: kept.map { ($0 * 1e4).rounded(.up) / 1e4 }, closings: closings)
    }

    private init?(_ examples: [Example]) {
        guard let size = examples.first?.features.count, examples.count > 1 else { return nil }
        (means, deviations) = ([0], [1])
        for index in 1..<size {
            let values = examples.map { $0.features[index] }
            let deviation = Statistics.deviation(values)
            means.append(Statistics.mean(values))
            deviations.append(deviation > 1e-9 ? deviation : 1e9)
        }
        (length, spread, right) = ([], [], [])
        let rows = examples.map { scaled($0.features) }
        let targets = examples.map { log(Double(max($0.tokens, 1))) }
        length = NormalEquations.leastSquares(rows, targets, ridge: Self.ridge)
        let sizes = zip(rows, targets).map { row, target in
            log(abs(target - NormalEquations.product(length, row)) + Self.floor)
        }
        spread = NormalEquations.leastSquares(rows, sizes, ridge: Self.ridge)
        right = NormalEquations.logistic(rows, examples.map(\.isCorrect), ridge: Self.ridge)
    }

    private func scaled(_ features: [Double]) -> [Double] {
        Predictor.standardised(features, means: means, deviations: deviations)
    }

    /// In the units that the forecast stretches by its scale.
    private func residual(_ example: Example) -> Double {
        let row = scaled(example.features)
        let scale = exp(NormalEquations.product(spread, row))
        let bounded = min(max(scale, Predictor.scales.lowerBound), Predictor.scales.upperBound)
        return (log(Double(max(example.tokens, 1))) - NormalEquations.product(length, row))
            / bounded
    }
}
