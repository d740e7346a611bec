/// The ceilings on new tokens that other APIs' fields carry, each at least 1 where it is set.
public struct RequestCeilings: Sendable, Equatable {
    /// `max_tokens`, the older name of `max_completion_tokens`.
    public var maximumTokens: Int?
    /// `max_completion_tokens`; where it is set, `max_tokens` says nothing.
    public var maximumCompletionTokens: Int?
    /// `max_new_tokens`.
    public var maximumNewTokens: Int?
    /// The tightest of other APIs' ceilings on the thought: `thinking_token_budget`,
    /// `thinking.budget_tokens` and their kin.
    public var reasoningTokens: Int?

    /// Ceilings, all absent unless given.
    ///
    /// - Parameters:
    ///   - maximumTokens: `max_tokens`.
    ///   - maximumCompletionTokens: `max_completion_tokens`.
    ///   - maximumNewTokens: `max_new_tokens`.
    ///   - reasoningTokens: The thought's own.
    public init(
        maximumTokens: Int? = nil, maximumCompletionTokens: Int? = nil,
        maximumNewTokens: Int? = nil, reasoningTokens: Int? = nil
    ) {
        self.maximumTokens = maximumTokens
        self.maximumCompletionTokens = maximumCompletionTokens
        self.maximumNewTokens = maximumNewTokens
        self.reasoningTokens = reasoningTokens
    }

    /// The lowest ceiling that holds, or `nil` when none was set.
    public var tightest: Int? {
        [maximumCompletionTokens ?? maximumTokens, maximumNewTokens].compactMap(\.self).min()
    }
}
