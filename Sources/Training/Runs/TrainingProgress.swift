/// A step that was made, for whoever watches.
public struct TrainingProgress: Sendable {
    /// What is being trained: `sft`, `alpha 0.1`.
    public var stage: String
    /// Steps of the stage in all.
    public var stepCount: Int
    /// What the step came to.
    public var metrics: TrainingMetrics
}
