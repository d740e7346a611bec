/// Sizes that no honest request reaches.
enum RequestLimits {
    /// Entries of `logit_bias`.
    static let logitBiases = 1024
    /// Texts in `stop`.
    static let stopStrings = 16
    /// Bytes of one stop text.
    static let stopBytes = 1024
    /// Ids in `stop_token_ids`.
    static let stopIDs = 128
    /// Alternatives per token.
    static let topLogprobs = 20
    /// Names in `warnings`, so that a body of nonsense does not come back whole.
    static let warnings = 32
}

/// What a JSON body may cost.
public struct JSONLimits: Sendable, Equatable {
    /// Most values nested in each other.
    public var depth: Int
    /// Most values in all.
    public var values: Int

    /// The defaults: a million token ids are eight full contexts of 128 K.
    ///
    /// - Parameters:
    ///   - depth: Most values nested in each other.
    ///   - values: Most values in all.
    public init(depth: Int = 128, values: Int = 1_000_000) {
        self.depth = depth
        self.values = values
    }
}
