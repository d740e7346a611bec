/// How the learning rate moves over a run: up, level, and down to zero.
///
///     1 |   ________________
///       |  /                \
///     0 |_/                  \
///        warm-up        decay
public struct LearningSchedule: Sendable, Equatable {
    /// Steps in all.
    public var stepCount: Int
    /// Steps until the full rate is reached; it grows linearly.
    public var warmupSteps: Int
    /// The share of all steps, at the end, over which the rate falls linearly to 0.
    public var decayShare: Double

    /// A schedule; see the properties.
    public init(stepCount: Int, warmupSteps: Int = 0, decayShare: Double = 0) {
        self.stepCount = stepCount
        self.warmupSteps = warmupSteps
        self.decayShare = decayShare
    }

    /// The share of the full rate that a step has.
    ///
    /// - Parameter step: From 1 to `stepCount`.
    /// - Returns: In [0, 1].
    public func factor(step: Int) -> Double {
        let up = warmupSteps > 0 ? min(1, Double(step) / Double(warmupSteps)) : 1
        let decaySteps = decayShare * Double(stepCount)
        let left = Double(stepCount - step + 1)
        let down = decaySteps > 0 ? min(1, left / (decaySteps + 1)) : 1
        return max(0, min(up, down))
    }
}
