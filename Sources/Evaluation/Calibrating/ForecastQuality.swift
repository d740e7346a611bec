import Foundation
public import Routing

/// How well forecasts held for answers that they were not made from.
public struct ForecastQuality: Sendable, Equatable, Encodable {
    /// An answer and what was expected of it.
    public struct Outcome: Sendable {
        /// What was expected.
        public var forecast: Forecast
        /// New tokens.
        public var tokens: Int
        /// Whether it was right.
        public var isCorrect: Bool

        /// An answer.
        public init(forecast: Forecast, tokens: Int, isCorrect: Bool) {
            self.forecast = forecast
            self.tokens = tokens
            self.isCorrect = isCorrect
        }
    }

    /// Answers judged.
    public var answers: Int
    /// Spearman's rank correlation of expected and true tokens.
    public var rankCorrelation: Double
    /// The share that took no more than its p90.
    public var coverage: Double
    /// The mean pinball loss of the p90, in that of the best constant with hindsight.
    public var pinball: Double
    /// Expected accuracy less the true share, without sign: the mean over five parts, by expected
    /// accuracy.
    public var accuracyError: Double

    /// What answers came to.
    public init(_ outcomes: [Outcome]) {
        let tokens = outcomes.map { Double($0.tokens) }
        let promised = outcomes.map { Double($0.forecast.quantile(0.9)) }
        answers = outcomes.count
        rankCorrelation = Statistics.rankCorrelation(outcomes.map(\.forecast.location), tokens)
        coverage = Statistics.mean(zip(tokens, promised).map { $0 <= $1 ? 1 : 0 })
        let constant = Statistics.quantile(0.9, of: tokens.sorted())
        let least = Self.pinball(tokens, tokens.map { _ in constant })
        pinball = least > 0 ? Self.pinball(tokens, promised) / least : 0
        let rising = outcomes.sorted { $0.forecast.accuracy < $1.forecast.accuracy }
        let parts = (0..<5).map { part in
            rising[part * rising.count / 5..<(part + 1) * rising.count / 5]
        }.filter { !$0.isEmpty }
        accuracyError = Statistics.mean(
            parts.map { part in
                abs(
                    Statistics.mean(part.map(\.forecast.accuracy))
                        - Statistics.mean(part.map { $0.isCorrect ? 1 : 0 }))
            })
    }

    /// The mean loss of a 90 % quantile: a token too few costs nine times one too many.
    static func pinball(_ tokens: [Double], _ quantiles: [Double]) -> Double {
        Statistics.mean(
            zip(tokens, quantiles).map { max(0.9 * ($0 - $1), 0.1 * ($1 - $0)) })
    }

    /// The heads of a table's columns.
    public static let tableHeader = [
        "member", "forecast from", "rank correlation", "p90 holds %", "pinball loss",
        "accuracy off by %",
    ]

    /// A row of the table.
    ///
    /// - Parameters:
    ///   - member: Whose answers.
    ///   - source: What the forecasts were made from.
    /// - Returns: As many as heads.
    public func row(_ member: String, _ source: String) -> [String] {
        [
            member, source, String(format: "%.3f", rankCorrelation),
            String(format: "%.1f", coverage * 100), String(format: "%.3f", pinball),
            String(format: "%.1f", accuracyError * 100),
        ]
    }
}

extension Statistics {
    /// Spearman's rank correlation, equal values sharing their mean rank; 0 where one does not vary.
    static func rankCorrelation(_ left: [Double], _ right: [Double]) -> Double {
        let (one, other) = (ranks(left), ranks(right))
        let (mean, otherMean) = (mean(one), Statistics.mean(other))
        let products = zip(one, other).map { ($0 - mean) * ($1 - otherMean) }
        let scale = deviation(one) * deviation(other) * Double(max(one.count - 1, 1))
        return scale > 0 ? products.reduce(0, +) / scale : 0
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = Array(repeating: 0.0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
            start = end
        }
        return ranks
    }
}
