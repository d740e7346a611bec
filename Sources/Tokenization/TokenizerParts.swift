/// What a tokenizer is made of, before it is put together.
struct TokenizerParts {
    var encoder: BytePairEncoder
    var normalizer = Normalizer(steps: [])
    var preTokenizer = PreTokenizer()
    var template: [Tokenizer.TemplateItem] = [.text]
    var decoder = TextDecoder.spaced
    var addedTokens: [AddedToken] = []
    /// Where each added token stands, by text; and the text of each id.
    var addedIndex: [String: Int] = [:]
    var addedByID: [Int32: String] = [:]
    var bos: Tokenizer.NamedToken?
    var eos: Tokenizer.NamedToken?
    var pad: Tokenizer.NamedToken?
    var unknown: Tokenizer.NamedToken?

    init(encoder: BytePairEncoder) {
        self.encoder = encoder
    }

    /// The token with this text, added or of the model.
    func token(_ content: String) -> Tokenizer.NamedToken? {
        let id =
            addedIndex[content].map { addedTokens[$0].id }
            ?? encoder.vocabulary.id(of: content)
        return id.map { Tokenizer.NamedToken(content: content, id: $0) }
    }
}
