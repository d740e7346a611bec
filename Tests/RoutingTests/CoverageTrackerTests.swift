import Foundation
import Routing
import TestSupport
import Testing

@Suite struct CoverageTrackerTests {
    /// Answers whose log length is off by `shift` deviations from what was measured.
    static func coverage(shift: Double, after warmUp: Int, of count: Int) -> Double {
        var generator = SeededGenerator(seed: 4)
        func normal() -> Double {
            // Box and Muller.
            let (u, v) = (
                Double.random(in: 0..<1, using: &generator),
                Double.random(in: 0..<1, using: &generator)
            )
            return (-2 * log(1 - u)).squareRoot() * cos(2 * .pi * v)
        }
        let residuals = (0..<500).map { _ in normal() }.sorted()
        var forecast = Forecast(location: 6, scale: 0.3, residuals: residuals, accuracy: 1)
        var tracker = CoverageTracker()
        var kept = 0
        for index in 0..<warmUp + count {
            forecast.widening = tracker.widening
            let promised = forecast.quantile(0.9)
            let tokens = Int(exp(6 + 0.3 * (normal() + shift)))
            if index >= warmUp, tokens <= promised { kept += 1 }
            tracker.note(tokens: tokens, promised: promised, isWhole: true)
        }
        return Double(kept) / Double(count)
    }

    @Test(arguments: [-0.3, 0.0, 0.5, 1, 2])
    func `after two hundred answers of another kind nine tenths keep the promise again`(
        shift: Double
    ) {
        let coverage = Self.coverage(shift: shift, after: 200, of: 4000)
        #expect((0.88...0.92).contains(coverage), "\(coverage)")
    }

    @Test func `what was closed early is judged only once it has passed the promise`() {
        var tracker = CoverageTracker()
        tracker.note(tokens: 5, promised: 10, isWhole: false)
        #expect(tracker.coverage == nil)
        tracker.note(tokens: 11, promised: 10, isWhole: false)
        #expect(tracker.coverage == 0)
        #expect(tracker.widening > 0)
    }
}
