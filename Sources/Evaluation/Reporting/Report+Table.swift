import Foundation

extension Report {
    /// The heads of the table's columns.
    public var tableHeader: [String] {
        let most = parts.first?.overall.passRates.last?.within ?? 1
        return ["member", "difficulty", "problems", "accuracy %", "95 %"]
            + (most > 1 ? ["pass@\(most) %", "majority %"] : [])
            + ["cut %", "tokens", "p50", "p90", "p99", "thought"]
    }

    /// A row for each member, then one for each of its difficulties.
    public var tableRows: [[String]] {
        let hasPasses = (parts.first?.overall.passRates.last?.within ?? 1) > 1
        return parts.flatMap { part in
            [row(part.member, "all", part.overall, hasPasses)]
                + part.byDifficulty.map {
                    row("", $0.difficulty.description, $0.summary, hasPasses)
                }
        }
    }

    private func row(
        _ member: String, _ difficulty: String, _ summary: Summary, _ hasPasses: Bool
    ) -> [String] {
        let percent = { (share: Double) in String(format: "%.1f", share * 100) }
        let interval = summary.accuracyInterval
        let pass = percent(summary.passRates.last?.rate ?? 0)
        let counts = [
            summary.tokens.mean, summary.tokens.p50, summary.tokens.p90, summary.tokens.p99,
            summary.reasoningTokens,
        ]
        return [
            member, difficulty, "\(summary.problems)", percent(summary.accuracy),
            "\(percent(interval.low))–\(percent(interval.high))",
        ] + (hasPasses ? [pass, percent(summary.majority)] : [])
            + [percent(summary.truncated)] + counts.map { String(format: "%.0f", $0) }
    }
}
