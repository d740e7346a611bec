/// The vocabulary of a GGUF file, as its `tokenizer.ggml.*` metadata hold it.
public struct GGUFVocabulary: Sendable {
    /// `tokenizer.ggml.model`: `gpt2` is byte-level BPE, `llama` SentencePiece.
    public var model: String
    /// `tokenizer.ggml.pre`: which pre-tokenizer goes before the merges.
    public var preTokenizer: String
    /// `tokenizer.ggml.tokens`: the text of each id.
    public var tokens: [String]
    /// `tokenizer.ggml.token_type`: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused,
    /// 6 byte; empty when the file has none.
    public var tokenTypes: [Int32]
    /// `tokenizer.ggml.merges`: pairs with a space between, most wanted first.
    public var merges: [String]
    /// `tokenizer.ggml.bos_token_id`.
    public var bosID: Int32?
    /// `tokenizer.ggml.eos_token_id`.
    public var eosID: Int32?
    /// `tokenizer.ggml.unknown_token_id`.
    public var unknownID: Int32?
    /// `tokenizer.ggml.padding_token_id`.
    public var padID: Int32?
    /// `tokenizer.ggml.add_bos_token`; `nil` leaves it to the pre-tokenizer's custom.
    public var addsBOS: Bool?
    /// `tokenizer.ggml.add_eos_token`.
    public var addsEOS: Bool?

    /// A vocabulary of tokens and merges; the rest is optional metadata.
    public init(
        model: String, preTokenizer: String, tokens: [String], tokenTypes: [Int32] = [],
        merges: [String], bosID: Int32? = nil, eosID: Int32? = nil, unknownID: Int32? = nil,
        padID: Int32? = nil, addsBOS: Bool? = nil, addsEOS: Bool? = nil
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.tokens = tokens
        self.tokenTypes = tokenTypes
        self.merges = merges
        self.bosID = bosID
        self.eosID = eosID
        self.unknownID = unknownID
        self.padID = padID
        self.addsBOS = addsBOS
        self.addsEOS = addsEOS
    }
}
