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
    /// Values nested in a body.
    static let depth = 128
    /// Values in a body: a million token ids are eight full contexts of 128 K.
    static let values = 1_000_000
}
