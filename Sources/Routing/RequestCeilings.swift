/// The ceilings on new tokens that other APIs' fields carry, each at least 1 where it is set.
public struct RequestCeilings: Sendable, Equatable {
    /// `max_tokens`, the older name of `max_completion_tokens`.
    public var maximumTokens: Int?
    /// `max_completion_tokens`; where it is set, `max_tokens` says nothing.
    public var maximumCompletionTokens: Int?
    /// `max_new_tokens`.
    public var maximumNewTokens: Int?

    /// Ceilings, all absent unless given.
    ///
    /// - Parameters:
    ///   - maximumTokens: `max_tokens`.
    ///   - maximumCompletionTokens: `max_completion_tokens`.
    ///   - maximumNewTokens: `max_new_tokens`.
    public init(
        maximumTokens: Int? = nil, maximumCompletionTokens: Int? = nil,
        maximumNewTokens: Int? = nil
    ) {
        self.maximumTokens = maximumTokens
        self.maximumCompletionTokens = maximumCompletionTokens
        self.maximumNewTokens = maximumNewTokens
    }

    /// The lowest ceiling that holds, or `nil` when none was set.
    public var tightest: Int? {
        [maximumCompletionTokens ?? maximumTokens, maximumNewTokens].compactMap(\.self).min()
    }
}
