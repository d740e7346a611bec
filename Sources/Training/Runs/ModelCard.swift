import Evaluation
import Foundation

/// The `README.md` beside a trained checkpoint: what it is, how it was made, what it does.
struct ModelCard {
    let recipe: Recipe
    let report: Report
    /// Steps, tokens and seconds that the run's metrics add up to.
    let effort: TrainingEffort
    /// The commit of the program, where it is known.
    let commit: String?

    /// The text of a member's card.
    func text(member: String) -> String {
        guard let part = report.parts.first(where: { $0.member == member }) else { return "" }
        let what =
            part.alpha.map { alpha in
                """
                A member of the family `\(recipe.name)`: its base, tuned by reinforcement learning \
                with the reward `correct × (1 − α·sigmoid((length − mean)/std))`, α = \(alpha) \
                (arXiv 2502.04463).
                """
            } ?? "The base of the family `\(recipe.name)`: supervised learning alone."
        let rows = part.byDifficulty.map { level in
            Self.row(level.difficulty.description, level.summary)
        }
        return """
            # \(recipe.name), \(member)

            \(what) A demonstration model: it solves small arithmetic stories and expressions in \
            plain English, thinking aloud, and nothing else.

            | | |
            |---|---|
            | architecture | Qwen2, \(recipe.network.layers) layers of width \
            \(recipe.network.hiddenSize), byte-level BPE of \(recipe.vocabulary.size) tokens at most |
            | recipe | `\(recipe.name)` in `deploy/recipes`, seed \(recipe.seed) |
            | data | problems and worked solutions from the seeded generator, train split only |
            | steps | \(effort.steps) |
            | tokens | \(effort.tokens) |
            | time | \(Int(effort.seconds / 60)) min |
            | commit | \(commit ?? "not known") |

            On \(part.overall.problems) problems of the test split, temperature \
            \(report.settings.temperature), at most \(report.settings.maximumTokens) tokens; 95 % \
            intervals:

            | tier | accuracy % | 95 % | mean tokens | p90 |
            |---|---:|---:|---:|---:|
            \(rows.joined(separator: "\n"))

            """
    }

    private static func row(_ name: String, _ summary: Summary) -> String {
        let percent = { (share: Double) in String(format: "%.1f", share * 100) }
        let interval = summary.accuracyInterval
        return "| \(name) | \(percent(summary.accuracy)) | \(percent(interval.low))–"
            + "\(percent(interval.high)) | \(Int(summary.tokens.mean.rounded())) | "
            + "\(Int(summary.tokens.p90.rounded())) |"
    }
}

/// What a run cost.
struct TrainingEffort: Equatable {
    var steps = 0
    var tokens = 0
    var seconds = 0.0

    /// The sums of a metrics file; a run without one cost nothing.
    init(metrics path: String) {
        let text = FileManager.default.contents(atPath: path) ?? Data()
        for line in text.split(separator: 0x0A) {
            guard let metrics = try? JSONDecoder().decode(Line.self, from: line) else { continue }
            steps += 1
            let step = (metrics.sampling_seconds ?? 0) + (metrics.training_seconds ?? 0)
            seconds += metrics.seconds ?? step
            tokens += Int(metrics.tokens ?? (metrics.tokens_per_second ?? 0) * step)
        }
    }

    private struct Line: Decodable {
        var tokens: Double?
        var seconds: Double?
        var sampling_seconds: Double?
        var training_seconds: Double?
        var tokens_per_second: Double?
    }
}
