/// What a name in `tokenizer.ggml.pre` stands for: how llama.cpp's converter has text cut.
struct GGUFPreTokenizer {
    /// One stage; its matches are pieces of their own.
    enum Cut {
        /// Every digit.
        case digits
        /// What a regular expression matches.
        case matches(String)

        /// What a scanner of its own matches.
        static func words(_ kind: WordScanner.Kind) -> Cut { .matches(kind.pattern) }
    }

    /// The stages, each cutting what the one before left.
    var cuts: [Cut]
    /// Whether text is brought to NFC first.
    var normalizes = false
    /// Whether a piece that is a token is never merged.
    var ignoresMerges = false
    /// Whether BOS goes first where the file does not say.
    var addsBOS = false

    private init(
        _ cuts: [Cut], normalizes: Bool = false, ignoresMerges: Bool = false, addsBOS: Bool = false
    ) {
        self.cuts = cuts
        self.normalizes = normalizes
        self.ignoresMerges = ignoresMerges
        self.addsBOS = addsBOS
    }

    /// The pre-tokenizer of a name.
    init(named name: String) throws(TokenizationError) {
        func tiktoken(digits: Int, marks: Bool = false) -> Cut {
            .words(.tiktoken(digits: digits, marks: marks))
        }
        switch name {
        case "gpt-2", "phi-2", "exaone4", "mpt", "olmo", "jais", "trillion":
            self.init([.words(.gpt2)])
        case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b":
            self.init([.digits, .words(.gpt2)])
        case "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2":
            self.init([tiktoken(digits: 1)], normalizes: true)
        case "qwen35":
            self.init([tiktoken(digits: 1, marks: true)], normalizes: true)
        case "llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2":
            self.init([tiktoken(digits: 3)], ignoresMerges: true, addsBOS: true)
        case "dbrx", "smaug-bpe", "chatglm-bpe":
            self.init([tiktoken(digits: 3)])
        case "glm4":
            self.init([tiktoken(digits: 3)], ignoresMerges: true)
        case "deepseek-v3":
            self.init([
                .matches("\\p{N}{1,3}"),
                .matches("[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+"),
                .words(.deepSeek),
            ])
        case "deepseek-llm", "deepseek-coder":
            self.init(Self.deepSeekFirst(coder: name == "deepseek-coder"))
        case "default", "":
            // llama.cpp's own fall-back for files that name nothing
            self.init([
                .matches("[\\p{P}\\$\\+<=>\\^~\\|]+"), .words(.gpt2), .matches("\\p{N}+"),
                .matches("[0-9][0-9][0-9]"),
            ])
        default:
            throw .unsupported(
                file: GGUFReader.file, field: "tokenizer.ggml.pre", found: name.quoted,
                supported: "qwen2, deepseek-r1-qwen, deepseek-v3, deepseek-llm, deepseek-coder, "
                    + "llama-bpe, smollm, gpt-2, default and their kin")
        }
    }

    /// The stages, compiled.
    var preTokenizer: PreTokenizer {
        get throws(TokenizationError) {
            var result = PreTokenizer(stages: [], isByteLevel: true)
            for cut in cuts {
                let splitter: Splitter =
                    switch cut {
                    case .digits: .bit(UnicodeClasses.numericBit)
                    case .matches(let pattern): try .regex(pattern)
                    }
                result.stages.append(.split(splitter, .isolated, inverted: false))
            }
            return result
        }
    }

    /// The stages of the first DeepSeek models.
    private static func deepSeekFirst(coder: Bool) -> [Cut] {
        let han = "[\\x{4E00}-\\x{9FA5}\\x{0800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+"
        let letters =
            "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ"
            + "Ḁ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\\x{1F7D}ᾀ-ᾴᾶ-ᾼ\\x{1FBE}ῂ-ῄῆ-ῌῐ-\\x{1FD3}ῖ-\\x{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ"
            + "\\x{2126}ℨ\\x{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⲲⲳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
            + "𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"
        let signs =
            "\\s?[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}\\x{3000}-\\x{3002}]+"
        let patterns =
            coder
            ? ["[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", han, "\\p{N}"]
            : ["[\r\n]", letters, signs, "\\s+$", han, "\\p{N}+"]
        return patterns.map { .matches($0) }
    }
}
