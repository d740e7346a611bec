import Foundation
import Routing

/// Fits a member's predictor and holds it against problems that it was not fitted to.
///
/// Residuals come from five folds over problems, each left out of the fit that predicts it, so
/// that the quantiles are those of requests that the weights have not seen (cross-conformal
/// prediction: Vovk, 2015, arXiv 1208.0806).
struct CrossFit {
    /// What came of it.
    struct Result {
        var predictor: Predictor
        /// Of the problems left out.
        var quality: ForecastQuality
        /// How many of the probe's features have a weight; they are the first.
        var probeFeatures: Int
    }

    private static let foldCount = 5
    /// Quantiles of the residuals that are kept: 50, 90 and 99 % are whole places among them.
    private static let residualCount = 199
    /// What is tried of the probe's features.
    private static let featureCounts = [8, 16, 32]
    private static let ridges = [1000.0, 100, 10]
    /// Standard errors by which the problems left out must be predicted better with the probe:
    /// the best of nine trials always looks a little better than it is.
    private static let doubt = 3.0

    /// The most of the probe's features that any regression takes.
    static let mostProbeFeatures = 32

    private let examples: [PredictorFit.Example]
    private let textCount: Int
    private var whole: PredictorFit
    private var folds: [(fit: PredictorFit, held: [(place: Int, row: [Double])])] = []

    /// Predictors of one member.
    ///
    /// - Parameters:
    ///   - examples: Of at least as many groups as folds.
    ///   - textCount: How many of their features are the text's.
    ///   - closings: What remains when the thought is closed early.
    /// - Returns: One that looks at the text alone, and one that looks at the probe's features too,
    ///   if its p90 costs less on problems left out; nil for too few examples to say anything.
    static func results(
        of examples: [PredictorFit.Example], textCount: Int, closings: [Forecast.Closing]
    ) -> (text: Result, probe: Result?)? {
        let plain = examples.map { example in
            var example = example
            example.features.removeLast(example.features.count - textCount)
            return example
        }
        guard var bare = CrossFit(plain, textCount: textCount),
            let text = bare.result(closings: closings)
        else { return nil }
        guard examples.contains(where: { $0.features.count > textCount }),
            var full = CrossFit(examples, textCount: textCount),
            let probe = full.result(closings: closings),
            probe.probeFeatures > 0, probe.quality.pinball < text.quality.pinball
        else { return (text, nil) }
        return (text, probe)
    }

    private init?(_ examples: [PredictorFit.Example], textCount: Int) {
        guard Set(examples.map(\.group)).count >= Self.foldCount,
            let whole = PredictorFit(examples, textCount: textCount)
        else { return nil }
        (self.examples, self.textCount, self.whole) = (examples, textCount, whole)
        for fold in 0..<Self.foldCount {
            let fitted = examples.filter { $0.group % Self.foldCount != fold }
            guard let fit = PredictorFit(fitted, textCount: textCount) else { return nil }
            let held = examples.indices.filter { examples[$0].group % Self.foldCount == fold }
            folds.append((fit, held.map { ($0, fit.row(examples[$0])) }))
        }
    }

    private mutating func result(closings: [Forecast.Closing]) -> Result? {
        let targets = examples.map(\.logTokens)
        let length = best({ $0.lengthWeights($1) }) { example, location in
            (targets[example] - location) * (targets[example] - location)
        }
        set(\.length) { $0.lengthWeights(length) }
        let locations = heldOut { $0.length }
        let spread = best({ $0.spreadWeights($1) }) { example, spread in
            // Of a double exponential, whose scale is the mean size of a residual.
            let scale = PredictorFit.scale(spread)
            return log(scale) + abs(targets[example] - locations[example]) / scale
        }
        set(\.spread) { $0.spreadWeights(spread) }
        let scales = heldOut { $0.spread }.map(PredictorFit.scale)
        let right = best({ $0.rightWeights($1) }) { example, odds in
            log(1 + exp(examples[example].isCorrect ? -odds : odds))
        }
        set(\.right) { $0.rightWeights(right) }

        let residuals = examples.indices.map { index in
            (log(max(Double(examples[index].tokens) - 0.5, 0.5)) - locations[index])
                / scales[index]
        }
        let kept = Self.thinned(residuals.sorted())
        let odds = heldOut { $0.right }
        let quality = ForecastQuality(
            examples.indices.map { index in
                .init(
                    forecast: Forecast(
                        location: locations[index], scale: scales[index], residuals: kept,
                        accuracy: 1 / (1 + exp(-odds[index]))),
                    tokens: examples[index].tokens, isCorrect: examples[index].isCorrect)
            })
        let probeFeatures = max(length.features, spread.features, right.features)
        return Result(
            predictor: whole.predictor(
                featureCount: textCount + probeFeatures, residuals: kept, closings: closings),
            quality: quality, probeFeatures: probeFeatures)
    }

    /// As many quantiles as are kept, each the conformal one of its place.
    private static func thinned(_ sorted: [Double]) -> [Double] {
        let count = min(residualCount, sorted.count)
        return (1...count).map { place in
            let rank = (Double(sorted.count + 1) * Double(place) / Double(count + 1)).rounded(.up)
            let residual = sorted[min(max(Int(rank), 1), sorted.count) - 1]
            return (residual * 1e4).rounded(.up) / 1e4
        }
    }

    private mutating func set(
        _ weights: WritableKeyPath<PredictorFit, [Double]>, _ fit: (PredictorFit) -> [Double]
    ) {
        whole[keyPath: weights] = fit(whole)
        for index in folds.indices { folds[index].fit[keyPath: weights] = fit(folds[index].fit) }
    }

    /// What each example is predicted by the fold that it was left out of.
    private func heldOut(_ weights: (PredictorFit) -> [Double]) -> [Double] {
        var values = Array(repeating: 0.0, count: examples.count)
        for (fit, held) in folds {
            let weights = weights(fit)
            for (place, row) in held { values[place] = NormalEquations.product(weights, row) }
        }
        return values
    }

    /// What of the probe's features makes a regression better beyond doubt; none if nothing does.
    private func best(
        _ weights: (PredictorFit, PredictorFit.Reach) -> [Double],
        loss: (_ example: Int, _ prediction: Double) -> Double
    ) -> PredictorFit.Reach {
        let available = (examples.first?.features.count ?? 0) - textCount
        let counts = Set(Self.featureCounts.map { min($0, available) }).subtracting([0])
        func losses(_ reach: PredictorFit.Reach) -> [Double] {
            let predictions = heldOut { weights($0, reach) }
            var groups: [Int: [Double]] = [:]
            for (index, prediction) in predictions.enumerated() {
                groups[examples[index].group, default: []].append(loss(index, prediction))
            }
            return groups.sorted { $0.key < $1.key }.map { Statistics.mean($0.value) }
        }
        guard !counts.isEmpty else { return .none }
        let plain = losses(.none)
        var (chosen, least) = (PredictorFit.Reach.none, plain)
        for count in counts.sorted() {
            for ridge in Self.ridges {
                let reach = PredictorFit.Reach(features: count, ridge: ridge)
                let found = losses(reach)
                if Statistics.mean(found) < Statistics.mean(least) {
                    (chosen, least) = (reach, found)
                }
            }
        }
        let gains = zip(plain, least).map { $0 - $1 }
        let error = Statistics.deviation(gains) / Double(gains.count).squareRoot()
        return Statistics.mean(gains) > Self.doubt * error ? chosen : .none
    }
}

extension PredictorFit {
    /// The predictor of the first `featureCount` features, the others having no weight.
    fileprivate func predictor(
        featureCount: Int, residuals: [Double], closings: [Forecast.Closing]
    ) -> Predictor {
        func padded(_ weights: [Double]) -> [Double] {
            weights + Array(repeating: 0, count: featureCount - weights.count)
        }
        return Predictor(
            means: Array(means.prefix(featureCount)),
            deviations: Array(deviations.prefix(featureCount)), length: padded(length),
            spread: padded(spread), right: padded(right), residuals: residuals,
            closings: closings)
    }
}
