/// What a client needs to know of a tokenizer that it has no copy of.
public struct TokenizerDescription: Sendable, Equatable {
    /// The text of `bos_token`, `eos_token`, `pad_token` and `unk_token`, where the model has them.
    public var specialTokens: [String: String]
    /// The source of the usual chat template; `nil` for none.
    public var chatTemplate: String?

    /// A tokenizer's description.
    public init(specialTokens: [String: String], chatTemplate: String?) {
        self.specialTokens = specialTokens
        self.chatTemplate = chatTemplate
    }
}
