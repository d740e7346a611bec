import TestSupport
import Testing

@testable import Decoding

@Suite struct HistogramTests {
    @Test(arguments: UInt64(0)..<20)
    func `every value is in the first range that reaches it`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bounds = Set((0..<8).map { _ in Double(Int.random(in: 1...40, using: &generator)) })
            .sorted()
        var histogram = Histogram(bounds: bounds)
        var expected = Array(repeating: 0, count: bounds.count + 1)
        var sum = 0.0
        for _ in 0..<200 {
            let value = Double(Int.random(in: 0...45, using: &generator))
            let times = Int.random(in: 1...3, using: &generator)
            expected[bounds.firstIndex { value <= $0 } ?? bounds.count] += times
            sum += value * Double(times)
            histogram.note(value, times: times)
        }
        #expect(histogram.counts == expected)
        #expect(histogram.sum == sum && histogram.count == expected.reduce(0, +))
    }

    @Test func `nothing below zero and nothing that is no number gets in`() {
        var histogram = Histogram(bounds: [1, 2])
        histogram.note(-5)
        histogram.note(.milliseconds(-1))
        histogram.note(.nan)
        histogram.note(.infinity)
        histogram.note(1, times: 0)
        histogram.note(1, times: -3)
        #expect(histogram.counts == [2, 0, 0] && histogram.sum == 0)
    }

    @Test func `what is poured out is in the other and gone from the one`() {
        var one = Histogram(bounds: [1, 2])
        var other = one
        for value in [0.5, 1.5, 9] { one.note(value) }
        other.note(1.5)
        one.pour(into: &other)
        #expect(one == Histogram(bounds: [1, 2]))
        #expect(other.counts == [1, 2, 1] && other.sum == 12.5)
        one.add(other)
        #expect(one == other)
    }
}
