extension GGUFVocabulary {
    /// The `tokenizer.json` that gives the same ids and texts.
    ///
    /// - Returns: The file, UTF-8.
    /// - Throws: ``TokenizationError`` for a vocabulary that cannot be read, and where the special
    ///   tokens' texts belong to other ids.
    public func tokenizerJSON() throws(TokenizationError) -> [UInt8] {
        let parts = try GGUFReader.parts(self)
        let cutting = try GGUFPreTokenizer(named: preTokenizer)
        let byteLevel = JSONNode.members([
            "type": .string("ByteLevel"), "add_prefix_space": .boolean(false),
            "trim_offsets": .boolean(true), "use_regex": .boolean(false),
        ])
        let file = JSONNode.members([
            "version": .string("1.0"),
            "truncation": .null,
            "padding": .null,
            "added_tokens": .array(parts.addedTokens.map(\.json)),
            "normalizer": cutting.normalizes ? .members(["type": .string("NFC")]) : .null,
            "pre_tokenizer": .members([
                "type": .string("Sequence"),
                "pretokenizers": .array(cutting.cuts.map(\.json) + [byteLevel]),
            ]),
            "post_processor": try postProcessor(parts),
            "decoder": byteLevel,
            "model": .members([
                "type": .string("BPE"), "dropout": .null, "unk_token": .null,
                "continuing_subword_prefix": .null, "end_of_word_suffix": .null,
                "fuse_unk": .boolean(false), "byte_fallback": .boolean(false),
                "ignore_merges": .boolean(cutting.ignoresMerges),
                "vocab": .object(entries(parts)),
                // Older readers know no other spelling than GGUF's own, two parts and a space.
                "merges": .array(
                    merges.filter { !$0.hasPrefix("#version") }.map { .string($0) }),
            ]),
        ])
        return Array(file.text.utf8)
    }

    /// The `tokenizer_config.json` that goes with it.
    ///
    /// - Parameters:
    ///   - chatTemplate: The template's source, where there is one.
    ///   - contextLength: The longest sequence, in tokens.
    /// - Returns: The file, UTF-8.
    /// - Throws: ``TokenizationError`` as ``tokenizerJSON()``.
    public func tokenizerConfigurationJSON(
        chatTemplate: String?, contextLength: Int
    ) throws(TokenizationError) -> [UInt8] {
        let parts = try GGUFReader.parts(self)
        var members: [(String, JSONNode)] = [
            ("tokenizer_class", .string("PreTrainedTokenizerFast")),
            ("model_max_length", .integer(contextLength)),
            ("clean_up_tokenization_spaces", .boolean(false)),
        ]
        for (role, token) in [
            ("bos_token", parts.bos), ("eos_token", parts.eos), ("pad_token", parts.pad),
            ("unk_token", parts.unknown),
        ] {
            guard let token else { continue }
            guard parts.token(token.content)?.id == token.id else {
                throw .invalidField(
                    file: GGUFReader.file, field: "id of \(role)",
                    expected: "the id of the first token with its text", found: "\(token.id)")
            }
            members.append((role, .string(token.content)))
        }
        if let chatTemplate { members.append(("chat_template", .string(chatTemplate))) }
        return Array((JSONNode.object(members).text + "\n").utf8)
    }

    /// Tokens and their ids, without the rows that repeat a text.
    private func entries(_ parts: TokenizerParts) -> [(String, JSONNode)] {
        tokens.enumerated().compactMap { id, token in
            parts.encoder.vocabulary.id(of: token) == Int32(id) ? (token, .integer(id)) : nil
        }
    }

    private func postProcessor(_ parts: TokenizerParts) throws(TokenizationError) -> JSONNode {
        guard parts.template.count > 1 else { return .null }
        func sequence(_ id: String, _ type: Int) -> JSONNode {
            .members(["Sequence": .members(["id": .string(id), "type_id": .integer(type)])])
        }
        func items(_ id: String, _ type: Int) -> [JSONNode] {
            parts.template.flatMap { item -> [JSONNode] in
                guard case .ids(let ids) = item else { return [sequence(id, type)] }
                return ids.map { token in
                    .members([
                        "SpecialToken": .members([
                            "id": .string(tokens[Int(token)]), "type_id": .integer(type),
                        ])
                    ])
                }
            }
        }
        var specials: [(String, JSONNode)] = []
        for case .ids(let ids) in parts.template {
            for id in ids where !specials.contains(where: { $0.0 == tokens[Int(id)] }) {
                let text = tokens[Int(id)]
                specials.append(
                    (
                        text,
                        .members([
                            "id": .string(text), "ids": .array([.integer(Int(id))]),
                            "tokens": .array([.string(text)]),
                        ])
                    ))
            }
        }
        return .members([
            "type": .string("TemplateProcessing"), "single": .array(items("A", 0)),
            "pair": .array(items("A", 0) + items("B", 1)), "special_tokens": .object(specials),
        ])
    }
}

extension AddedToken {
    fileprivate var json: JSONNode {
        .members([
            "id": .integer(Int(id)), "content": .string(content),
            "single_word": .boolean(isSingleWord), "lstrip": .boolean(stripsLeft),
            "rstrip": .boolean(stripsRight), "normalized": .boolean(isNormalized),
            "special": .boolean(isSpecial),
        ])
    }
}

extension GGUFPreTokenizer.Cut {
    fileprivate var json: JSONNode {
        switch self {
        case .digits:
            .members(["type": .string("Digits"), "individual_digits": .boolean(true)])
        case .matches(let pattern):
            .members([
                "type": .string("Split"), "pattern": .members(["Regex": .string(pattern)]),
                "behavior": .string("Isolated"), "invert": .boolean(false),
            ])
        }
    }
}
