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
    private static let file = "GGUF metadata"

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
        let custom = try PreTokenizer.custom(named: source.preTokenizer)
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
        parts.preTokenizer = PreTokenizer(stages: custom.stages, isByteLevel: true)
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

    private static func type(of id: Int, _ source: GGUFVocabulary) -> Int32 {
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

extension PreTokenizer {
    /// What a name in `tokenizer.ggml.pre` stands for.
    struct Custom {
        var stages: [Stage]
        var normalizes = false
        var ignoresMerges = false
        var addsBOS = false
    }

    /// The pre-tokenizer that llama.cpp's converter gives this name.
    static func custom(named name: String) throws(TokenizationError) -> Custom {
        let gpt2 = Stage.split(.scanner(WordScanner(.gpt2)), .isolated, inverted: false)
        func split(_ pattern: String) throws(TokenizationError) -> Stage {
            .split(try .regex(pattern), .isolated, inverted: false)
        }
        func tiktoken(digits: Int, marks: Bool = false) -> Stage {
            let kind = WordScanner.Kind.tiktoken(digits: digits, marks: marks)
            return .split(.scanner(WordScanner(kind)), .isolated, inverted: false)
        }
        switch name {
        case "gpt-2", "phi-2", "exaone4", "mpt", "olmo", "jais", "trillion":
            return Custom(stages: [gpt2])
        case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b":
            return Custom(stages: [
                .split(.bit(UnicodeClasses.numericBit), .isolated, inverted: false), gpt2,
            ])
        case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2":
            return Custom(stages: [tiktoken(digits: 1)], normalizes: true)
        case "qwen35":
            return Custom(stages: [tiktoken(digits: 1, marks: true)], normalizes: true)
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2":
            return Custom(stages: [tiktoken(digits: 3)], ignoresMerges: true, addsBOS: true)
        case "dbrx", "smaug-bpe", "chatglm-bpe":
            return Custom(stages: [tiktoken(digits: 3)])
        case "glm4":
            return Custom(stages: [tiktoken(digits: 3)], ignoresMerges: true)
        case "deepseek-v3":
            return Custom(stages: [
                try split("\\p{N}{1,3}"),
                try split("[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+"),
                .split(.scanner(WordScanner(.deepSeek)), .isolated, inverted: false),
            ])
        case "deepseek-llm", "deepseek-coder":
            return Custom(stages: try deepSeekFirst(coder: name == "deepseek-coder"))
        case "default", "":
            // llama.cpp's own fall-back for files that name nothing
            return Custom(stages: [
                try split("[\\p{P}\\$\\+<=>\\^~\\|]+"), gpt2, try split("\\p{N}+"),
                try split("[0-9][0-9][0-9]"),
            ])
        default:
            throw .unsupported(
                file: "GGUF metadata", field: "tokenizer.ggml.pre", found: name.quoted,
                supported: "qwen2, deepseek-r1-qwen, deepseek-v3, deepseek-llm, deepseek-coder, "
                    + "llama-bpe, smollm, gpt-2, default and their kin")
        }
    }

    /// The stages of the first DeepSeek models.
    private static func deepSeekFirst(coder: Bool) throws(TokenizationError) -> [Stage] {
        let han = "[\\x{4E00}-\\x{9FA5}\\x{0800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+"
        let letters =
            "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
            + "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼ\\x{1FBE}ῂ-ῄῆ-ῌῐ-\\x{1FD3}ῖ-\\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ"
            + "\\x{2126}ℨ\\x{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⲲⲳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
            + "𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"
        let signs =
            "\\s?[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3000}-\\x{3002}]+"
        let patterns =
            coder
            ? ["[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", han, "\\p{N}"]
            : ["[\r\n]", letters, signs, "\\s+$", han, "\\p{N}+"]
        var stages: [Stage] = []
        for pattern in patterns {
            stages.append(.split(try .regex(pattern), .isolated, inverted: false))
        }
        return stages
    }
}
