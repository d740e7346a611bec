/// How long steps take, and so how many fit before a deadline.
///
/// Steps that compute prompts take many times as long as those that only decode, so each kind has
/// its own estimate; how many of the first kind are still to come is known from the prompts that
/// wait. An estimate follows a slower step at once and a faster one by an eighth: a deadline that
/// is missed costs more than a few tokens of thought.
struct StepPace: Sendable, Equatable {
    /// Seconds of a step with part of a prompt in it; `nil` before the first.
    private(set) var secondsWithPrompt: Double?
    /// Seconds of a step without; `nil` before the first.
    private(set) var secondsOfDecode: Double?

    /// Takes in one step.
    mutating func note(_ duration: Duration, hadPrompt: Bool) {
        let seconds = duration.inSeconds
        if hadPrompt {
            Self.follow(seconds, &secondsWithPrompt)
        } else {
            Self.follow(seconds, &secondsOfDecode)
        }
    }

    /// Steps that end before `remaining` has passed.
    ///
    /// - Parameters:
    ///   - remaining: Time from now.
    ///   - promptSteps: Steps, from the next one on, that will compute prompts.
    /// - Returns: At least 0; very many while nothing is known.
    func stepsFitting(in remaining: Duration, promptSteps: Int) -> Int {
        let most = 1 << 40
        var seconds = remaining.inSeconds
        guard seconds > 0 else { return 0 }
        var steps = 0
        if promptSteps > 0, let each = secondsWithPrompt, each > 0 {
            let fitting = seconds / each
            if fitting < Double(promptSteps) { return Int(fitting) }
            steps = promptSteps
            seconds -= Double(promptSteps) * each
        }
        guard let each = secondsOfDecode, each > 0 else { return most }
        return steps + Int(min(seconds / each, Double(most - steps)))
    }

    private static func follow(_ seconds: Double, _ estimate: inout Double?) {
        guard let known = estimate, seconds < known else {
            estimate = max(seconds, 0)
            return
        }
        estimate = known + (seconds - known) / 8
    }
}

extension Duration {
    /// The same as a number.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
