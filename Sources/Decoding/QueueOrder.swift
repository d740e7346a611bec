/// Who of those that wait is begun next.
public enum QueueOrder: String, Sendable, CaseIterable {
    /// The one with the least work ahead; waiting counts for it.
    case shortest
    /// The one that came first.
    case fifo

    /// Steps that a sequence has to wait to count as one token shorter.
    ///
    ///     rank = 4 * (prompt tokens to compute + new tokens expected) + step of arrival
    ///
    /// All that wait age alike, so ranks stay as they are and the queue stays sorted. And nobody
    /// waits for ever: what comes once a sequence has waited for four steps a token of its work
    /// has a higher rank, however short it is, so that only those who came before can still be
    /// begun first. A sequence takes about a step a token itself: the longest wait grows with what
    /// was asked for.
    static let stepsPerToken = 4

    /// The place of a sequence: lower ranks first, of equals the one that came first.
    ///
    /// - Parameters:
    ///   - request: What is asked for.
    ///   - cached: Tokens of its prompt that need not be computed.
    ///   - step: Steps that the engine had run when it came.
    /// - Returns: Its rank.
    func rank(of request: SequenceRequest, cached: Int = 0, arrival step: Int) -> Int {
        rank(promptTokens: request.prompt.count - cached, newTokens: request.likelyTokens, step)
    }

    /// The place of a sequence of which only the lengths are known.
    func rank(promptTokens: Int, newTokens: Int, _ step: Int) -> Int {
        switch self {
        case .shortest: Self.stepsPerToken * (promptTokens + newTokens) + step
        case .fifo: 0
        }
    }
}
