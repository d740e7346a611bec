import Foundation

/// What a step came to, by name, in the order in which a person reads it.
public struct TrainingMetrics: Sendable, Equatable {
    /// One number.
    public struct Entry: Sendable, Equatable {
        /// Its name, in snake case.
        public var name: String
        /// The number; not finite where there is none.
        public var value: Double
    }

    /// The step's number, from 1.
    public var step: Int
    /// The numbers.
    public private(set) var entries: [Entry] = []

    /// No numbers yet.
    public init(step: Int) {
        self.step = step
    }

    /// The number of a name.
    public subscript(name: String) -> Double? {
        entries.first { $0.name == name }?.value
    }

    mutating func append(_ name: String, _ value: Double) {
        entries.append(Entry(name: name, value: value))
    }

    /// One JSON object without line feeds; what is not finite is null.
    public var json: String {
        let fields = entries.map { entry in
            "\"\(entry.name)\":\(entry.value.isFinite ? "\(entry.value)" : "null")"
        }
        return "{" + (["\"step\":\(step)"] + fields).joined(separator: ",") + "}"
    }
}

extension TrainingMetrics {
    init(_ report: SupervisedTrainer.Report, step: Int, seconds: Double, network: Int, peak: Double)
    {
        self.init(step: step)
        append("loss", report.loss)
        append("entropy", report.entropy)
        append("gradient_norm", report.gradientNorm)
        append("rate_factor", report.rateFactor)
        append("tokens", Double(report.tokens))
        append("learned_tokens", Double(report.learnedTokens))
        append("seconds", seconds)
        append("tokens_per_second", Double(report.tokens) / seconds)
        let speed = Double(report.tokens) * Double(network) / seconds
        append("gflops", speed * 1e-9)
        append("peak_share", speed / peak)
    }

    init(_ report: ReinforcementReport, network: Int, peak: Double) {
        self.init(step: report.step)
        append("reward", report.reward)
        append("accuracy", report.all.accuracy)
        append("length", report.all.meanLength)
        for (difficulty, group) in report.byDifficulty.sorted(by: { $0.key < $1.key }) {
            append("accuracy_\(difficulty)", group.accuracy)
            append("length_\(difficulty)", group.meanLength)
        }
        append("kl", report.klToReference ?? .nan)
        append("entropy", report.entropy)
        append("clip_share", report.clipShare)
        append("truncated_share", report.truncatedShare)
        append("loss", report.loss)
        append("gradient_norm", report.gradientNorm)
        append("rate_factor", report.rateFactor)
        append("sampling_seconds", report.samplingSeconds)
        append("training_seconds", report.trainingSeconds)
        let seconds = report.samplingSeconds + report.trainingSeconds
        append("tokens_per_second", Double(report.all.tokens) / seconds)
        // The start model's pass, where divergence is measured, is the forward third of one.
        let passes = report.klToReference == nil ? 1 : 4.0 / 3
        let speed =
            passes * Double(report.computedTokens) * Double(network)
            / max(report.trainingSeconds, 1e-9)
        append("gflops", speed * 1e-9)
        append("peak_share", speed / peak)
    }
}
