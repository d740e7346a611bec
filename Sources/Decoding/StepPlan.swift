import Models

/// What one step computes, decided before any arithmetic runs.
struct StepPlan: Sendable {
    /// One sequence's part of the step.
    struct Share: Sendable, Equatable {
        /// Index in `Scheduler.running`.
        var index: Int
        /// Position of the first token.
        var position: Int
        /// Tokens computed.
        var tokenCount: Int
        /// Those of them that are guesses, the last ones.
        var guessCount = 0
        /// Rows of logits that come back.
        var rowCount: Int
    }

    /// Parts in the order of the batch.
    var shares: [Share] = []
    /// The same for the model.
    var batch = ForwardBatch(items: [])

    var isEmpty: Bool { shares.isEmpty }

    /// Empties the plan and keeps its memory.
    mutating func removeAll() {
        shares.removeAll(keepingCapacity: true)
        batch.items.removeAll(keepingCapacity: true)
    }
}
