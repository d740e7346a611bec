import Routing

/// What was decided about a completion before it is submitted.
struct CompletionPlan: Sendable {
    /// Who answers.
    let model: ReasoningModel
    /// What it reads.
    var prompt: [Int32]
    /// What it keeps to; `tokens` may be 0 where the caller wants none.
    var effective: EffectiveBudget
    /// Why that one; nil where nothing was to be chosen or enforced.
    var route: Route?
    /// The chosen member as the router saw it.
    var candidate: Candidate?
}
