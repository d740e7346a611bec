/// Mean seconds of a step that computes no prompt, by the tokens that it computes.
///
/// Differs from `StepPace`, which is asked whether a deadline holds and so stays on the slow side:
/// here two sizes are compared, and what both have in common should cancel.
struct StepCost: Sendable {
    /// Sizes above have the last one's entry.
    private static let sizes = 128
    /// Steps after which a measurement says nothing beside a new one.
    private static let lifetime = 256

    private var entries = [(seconds: Double, step: Int)](
        repeating: (0, 0), count: StepCost.sizes + 1)
    private var step = 0

    /// Takes in one step.
    mutating func note(_ duration: Duration, tokens: Int) {
        let size = min(tokens, Self.sizes)
        step += 1
        let (known, last) = entries[size]
        guard known > 0, step - last <= Self.lifetime else {
            entries[size] = (max(duration.inSeconds, 1e-9), step)
            return
        }
        // A step that somebody else's program held up says little about the next.
        let seconds = min(duration.inSeconds, 2 * known)
        entries[size] = (max(known + (seconds - known) / 8, 1e-9), step)
    }

    /// Seconds of a step of `tokens` where one of `base`, which is fewer or as many, is known.
    ///
    /// - Returns: As measured, or on the line between sizes that were, or on from the largest;
    ///   where nothing above `base` was, little more than that. `nil` where `base` was not.
    func seconds(tokens: Int, base: Int) -> Double? {
        let (size, base) = (min(tokens, Self.sizes), min(base, Self.sizes))
        guard base < Self.sizes, entries[base].seconds > 0 else { return nil }
        if entries[size].seconds > 0 { return entries[size].seconds }
        let low = (base...size).last { entries[$0].seconds > 0 } ?? base
        let least = entries[low].seconds
        if let high = (size...min(size + Speculation.longest, Self.sizes)).first(where: {
            entries[$0].seconds > 0
        }) {
            let slope = (entries[high].seconds - least) / Double(high - low)
            return least + slope * Double(size - low)
        }
        let slope =
            low > base
            ? max((least - entries[base].seconds) / Double(low - base), 0)
            : least / Double(4 * max(low, 1))
        return least + slope * Double(size - low)
    }
}
