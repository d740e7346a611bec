extension Tokenizer {
    /// A tokenizer from the metadata of a GGUF file.
    ///
    /// - Parameter vocabulary: The `tokenizer.ggml.*` metadata.
    /// - Throws: ``TokenizationError`` naming the field, what was expected and found.
    public convenience init(_ vocabulary: GGUFVocabulary) throws(TokenizationError) {
        self.init(parts: try GGUFReader.parts(vocabulary))
    }
}

/// Puts a tokenizer together from GGUF metadata.
enum GGUFReader {
    static let file = "GGUF metadata"

    static func parts(_ source: GGUFVocabulary) throws(TokenizationError) -> TokenizerParts {
        guard source.model == "gpt2" else {
            throw .unsupported(
                file: file, field: "tokenizer.ggml.model", found: source.model.quoted,
                supported: "gpt2")
        }
        guard source.tokenTypes.isEmpty || source.tokenTypes.count == source.tokens.count else {
            throw .invalidField(
                file: file, field: "tokenizer.ggml.token_type",
                expected: "\(source.tokens.count) types, one for each token",
                found: "\(source.tokenTypes.count)")
        }
        let custom = try GGUFPreTokenizer(named: source.preTokenizer)
        var model = ModelReader()
        try model.addMerges(source.merges, file: file)
        var vocabulary = Vocabulary(capacity: source.tokens.count)
        for (id, token) in source.tokens.enumerated() {
            // Padding rows may repeat a text; only the first can be meant by it.
            if vocabulary.id(of: token) != nil, type(of: id, source) != 1 { continue }
            try vocabulary.insert(token, id: id, file: file)
        }
        let encoder = BytePairEncoder(
            vocabulary: vocabulary, merges: try model.mergeTable(vocabulary, file: file),
            isByteLevel: true,
            byteIDs: BytePairEncoder.byteIDs(of: vocabulary, isByteLevel: true),
            unknownID: -1, fusesUnknown: false, byteFallback: false,
            ignoresMerges: custom.ignoresMerges)
        var parts = TokenizerParts(encoder: encoder)
        parts.preTokenizer = try custom.preTokenizer
        if custom.normalizes {
            parts.normalizer = Normalizer(steps: [.form(.canonicalComposed)])
        }
        parts.decoder = .byteLevel
        for (id, token) in source.tokens.enumerated() {
            let type = type(of: id, source)
            // 3 control, 4 user-defined; an unknown token is found in text as well
            guard type == 2 || type == 3 || type == 4, !token.isEmpty,
                vocabulary.id(of: token) == Int32(id)
            else { continue }
            try parts.add(
                AddedToken(content: token, id: Int32(id), isSpecial: type != 4), file: file)
        }
        parts.bos = try named(source.bosID, "bos_token_id", source)
        parts.eos = try named(source.eosID, "eos_token_id", source)
        parts.pad = try named(source.padID, "padding_token_id", source)
        parts.unknown = try named(source.unknownID, "unknown_token_id", source)
        if let bos = parts.bos, source.addsBOS ?? custom.addsBOS {
            parts.template.insert(.ids([bos.id]), at: 0)
        }
        if let eos = parts.eos, source.addsEOS ?? false { parts.template.append(.ids([eos.id])) }
        return parts
    }

    /// The kind of a token; 1, normal, where the file says nothing.
    static func type(of id: Int, _ source: GGUFVocabulary) -> Int32 {
        source.tokenTypes.isEmpty ? 1 : source.tokenTypes[id]
    }

    private static func named(
        _ id: Int32?, _ key: String, _ source: GGUFVocabulary
    ) throws(TokenizationError) -> Tokenizer.NamedToken? {
        guard let id else { return nil }
        guard id >= 0, Int(id) < source.tokens.count else {
            throw .invalidField(
                file: file, field: "tokenizer.ggml.\(key)",
                expected: "an id below \(source.tokens.count)", found: "\(id)")
        }
        return Tokenizer.NamedToken(content: source.tokens[Int(id)], id: id)
    }
}
