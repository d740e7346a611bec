import Evaluation
import Foundation

/// How far an evaluation is: a bar that is drawn over on a terminal, a line now and then elsewhere.
final class ProgressLine {
    private static let width = 24
    private static let pause = Duration.seconds(30)

    private let isTerminal = isatty(2) == 1
    private var start = ContinuousClock.now
    private var lastShown: ContinuousClock.Instant?
    private var stage: String?
    private var isDrawn = false

    /// Shows where a calibration stands, each of its stages on a line of its own.
    func show(_ progress: Calibrator.Progress) {
        if progress.stage != stage {
            end()
            stage = progress.stage
            start = .now
            Terminal.errors.line(Terminal.errors.dim(progress.stage))
        }
        show(progress.samples)
    }

    /// Shows where the evaluation stands.
    func show(_ progress: Evaluator.Progress) {
        let now = ContinuousClock.now
        let isLast = progress.done == progress.total
        let rest = isTerminal ? Duration.milliseconds(100) : Self.pause
        if let lastShown, now - lastShown < rest, !isLast { return }
        lastShown = now
        let text = Self.text(progress, elapsed: (now - start) / .seconds(1))
        if isTerminal {
            let filled = progress.done * Self.width / max(1, progress.total)
            let bar =
                String(repeating: "█", count: filled)
                + String(repeating: "░", count: Self.width - filled)
            Terminal.errors.write("\r\u{1B}[2K\(bar) \(text)")
            isDrawn = true
        } else {
            Terminal.errors.line(text)
        }
    }

    /// Leaves the bar behind.
    func end() {
        if isDrawn { Terminal.errors.line() }
        isDrawn = false
    }

    /// The state in words.
    ///
    /// - Parameters:
    ///   - progress: The state.
    ///   - elapsed: Seconds since the start of this run.
    /// - Returns: Such as `12/40 samples, 41.7 % correct, 310 tokens/s, 2 min 5 s left`.
    static func text(_ progress: Evaluator.Progress, elapsed: Double) -> String {
        var parts = ["\(progress.done)/\(progress.total) samples"]
        if progress.made == 0, progress.reused > 0 { parts[0] += " from before" }
        if progress.done > 0 {
            let share = 100 * Double(progress.correct) / Double(progress.done)
            parts.append(String(format: "%.1f %% correct", share))
        }
        if progress.made > 0, elapsed > 0 {
            parts.append(String(format: "%.0f tokens/s", Double(progress.tokens) / elapsed))
            let left = progress.total - progress.done
            if left > 0 {
                let seconds = elapsed / Double(progress.made) * Double(left)
                parts.append("\(duration(seconds)) left")
            }
        }
        return parts.joined(separator: ", ")
    }

    /// A time to the precision that an estimate deserves.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(min(max(seconds, 0), 1e9).rounded(.up))
        return switch whole {
        case ..<60: "\(whole) s"
        case ..<600: "\(whole / 60) min \(whole % 60) s"
        case ..<3600: "\(whole / 60) min"
        default: "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
    }
}
