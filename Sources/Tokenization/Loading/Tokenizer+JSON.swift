extension Tokenizer {
    /// Reads a tokenizer from the files that accompany a checkpoint.
    ///
    /// - Parameters:
    ///   - tokenizerJSON: `tokenizer.json`; a BPE model.
    ///   - configuration: `tokenizer_config.json`, which names the special tokens and may ask for
    ///     a BOS or EOS around every text.
    ///   - specialTokensMap: `special_tokens_map.json`, asked where the configuration is silent.
    ///   - addedTokens: `added_tokens.json`; adds what the others lack.
    /// - Throws: ``TokenizationError`` naming the file, the field, what was expected and found.
    public convenience init(
        tokenizerJSON: [UInt8], configuration: [UInt8]? = nil, specialTokensMap: [UInt8]? = nil,
        addedTokens: [UInt8]? = nil
    ) throws(TokenizationError) {
        var file = TokenizerFile()
        try file.read(tokenizerJSON)
        var parts = try file.parts()
        if let addedTokens {
            try TokenizerConfiguration.addTokens(addedTokens, to: &parts)
        }
        var names: [JSONField] = []
        if let configuration {
            names.append(try TokenizerConfiguration.tree("tokenizer_config.json", configuration))
        }
        if let specialTokensMap {
            names.append(
                try TokenizerConfiguration.tree("special_tokens_map.json", specialTokensMap))
        }
        try TokenizerConfiguration.apply(names, to: &parts)
        self.init(parts: parts)
    }
}

/// The parts of `tokenizer.json` as they come in the file, in any order.
struct TokenizerFile {
    static let name = "tokenizer.json"
    /// Added tokens accepted.
    static let maximumAddedTokenCount = 100_000

    private var model = ModelReader()
    private var hasModel = false
    private var members: [(String, JSONNode)] = []

    mutating func read(_ bytes: [UInt8]) throws(TokenizationError) {
        var reader = try JSONReader(file: Self.name, bytes: bytes)
        guard reader.peek() == UInt8(ascii: "{") else { throw reader.malformed("an object") }
        try reader.readObject { (reader, key) throws(TokenizationError) in
            if key == "model" {
                guard !hasModel else {
                    throw .duplicate(
                        file: Self.name, field: "the file", first: "model", second: "model")
                }
                hasModel = true
                try model.read(&reader)
            } else {
                members.append((key, try reader.readNode()))
            }
        }
        try reader.expectEnd()
    }

    func parts() throws(TokenizationError) -> TokenizerParts {
        let root = JSONField(file: Self.name, name: "", node: .object(members))
        if let version = try root.optional("version"), try version.string() != "1.0" {
            throw version.unsupported(version.node.kind, supported: "1.0")
        }
        let preTokenizer =
            try root.optional("pre_tokenizer").map(ComponentReader.preTokenizer) ?? PreTokenizer()
        var parts = TokenizerParts(encoder: try encoder(isByteLevel: preTokenizer.isByteLevel))
        parts.preTokenizer = preTokenizer
        if let field = try root.optional("normalizer") {
            parts.normalizer = try ComponentReader.normalizer(field)
        }
        if let field = try root.optional("post_processor") {
            parts.template = try ComponentReader.template(field)
        }
        if let field = try root.optional("decoder") {
            parts.decoder = try ComponentReader.decoder(field)
        }
        if let field = try root.optional("added_tokens") {
            try readAddedTokens(field, into: &parts)
        }
        try checkTemplate(parts)
        return parts
    }

    private func checkTemplate(_ parts: TokenizerParts) throws(TokenizationError) {
        for case .ids(let ids) in parts.template {
            for id in ids
            where parts.encoder.vocabulary.bytesRange(of: id) == nil
                && !parts.addedTokens.contains(where: { $0.id == id })
            {
                throw .invalidField(
                    file: Self.name, field: "post_processor", expected: "ids of tokens",
                    found: "\(id)")
            }
        }
    }

    private func encoder(isByteLevel: Bool) throws(TokenizationError) -> BytePairEncoder {
        let options = JSONField(file: Self.name, name: "model", node: .object(model.options))
        guard hasModel else {
            throw .invalidField(
                file: Self.name, field: "model", expected: "an object", found: "nothing")
        }
        if let type = model.type, type != "BPE" {
            throw .unsupported(
                file: Self.name, field: "model.type", found: type.quoted, supported: "BPE")
        }
        guard let vocabulary = model.vocabulary else {
            throw .invalidField(
                file: Self.name, field: "model.vocab", expected: "an object of ids",
                found: try options.optional("vocab")?.node.kind ?? "nothing")
        }
        if let merges = try options.optional("merges") { throw merges.wrong("an array") }
        if let dropout = try options.optional("dropout") {
            switch dropout.node {
            case .integer(0), .number(0): break
            default: throw dropout.unsupported(dropout.node.kind, supported: "null")
            }
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = try options.optional(key), try !affix.string().isEmpty {
                throw affix.unsupported(affix.node.kind, supported: "null")
            }
        }
        var unknownID: Int32 = -1
        if let unknown = try options.optional("unk_token") {
            guard let id = vocabulary.id(of: try unknown.string()) else {
                throw unknown.wrong("a token of the vocabulary")
            }
            unknownID = id
        }
        return BytePairEncoder(
            vocabulary: vocabulary,
            merges: try model.mergeTable(vocabulary, file: Self.name),
            isByteLevel: isByteLevel,
            byteIDs: BytePairEncoder.byteIDs(of: vocabulary, isByteLevel: isByteLevel),
            unknownID: unknownID,
            fusesUnknown: try options.boolean("fuse_unk", or: false),
            byteFallback: try options.boolean("byte_fallback", or: false),
            ignoresMerges: try options.boolean("ignore_merges", or: false))
    }

    /// The reference takes a token's id from the model where the model has the token; a file that
    /// says otherwise contradicts itself and is refused.
    private func readAddedTokens(
        _ field: JSONField, into parts: inout TokenizerParts
    ) throws(TokenizationError) {
        let elements = try field.elements()
        guard elements.count <= Self.maximumAddedTokenCount else {
            throw .limitExceeded(
                file: Self.name, field: field.name, limit: Self.maximumAddedTokenCount,
                found: elements.count)
        }
        for element in elements {
            let content = try element.required("content", "a string").string()
            let id = try element.required("id", "an integer")
            let special = try element.boolean("special", or: false)
            let token = AddedToken(
                content: content,
                id: Int32(try id.integer(in: 0...Vocabulary.maximumIDCount - 1)),
                isSpecial: special,
                isSingleWord: try element.boolean("single_word", or: false),
                stripsLeft: try element.boolean("lstrip", or: false),
                stripsRight: try element.boolean("rstrip", or: false),
                isNormalized: try element.boolean("normalized", or: !special))
            if content.isEmpty { continue }
            try parts.add(token, file: Self.name)
        }
    }
}

extension BytePairEncoder {
    /// The ids of single bytes: of the alphabet's characters, or of `<0x00>` to `<0xFF>`.
    static func byteIDs(of vocabulary: Vocabulary, isByteLevel: Bool) -> [Int32] {
        (0..<256).map { byte in
            if isByteLevel {
                return vocabulary.id(of: String(ByteAlphabet.scalars[byte])) ?? -1
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>") ?? -1
        }
    }
}

extension TokenizerParts {
    /// Adds a token; the same text or id twice is refused unless it is the same token.
    mutating func add(_ token: AddedToken, file: String) throws(TokenizationError) {
        guard token.content.utf8.count <= AddedTokenMatcher.maximumTokenLength else {
            throw .limitExceeded(
                file: file, field: "added_tokens: length of \(token.content.quoted)",
                limit: AddedTokenMatcher.maximumTokenLength, found: token.content.utf8.count)
        }
        if let known = encoder.vocabulary.id(of: token.content), known != token.id {
            throw .invalidField(
                file: file, field: "added_tokens: id of \(token.content.quoted)",
                expected: "\(known) as in the vocabulary", found: "\(token.id)")
        }
        if let other = encoder.vocabulary.token(token.id), other != token.content {
            throw .duplicate(
                file: file, field: "added_tokens", first: "id \(token.id) of \(other.quoted)",
                second: "id \(token.id) of \(token.content.quoted)")
        }
        if let index = addedIndex[token.content] {
            guard addedTokens[index].id == token.id else {
                throw .duplicate(
                    file: file, field: "added_tokens",
                    first: "\(token.content.quoted) with id \(addedTokens[index].id)",
                    second: "the same with id \(token.id)")
            }
            addedTokens[index] = token
            return
        }
        if let other = addedByID[token.id] {
            throw .duplicate(
                file: file, field: "added_tokens", first: "id \(token.id) of \(other.quoted)",
                second: "id \(token.id) of \(token.content.quoted)")
        }
        addedIndex[token.content] = addedTokens.count
        addedByID[token.id] = token.content
        addedTokens.append(token)
    }
}
