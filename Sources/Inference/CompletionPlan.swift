import Routing

/// What was decided about a completion before it is submitted.
struct CompletionPlan: Sendable {
    /// Who answers.
    let model: ReasoningModel
    /// What was asked, with the ceilings that follow from its budget.
    var request: CompletionRequest
    /// What the model reads.
    var prompt: [Int32]
    /// What it keeps to; `tokens` may be 0 where the caller wants none.
    var effective: EffectiveBudget
    /// Why that one; nil where nothing was to be chosen or enforced.
    var route: Route?
    /// The chosen member as the router saw it.
    var candidate: Candidate?
    /// How long it waited for the model's weights.
    var loading = Duration.zero
}

/// What is read of a prompt before anybody is chosen, so that one request may be planned often.
struct PromptReading: Sendable {
    /// The prompt's ids.
    let prompt: [Int32]
    /// What the question's words tell; empty where nobody looks at them.
    let features: [Double]
    /// What the probe told; nil where it was not asked or had no time.
    let probed: [Double]?
}

extension EffectiveBudget {
    /// The ceilings of the thought as a request carries them; nil where none is told apart.
    var thought: ThoughtCeilings? {
        guard let reasoningTokens else { return nil }
        var thought = ThoughtCeilings()
        thought.maximumTokens = reasoningTokens
        thought.answerReserve = answerTokens
        thought.closes = closes
        // A sentence that ends within the last sixteenth of a thought is where it is closed.
        thought.grace = min(reasoningTokens / 16, 32)
        return thought
    }
}
