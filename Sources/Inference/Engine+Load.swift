import Decoding
import Routing

extension Engine {
    /// What is set aside for delivery, and for a step that takes longer than those before.
    private static let margin = 1.25

    /// How fast a request would be answered that came now.
    ///
    /// - Parameters:
    ///   - promptTokens: Tokens of its prompt.
    ///   - newTokens: New tokens that it would likely take.
    ///   - client: Who asks.
    /// - Returns: The times, 0 where none was measured yet.
    nonisolated func load(promptTokens: Int, newTokens: Int = 1, client: String? = nil) -> Load {
        let statistics = statistics
        let promptSteps = (promptTokens + tokensPerStep - 1) / tokensPerStep
        return Load(
            waitSeconds: expectedWaitSeconds(
                promptTokens: promptTokens, newTokens: newTokens, client: client),
            prefillSeconds: Double(promptSteps) * statistics.secondsPerPromptStep,
            secondsPerToken: statistics.secondsPerStep * Self.margin)
    }
}
