/// How long steps take, and so how many fit before a deadline.
///
/// Steps that compute prompts take many times as long as those that only decode, and those that
/// decode many sequences longer than those that decode one, so each kind has its own estimate, by
/// doublings of the batch; how many steps with prompts are still to come is known from the prompts
/// that wait. An estimate follows a slower step at once and a faster one by an eighth: a deadline that
/// is missed costs more than a few tokens of thought.
struct StepPace: Sendable, Equatable {
    /// Seconds of a step with part of a prompt in it; `nil` before the first.
    private(set) var secondsWithPrompt: Double?
    /// Mean seconds of a step of any kind, of late; `nil` before the first.
    private(set) var mean: Double?
    /// Seconds of a step without, by the bits of the batch's size less one.
    private var decode: [Double?] = Array(repeating: nil, count: Int.bitWidth)

    /// Takes in one step of so many sequences.
    mutating func note(_ duration: Duration, hadPrompt: Bool, sequences: Int = 1) {
        let seconds = duration.inSeconds
        mean = mean.map { $0 + (seconds - $0) / 16 } ?? seconds
        if hadPrompt {
            Self.follow(seconds, &secondsWithPrompt)
        } else {
            Self.follow(seconds, &decode[Self.bucket(sequences)])
        }
    }

    /// Seconds of a step without prompts; `nil` before the first.
    ///
    /// What was never measured is as slow as the next larger batch, or else as the largest.
    func secondsOfDecode(sequences: Int = 1) -> Double? {
        let bucket = Self.bucket(sequences)
        return decode[bucket...].lazy.compactMap(\.self).first
            ?? decode[..<bucket].lazy.reversed().compactMap(\.self).first
    }

    private static func bucket(_ sequences: Int) -> Int {
        Int.bitWidth - max(sequences - 1, 0).leadingZeroBitCount
    }

    /// Steps that end before `remaining` has passed.
    ///
    /// - Parameters:
    ///   - remaining: Time from now.
    ///   - promptSteps: Steps, from the next one on, that will compute prompts.
    ///   - sequences: Sequences that each of them decodes.
    /// - Returns: At least 0; very many while nothing is known.
    func stepsFitting(
        in remaining: Duration, promptSteps: Int, sequences: Int = 1
    ) -> Int {
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
        guard let each = secondsOfDecode(sequences: sequences), each > 0 else { return most }
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
