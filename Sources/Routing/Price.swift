/// What a member's tokens cost, in the operator's unit per million.
public struct Price: Sendable, Equatable, Codable {
    /// A million tokens of prompts.
    public var prompt: Double
    /// A million new tokens.
    public var completion: Double

    /// One unit per million new tokens, prompts free: cost is then a count of tokens.
    public static let perToken = Price(prompt: 0, completion: 1)

    /// A price of so much per million.
    public init(prompt: Double, completion: Double) {
        self.prompt = prompt
        self.completion = completion
    }

    /// The cost of so many tokens.
    public func cost(promptTokens: Int, completionTokens: Double) -> Double {
        (prompt * Double(promptTokens) + completion * completionTokens) * 1e-6
    }

    /// The new tokens that `cost` pays for behind a prompt; negative when it does not pay for
    /// the prompt.
    func completionTokens(for cost: Double, promptTokens: Int) -> Int {
        let left = cost - self.cost(promptTokens: promptTokens, completionTokens: 0)
        guard completion > 0 else { return left >= 0 ? Int.max / 2 : -1 }
        // The millionth part keeps a cost that was computed from a count at that count.
        let count = (left / (completion * 1e-6) + 1e-6).rounded(.down)
        return Int(min(Swift.max(count, -1), 1e15))
    }
}
