import Testing

@testable import Evaluation

@Suite struct StatisticsTests {
    @Test("pass@k is the share of draws of k that hold a correct sample", arguments: 1...7)
    func passRate(count: Int) {
        for correct in 0...count {
            for k in 1...count {
                // Every subset of k samples, the first `correct` of which are right.
                let subsets = (0..<(1 << count)).filter { $0.nonzeroBitCount == k }
                let hits = subsets.count { $0 & ((1 << correct) - 1) != 0 }
                let found = Statistics.passRate(within: k, correct: correct, of: count)
                #expect(abs(found - Double(hits) / Double(subsets.count)) < 1e-12)
            }
        }
    }

    @Test("pass@k of many samples neither overflows nor leaves [0, 1]")
    func passRateOfMany() {
        #expect(Statistics.passRate(within: 1, correct: 3, of: 10) == 1 - 7.0 / 10)
        // 1 - C(990, 100) / C(1000, 100), from the exact binomials.
        let found = Statistics.passRate(within: 100, correct: 10, of: 1000)
        #expect(abs(found - 0.653_072_285_207_994) < 1e-12)
        #expect(Statistics.passRate(within: 1000, correct: 1, of: 1000) == 1)
    }

    @Test("Wilson's interval has its published values")
    func wilson() {
        // 15 of 20 (NIST handbook's formula): 0.5313 to 0.8881.
        let some = Interval.wilson(share: 0.75, count: 20)
        #expect(abs(some.low - 0.53130) < 1e-4 && abs(some.high - 0.88814) < 1e-4)
        // 0 of 10: 0 to z²/(n + z²) = 0.27753.
        let none = Interval.wilson(share: 0, count: 10)
        #expect(none.low == 0 && abs(none.high - 0.27753) < 1e-5)
        let all = Interval.wilson(share: 1, count: 10)
        #expect(all.high == 1 && abs(all.low - (1 - 0.27753)) < 1e-5)
        #expect(Interval.wilson(share: 0, count: 0) == Interval(low: 0, high: 1))
    }

    @Test("Wilson's ends are where the score test just rejects", arguments: [1, 2, 7, 30, 1319])
    func wilsonSolvesItsEquation(count: Int) {
        for successes in stride(from: 0, through: count, by: max(1, count / 9)) {
            let share = Double(successes) / Double(count)
            let interval = Interval.wilson(share: share, count: count)
            #expect(interval.low <= share && share <= interval.high)
            for end in [interval.low, interval.high] where end > 0 && end < 1 {
                let score = (share - end) / (end * (1 - end) / Double(count)).squareRoot()
                #expect(abs(abs(score) - 1.959964) < 1e-4)
            }
        }
    }

    @Test("quantiles lie between neighbours as NumPy's do")
    func quantiles() {
        let values: [Double] = [1, 2, 4, 8]
        #expect(Statistics.quantile(0, of: values) == 1)
        #expect(Statistics.quantile(0.5, of: values) == 3)
        #expect(abs(Statistics.quantile(0.9, of: values) - 6.8) < 1e-12)
        #expect(Statistics.quantile(1, of: values) == 8)
        #expect(Statistics.quantile(0.99, of: [5]) == 5)
        #expect(Statistics.quantile(0.5, of: []) == 0)
    }

    @Test("mean and scatter of known values")
    func scatter() {
        let values: [Double] = [2, 4, 4, 4, 5, 5, 7, 9]
        #expect(Statistics.mean(values) == 5)
        #expect(abs(Statistics.deviation(values) - (32.0 / 7).squareRoot()) < 1e-12)
        let interval = Interval.mean(of: values)
        #expect(abs(interval.high - 5 - 1.959964 * (4.0 / 7).squareRoot()) < 1e-5)
        #expect(abs(interval.low + interval.high - 10) < 1e-12)
        #expect(Interval.mean(of: [3]) == Interval(low: 3, high: 3))
    }

    @Test(
        "the majority is the commonest answer, the first of equals, and nobody when all abstain",
        arguments: [
            (["1", "2", "2"], 1), (["1", "2"], 0), (["2", "1", "1", "2"], 0),
            ([nil, "3", nil], 1), ([nil, nil], nil), ([], nil),
        ] as [([String?], Int?)])
    func majority(answers: [String?], expected: Int?) {
        #expect(Statistics.majority(answers) == expected)
    }
}
