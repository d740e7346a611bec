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
