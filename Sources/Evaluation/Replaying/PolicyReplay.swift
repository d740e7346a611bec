/// What policies come to at one budget, over outcomes that were recorded for every member.
///
/// A policy says who answers a problem; what then happens was recorded with the same seed, so that
/// policies differ by their choices alone.
public struct PolicyReplay: Sendable {
    /// What one policy comes to.
    public struct Row: Sendable, Equatable, Encodable {
        /// Its name.
        public var policy: String
        /// The share of right answers.
        public var accuracy: Double
        /// Where that lies with 95 % confidence.
        public var accuracyInterval: Interval
        /// New tokens, mean.
        public var tokens: Double
        /// New tokens, most.
        public var mostTokens: Int
        /// Answers above the budget.
        public var overruns: Int
        /// Answers that were cut off.
        public var cut: Int
    }

    /// The recorded outcomes, by problem, then member.
    private let outcomes: [String: [String: SampleRecord]]
    private let problems: [String]
    private let members: [String]
    private let ceiling: Int

    /// A replay of outcomes at one budget.
    ///
    /// - Parameters:
    ///   - records: One for each member and problem.
    ///   - members: The members, in order.
    ///   - ceiling: The budget in tokens; `Int.max` for none.
    public init(_ records: [SampleRecord], members: [String], ceiling: Int) {
        var outcomes: [String: [String: SampleRecord]] = [:]
        for record in records {
            outcomes[record.key.problem, default: [:]][record.key.member] = record
        }
        self.outcomes = outcomes
        problems = outcomes.keys.sorted()
        self.members = members
        self.ceiling = ceiling
    }

    /// One member always answers.
    public func fixed(_ member: String) -> Row {
        row(member, choosing: { _ in member })
    }

    /// The member that a router chose for each problem.
    public func routed(_ name: String, _ choices: [String: String]) -> Row {
        row(name, choosing: { choices[$0] ?? members[0] })
    }

    /// Whoever is right with the fewest tokens; where nobody is, whoever uses fewest.
    public var oracle: Row {
        row("oracle") { problem in
            let candidates = members.compactMap { outcomes[problem]?[$0] }
            let right = candidates.filter(\.isCorrect)
            return (right.isEmpty ? candidates : right).min {
                $0.response.completionTokens < $1.response.completionTokens
            }?.key.member ?? members[0]
        }
    }

    /// Every member as often as any other: the mean of the fixed ones.
    public var random: Row {
        let rows = members.map(fixed)
        let accuracy = Statistics.mean(rows.map(\.accuracy))
        return Row(
            policy: "random", accuracy: accuracy,
            accuracyInterval: .wilson(share: accuracy, count: problems.count),
            tokens: Statistics.mean(rows.map(\.tokens)),
            mostTokens: rows.map(\.mostTokens).max() ?? 0,
            overruns: rows.map(\.overruns).reduce(0, +), cut: rows.map(\.cut).reduce(0, +))
    }

    /// The fixed members.
    public var fixedRows: [Row] { members.map(fixed) }

    /// The accuracy that fixed members reach at so many mean tokens, mixing two of them.
    ///
    /// - Parameters:
    ///   - tokens: Mean tokens.
    ///   - rows: The fixed members, under this ceiling or under lower ones too.
    /// - Returns: Their upper hull there: a coin between two of them reaches every point between
    ///   theirs. Nil below the cheapest.
    public static func accuracy(atMeanTokens tokens: Double, mixing rows: [Row]) -> Double? {
        let points = rows.map { ($0.tokens, $0.accuracy) }.sorted { $0.0 < $1.0 }
        var best: Double?
        for (index, left) in points.enumerated() where left.0 <= tokens {
            best = max(best ?? 0, left.1)
            for right in points[(index + 1)...] where right.0 > tokens {
                let way = (tokens - left.0) / (right.0 - left.0)
                best = max(best ?? 0, left.1 + way * (right.1 - left.1))
            }
        }
        return best
    }

    private func row(_ policy: String, choosing member: (String) -> String) -> Row {
        Self.row(policy, of: problems.compactMap { outcomes[$0]?[member($0)] }, ceiling: ceiling)
    }

    /// What answers come to that a policy gave itself.
    ///
    /// - Parameters:
    ///   - policy: Its name.
    ///   - chosen: One answer for each problem.
    ///   - ceiling: The budget in tokens; `Int.max` for none.
    /// - Returns: Its row.
    public static func row(
        _ policy: String, of chosen: [SampleRecord], ceiling: Int
    ) -> Row {
        let accuracy = Statistics.mean(chosen.map { $0.isCorrect ? 1 : 0 })
        let tokens = chosen.map(\.response.completionTokens)
        return Row(
            policy: policy, accuracy: accuracy,
            accuracyInterval: .wilson(share: accuracy, count: chosen.count),
            tokens: Statistics.mean(tokens.map(Double.init)), mostTokens: tokens.max() ?? 0,
            overruns: tokens.count { $0 > ceiling },
            cut: chosen.count { $0.response.finish == .length })
    }
}
