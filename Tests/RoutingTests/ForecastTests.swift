import Testing

@testable import Routing

@Suite struct ForecastTests {
    private let short = Forecast(
        location: 3, scale: 0.5, residuals: [-2, -1, 0, 1, 2], accuracy: 0.9,
        closings: [.init(share: 0.5, accuracy: 0.1), .init(share: 1, accuracy: 0.3)])
    private let long = Forecast(
        location: 5, scale: 0.2, residuals: [-3, 0, 3], accuracy: 0.8,
        closings: [.init(share: 0.25, accuracy: 0.2)])

    @Test func `at its ends the line between two forecasts is those`() {
        for (share, end) in [(0.0, short), (1, long)] {
            let between = Forecast.between(short, long, share: share)
            #expect(abs(between.location - end.location) < 1e-12)
            #expect(abs(between.accuracy - end.accuracy) < 1e-12)
            for tokens in [5, 20, 100, 150, 400] {
                #expect(abs(between.share(within: tokens) - end.share(within: tokens)) <= 0.4)
            }
            for ceiling in [0.1, 0.25, 0.6, 1, 2] {
                let (one, other) = (
                    between.closingAccuracy(at: ceiling), end.closingAccuracy(at: ceiling)
                )
                #expect(abs(one - other) < 1e-12)
            }
        }
    }

    @Test func `half-way every quantile is the geometric mean`() {
        let other = Forecast(
            location: 5, scale: 0.2, residuals: [-3, -1, 0, 1, 3], accuracy: 0.8)
        let between = Forecast.between(short, other, share: 0.5)
        for q in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let mean = Double(short.quantile(q) * other.quantile(q)).squareRoot()
            // Both are rounded up to whole tokens.
            #expect(abs(Double(between.quantile(q)) - mean) <= 1.5)
        }
        #expect(zip(between.residuals, between.residuals.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
