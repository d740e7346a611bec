import Decoding
import Routing

extension Engine {
    /// What comes on top of a step before the next is computed.
    private static let margin = 1.25

    /// How fast a request would be answered that came now.
    ///
    /// - Parameter promptTokens: Tokens of its prompt.
    nonisolated func load(promptTokens: Int) -> Load {
        let statistics = statistics
        return Load(
            waitSeconds: expectedWaitSeconds,
            prefillSeconds: Double(promptTokens) * statistics.secondsPerPromptToken,
            secondsPerToken: statistics.secondsPerStep * Self.margin)
    }
}
