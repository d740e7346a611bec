/// What one member did on some problems.
public struct Summary: Sendable, Equatable, Encodable {
    /// Quantiles of a count of tokens.
    public struct Tokens: Sendable, Equatable, Encodable {
        /// The mean over problems of each problem's mean.
        public var mean: Double
        /// Where that lies with 95 % confidence, problems being what was drawn.
        public var meanInterval: Interval
        /// Half of the samples took no more.
        public var p50: Double
        /// Nine tenths of the samples took no more.
        public var p90: Double
        /// 99 of 100 samples took no more.
        public var p99: Double
    }

    /// How likely one of so many samples is correct.
    public struct PassRate: Sendable, Equatable, Encodable {
        /// Samples that may be tried.
        public var within: Int
        /// The unbiased estimate, mean over problems.
        public var rate: Double
    }

    /// Problems.
    public var problems: Int
    /// Samples of all of them.
    public var samples: Int
    /// The mean over problems of each problem's share of correct samples.
    public var accuracy: Double
    /// Where that lies with 95 % confidence; see `Interval.wilson(share:count:)`.
    public var accuracyInterval: Interval
    /// Standard deviation of the accuracies of the first samples, the second samples, …; `nil`
    /// with one sample a problem.
    public var passDeviation: Double?
    /// For 1, 2, 4, … and all samples.
    public var passRates: [PassRate]
    /// The share of problems whose commonest answer is correct.
    public var majority: Double
    /// The share of samples that did not end by themselves.
    public var truncated: Double
    /// New tokens, thought included.
    public var tokens: Tokens
    /// New tokens of the thought, mean over problems.
    public var reasoningTokens: Double

    /// Sums up samples, which may be some of a run that was cut short.
    ///
    /// - Parameter records: Samples of one member, those of a problem together and in order.
    public init(_ records: [SampleRecord]) {
        let groups = Self.byProblem(records)
        let shares = groups.map { group in
            Double(group.count { $0.isCorrect }) / Double(group.count)
        }
        problems = groups.count
        samples = records.count
        accuracy = Statistics.mean(shares)
        accuracyInterval = .wilson(share: accuracy, count: groups.count)
        passRates = Self.passRates(groups)
        passDeviation = Self.passDeviation(groups)
        majority = Statistics.mean(
            groups.map { group in
                Statistics.majority(group.map(\.answer)).map { group[$0].isCorrect } == true
                    ? 1 : 0
            })
        truncated = Statistics.mean(records.map { $0.response.finish == .stop ? 0 : 1 })
        let counts = records.map { Double($0.response.completionTokens) }.sorted()
        let means = groups.map { group in
            Statistics.mean(group.map { Double($0.response.completionTokens) })
        }
        tokens = Tokens(
            mean: Statistics.mean(means), meanInterval: .mean(of: means),
            p50: Statistics.quantile(0.5, of: counts), p90: Statistics.quantile(0.9, of: counts),
            p99: Statistics.quantile(0.99, of: counts))
        reasoningTokens = Statistics.mean(
            groups.map { group in
                Statistics.mean(group.map { Double($0.response.reasoningTokens) })
            })
    }

    private static func byProblem(_ records: [SampleRecord]) -> [[SampleRecord]] {
        var groups: [[SampleRecord]] = []
        var places: [String: Int] = [:]
        for record in records {
            if let place = places[record.key.problem] {
                groups[place].append(record)
            } else {
                places[record.key.problem] = groups.count
                groups.append([record])
            }
        }
        return groups
    }

    private static func passRates(_ groups: [[SampleRecord]]) -> [PassRate] {
        guard let most = groups.map(\.count).min() else { return [] }
        var steps = Array(sequence(first: 1) { $0 * 2 }.prefix { $0 < most })
        steps.append(most)
        return steps.map { k in
            PassRate(
                within: k,
                rate: Statistics.mean(
                    groups.map { group in
                        Statistics.passRate(
                            within: k, correct: group.count { $0.isCorrect }, of: group.count)
                    }))
        }
    }

    private static func passDeviation(_ groups: [[SampleRecord]]) -> Double? {
        guard let passes = groups.map(\.count).min(), passes > 1 else { return nil }
        let accuracies = (0..<passes).map { pass in
            Statistics.mean(groups.map { $0[pass].isCorrect ? 1 : 0 })
        }
        return Statistics.deviation(accuracies)
    }
}
