import Foundation
import Synchronization
import Training

/// How far training is: a line for each stage, drawn over on a terminal, now and then elsewhere.
final class TrainingView: Sendable {
    private struct State {
        var shown: [String: ContinuousClock.Instant] = [:]
        var begun: [String: (instant: ContinuousClock.Instant, step: Int)] = [:]
        /// Stages in the order of their lines, which are drawn over.
        var lines: [(stage: String, text: String)] = []
    }

    private let isTerminal = isatty(2) == 1
    private let state = Mutex(State())

    /// Shows a step.
    func show(_ progress: TrainingProgress) {
        let now = ContinuousClock.now
        let (stage, metrics) = (progress.stage, progress.metrics)
        let isLast = metrics.step == progress.stepCount
        state.withLock { state in
            let begun = state.begun[stage] ?? (now, metrics.step)
            state.begun[stage] = begun
            let pause = isTerminal ? Duration.milliseconds(200) : .seconds(30)
            if let last = state.shown[stage], now - last < pause, !isLast { return }
            state.shown[stage] = now
            var text = "\(stage)  step \(metrics.step)/\(progress.stepCount)  "
            text += Self.text(metrics)
            let made = metrics.step - begun.step
            if made > 0, !isLast {
                let seconds = (now - begun.instant) / .seconds(1) / Double(made)
                let left = seconds * Double(progress.stepCount - metrics.step)
                text += ", \(ProgressLine.duration(left)) left"
            }
            draw(text, stage: stage, &state)
        }
    }

    private func draw(_ text: String, stage: String, _ state: inout State) {
        guard isTerminal else { return Terminal.errors.line(text) }
        if !state.lines.isEmpty {
            Terminal.errors.write("\u{1B}[\(state.lines.count)A")
        }
        if let index = state.lines.firstIndex(where: { $0.stage == stage }) {
            state.lines[index].text = text
        } else {
            state.lines.append((stage, text))
        }
        for line in state.lines { Terminal.errors.line("\r\u{1B}[2K\(line.text)") }
    }

    /// Leaves the lines behind.
    func end() {}

    /// The numbers that a person follows.
    static func text(_ metrics: TrainingMetrics) -> String {
        func number(_ name: String, _ format: String) -> String? {
            metrics[name].flatMap { $0.isFinite ? String(format: format, $0) : nil }
        }
        func tiers(_ name: String, _ format: String, scale: Double) -> String? {
            let values = metrics.entries.filter { $0.name.hasPrefix("\(name)_") }
            guard !values.isEmpty else { return nil }
            return values.map { String(format: format, $0.value * scale) }.joined(separator: "/")
        }
        let parts = [
            number("loss", "loss %.4f"), number("reward", "reward %.3f"),
            tiers("accuracy", "%.0f", scale: 100).map { "right \($0) %" },
            tiers("length", "%.0f", scale: 1).map { "length \($0)" },
            number("kl", "kl %.4f"), number("entropy", "entropy %.3f"),
            number("clip_share", "clip %.4f"), number("gradient_norm", "gradient %.3f"),
            number("tokens_per_second", "%.0f tokens/s"), number("gflops", "%.0f GFLOP/s"),
            metrics["peak_share"].map { String(format: "%.0f %% of peak", $0 * 100) },
        ]
        return parts.compactMap(\.self).joined(separator: ", ")
    }
}
