/// How long steps take, as deadlines and quotes need it.
///
/// The estimate follows a slower step at once and a faster one slowly, for a deadline that is
/// missed costs more than a token that could have been.
struct StepPace: Sendable {
    /// Seconds from a sequence's token to its next; 0 before any was measured.
    private(set) var secondsPerStep = 0.0
    /// Seconds that a token of a prompt adds; 0 before any was measured.
    private(set) var secondsPerPromptToken = 0.0

    /// The weight of the newest faster step.
    private static let easing = 0.2
    /// What is set aside for sampling, delivery and a step that takes longer than those before.
    static let margin = 1.25

    /// Takes a step into account.
    mutating func note(_ plan: StepPlan, seconds: Double) {
        let tokens = plan.shares.reduce(0) { $0 + $1.tokenCount }
        let decodes = plan.shares.count { $0.tokenCount == 1 }
        if decodes > 0 { Self.follow(&secondsPerStep, seconds) }
        if tokens - decodes > 16 {
            let share = seconds / Double(tokens)
            secondsPerPromptToken +=
                (share - secondsPerPromptToken) * (secondsPerPromptToken == 0 ? 1 : Self.easing)
        }
    }

    /// Steps that fit a time.
    func steps(within seconds: Double) -> Int {
        guard seconds > 0 else { return 0 }
        guard secondsPerStep > 0 else { return .max }
        return Int(min(seconds / (secondsPerStep * Self.margin), 1e15))
    }

    private static func follow(_ estimate: inout Double, _ seconds: Double) {
        estimate = seconds >= estimate ? seconds : estimate + (seconds - estimate) * easing
    }
}

extension ContinuousClock.Instant {
    /// Seconds from here to `other`, negative if that was before.
    func seconds(to other: ContinuousClock.Instant) -> Double {
        let parts = duration(to: other).components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
}
