/// The small files beside `tokenizer.json`.
enum TokenizerConfiguration {
    /// The whole of a small file.
    static func tree(_ file: String, _ bytes: [UInt8]) throws(TokenizationError) -> JSONField {
        var reader = try JSONReader(file: file, bytes: bytes)
        let node = try reader.readNode()
        try reader.expectEnd()
        let field = JSONField(file: file, name: "", node: node)
        guard case .object = node else { throw field.wrong("an object") }
        return field
    }

    /// `added_tokens.json`: texts and their ids.
    static func addTokens(
        _ bytes: [UInt8], to parts: inout TokenizerParts
    ) throws(TokenizationError) {
        let file = "added_tokens.json"
        for (content, field) in try tree(file, bytes).members() {
            let id = Int32(try field.integer(in: 0...Vocabulary.maximumIDCount - 1))
            if content.isEmpty || parts.addedIndex[content] != nil { continue }
            let known = parts.encoder.vocabulary.id(of: content)
            try parts.add(
                AddedToken(content: content, id: id, isSpecial: false, isNormalized: known == nil),
                file: file)
        }
    }

    /// Takes the names of special tokens and the wish for BOS and EOS from the files, the first
    /// that says something first.
    static func apply(
        _ files: [JSONField], to parts: inout TokenizerParts
    ) throws(TokenizationError) {
        for file in files {
            if let decoder = try file.optional("added_tokens_decoder") {
                try addTokens(decoder, to: &parts)
            }
        }
        parts.bos = try named("bos_token", files, &parts)
        parts.eos = try named("eos_token", files, &parts)
        parts.pad = try named("pad_token", files, &parts)
        parts.unknown = try named("unk_token", files, &parts)
        if parts.unknown == nil, parts.encoder.unknownID >= 0,
            let content = parts.encoder.vocabulary.token(parts.encoder.unknownID)
        {
            parts.unknown = Tokenizer.NamedToken(content: content, id: parts.encoder.unknownID)
        }
        guard let configuration = files.first(where: { $0.file == "tokenizer_config.json" }) else {
            return
        }
        // Where the configuration speaks of BOS or EOS it overrules the post-processor, as it does
        // in transformers.
        let addsBOS = try configuration.optional("add_bos_token")
        let addsEOS = try configuration.optional("add_eos_token")
        guard addsBOS != nil || addsEOS != nil else { return }
        var template: [Tokenizer.TemplateItem] = [.text]
        if let bos = parts.bos, try addsBOS?.boolean() ?? false {
            template.insert(.ids([bos.id]), at: 0)
        }
        if let eos = parts.eos, try addsEOS?.boolean() ?? false {
            template.append(.ids([eos.id]))
        }
        parts.template = template
    }

    /// `added_tokens_decoder` of `tokenizer_config.json`: ids and how their tokens behave.
    private static func addTokens(
        _ field: JSONField, to parts: inout TokenizerParts
    ) throws(TokenizationError) {
        for (key, value) in try field.members() {
            guard let id = Int32(key), id >= 0, Int(id) < Vocabulary.maximumIDCount else {
                throw field.wrong("ids as keys")
            }
            let content = try value.required("content", "a string").string()
            if content.isEmpty || parts.addedIndex[content] != nil { continue }
            let special = try value.boolean("special", or: false)
            try parts.add(
                AddedToken(
                    content: content, id: id, isSpecial: special,
                    isSingleWord: try value.boolean("single_word", or: false),
                    stripsLeft: try value.boolean("lstrip", or: false),
                    stripsRight: try value.boolean("rstrip", or: false),
                    isNormalized: try value.boolean("normalized", or: !special)),
                file: field.file)
        }
    }

    /// A special token by its role: a string, or an object with `content`.
    private static func named(
        _ role: String, _ files: [JSONField], _ parts: inout TokenizerParts
    ) throws(TokenizationError) -> Tokenizer.NamedToken? {
        for file in files {
            guard let field = try file.optional(role) else { continue }
            let content: String
            if case .string(let value) = field.node {
                content = value
            } else {
                content = try field.required("content", "a string").string()
            }
            guard let token = parts.token(content) else { continue }
            return token
        }
        return nil
    }
}
