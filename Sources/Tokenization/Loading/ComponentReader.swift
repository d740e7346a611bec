/// Reads the small parts of `tokenizer.json`: normalizer, pre-tokenizer, post-processor, decoder.
enum ComponentReader {
    /// Steps accepted in one part, nested sequences counted together.
    private static let maximumStepCount = 64

    // MARK: Normalizer

    static func normalizer(_ field: JSONField) throws(TokenizationError) -> Normalizer {
        var steps: [Normalizer.Step] = []
        try appendNormalizer(field, to: &steps)
        return Normalizer(steps: steps)
    }

    private static func appendNormalizer(
        _ field: JSONField, to steps: inout [Normalizer.Step]
    ) throws(TokenizationError) {
        try checkCount(steps.count, field)
        let type = try field.required("type", "the name of a normalizer")
        switch try type.string() {
        case "Sequence":
            for part in try field.required("normalizers", "an array").elements() {
                try appendNormalizer(part, to: &steps)
            }
        case "NFC": steps.append(.form(.canonicalComposed))
        case "NFD": steps.append(.form(.canonicalDecomposed))
        case "NFKC": steps.append(.form(.compatibleComposed))
        case "NFKD": steps.append(.form(.compatibleDecomposed))
        case "Lowercase": steps.append(.lowercase)
        case "Strip":
            steps.append(
                .strip(
                    left: try field.required("strip_left", "true or false").boolean(),
                    right: try field.required("strip_right", "true or false").boolean()))
        case "Prepend":
            steps.append(.prepend(try field.required("prepend", "a string").string()))
        case "Replace":
            steps.append(
                .replace(
                    try splitter(field),
                    content: try field.required("content", "a string").string()))
        case let other:
            throw type.unsupported(
                other.quoted,
                supported: "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, Prepend, Replace")
        }
    }

    /// `"pattern": {"String": …}` or `{"Regex": …}`.
    private static func splitter(_ field: JSONField) throws(TokenizationError) -> Splitter {
        let pattern = try field.required("pattern", "an object with String or Regex")
        if let regex = try pattern.optional("Regex") { return try .regex(try regex.string()) }
        return .literal(try pattern.required("String", "a string").string())
    }

    // MARK: Pre-tokenizer

    static func preTokenizer(_ field: JSONField) throws(TokenizationError) -> PreTokenizer {
        var result = PreTokenizer()
        try appendPreTokenizer(field, to: &result)
        return result
    }

    private static func appendPreTokenizer(
        _ field: JSONField, to result: inout PreTokenizer
    ) throws(TokenizationError) {
        try checkCount(result.stages.count, field)
        let type = try field.required("type", "the name of a pre-tokenizer")
        let name = try type.string()
        guard !result.isByteLevel else {
            // what follows would see the alphabet instead of the text
            throw type.unsupported("\(name) after ByteLevel", supported: "ByteLevel as the last")
        }
        switch name {
        case "Sequence":
            for part in try field.required("pretokenizers", "an array").elements() {
                try appendPreTokenizer(part, to: &result)
            }
        case "ByteLevel":
            if try field.required("add_prefix_space", "true or false").boolean() {
                result.stages.append(.prefixSpace)
            }
            if try field.boolean("use_regex", or: true) {
                result.stages.append(
                    .split(.scanner(WordScanner(.gpt2)), .isolated, inverted: false))
            }
            result.isByteLevel = true
        case "Split":
            result.stages.append(
                .split(
                    try splitter(field), try behavior(field.required("behavior", "a behavior")),
                    inverted: try field.required("invert", "true or false").boolean()))
        case "Digits":
            let single = try field.required("individual_digits", "true or false").boolean()
            result.stages.append(
                .split(
                    .bit(UnicodeClasses.numericBit), single ? .isolated : .contiguous,
                    inverted: false))
        case "Punctuation":
            var behavior = PreTokenizer.Behavior.isolated
            if let field = try field.optional("behavior") { behavior = try self.behavior(field) }
            let set = ScalarSet(bounds: UnicodeClasses.punctuationRanges)
            result.stages.append(.split(.set(set), behavior, inverted: false))
        case "WhitespaceSplit":
            result.stages.append(
                .split(.categories(UnicodeClasses.whiteSpace), .removed, inverted: false))
        case "Whitespace":
            result.stages.append(
                .split(.pattern(Pattern(crateWords: ())), .removed, inverted: true))
        case "Metaspace":
            result.stages.append(try metaspace(field))
        case let other:
            throw type.unsupported(
                other.quoted,
                supported: "Sequence, ByteLevel, Split, Digits, Punctuation, Whitespace, "
                    + "WhitespaceSplit, Metaspace")
        }
    }

    private static func behavior(
        _ field: JSONField
    ) throws(TokenizationError) -> PreTokenizer.Behavior {
        guard let behavior = PreTokenizer.Behavior(rawValue: try field.string()) else {
            throw field.wrong(
                "Isolated, Removed, MergedWithPrevious, MergedWithNext or Contiguous")
        }
        return behavior
    }

    private static func metaspace(
        _ field: JSONField
    ) throws(TokenizationError) -> PreTokenizer.Stage {
        let mark = try mark(field)
        var scheme = PreTokenizer.PrependScheme.always
        if let name = try field.optional("prepend_scheme") {
            guard let found = PreTokenizer.PrependScheme(rawValue: try name.string()) else {
                throw name.wrong("first, never or always")
            }
            scheme = found
        }
        if let prefix = try field.optional("add_prefix_space"), try !prefix.boolean() {
            let isSilent = try field.optional("prepend_scheme") == nil
            guard scheme == .never || isSilent else {
                throw prefix.wrong("what agrees with prepend_scheme")
            }
            scheme = .never
        }
        return .metaspace(
            mark: String(mark), scheme, splits: try field.boolean("split", or: true))
    }

    private static func mark(_ field: JSONField) throws(TokenizationError) -> Unicode.Scalar {
        let replacement = try field.required("replacement", "one character")
        let scalars = Array(try replacement.string().unicodeScalars)
        guard scalars.count == 1 else { throw replacement.wrong("one character") }
        return scalars[0]
    }

    // MARK: Post-processor

    /// What the post-processor puts around a single text.
    static func template(
        _ field: JSONField, around inner: [Tokenizer.TemplateItem] = [.text], depth: Int = 0
    ) throws(TokenizationError) -> [Tokenizer.TemplateItem] {
        try checkCount(depth, field)
        let type = try field.required("type", "the name of a post-processor")
        switch try type.string() {
        case "ByteLevel": return inner
        case "Sequence":
            var result = inner
            for part in try field.required("processors", "an array").elements() {
                result = try template(part, around: result, depth: depth + 1)
            }
            return result
        case "TemplateProcessing":
            return try templateProcessing(field, around: inner)
        case "BertProcessing", "RobertaProcessing":
            return [.ids([try pairID(field, "cls")])] + inner + [.ids([try pairID(field, "sep")])]
        case let other:
            throw type.unsupported(
                other.quoted,
                supported: "Sequence, ByteLevel, TemplateProcessing, BertProcessing, "
                    + "RobertaProcessing")
        }
    }

    private static func pairID(
        _ field: JSONField, _ key: String
    ) throws(TokenizationError) -> Int32 {
        let pair = try field.required(key, "a token and its id").elements()
        guard pair.count == 2 else { throw field.wrong("\(key) as a token and its id") }
        return Int32(try pair[1].integer(in: 0...Vocabulary.maximumIDCount - 1))
    }

    private static func templateProcessing(
        _ field: JSONField, around inner: [Tokenizer.TemplateItem]
    ) throws(TokenizationError) -> [Tokenizer.TemplateItem] {
        let specials = try field.required("special_tokens", "an object")
        var result: [Tokenizer.TemplateItem] = []
        for item in try field.required("single", "an array").elements() {
            if let special = try item.optional("SpecialToken") {
                let name = try special.required("id", "a string").string()
                let ids = try specials.required(name, "an object").required("ids", "an array")
                var list: [Int32] = []
                for id in try ids.elements() {
                    list.append(Int32(try id.integer(in: 0...Vocabulary.maximumIDCount - 1)))
                }
                result.append(.ids(list))
            } else {
                let sequence = try item.required("Sequence", "SpecialToken or Sequence")
                let id = try sequence.required("id", "A")
                guard try id.string() == "A" else { throw id.wrong("A") }
                result.append(contentsOf: inner)
            }
            guard result.count <= maximumStepCount else {
                throw .limitExceeded(
                    file: field.file, field: "post_processor.single", limit: maximumStepCount,
                    found: result.count)
            }
        }
        return result
    }

    // MARK: Decoder

    static func decoder(_ field: JSONField) throws(TokenizationError) -> TextDecoder {
        var steps: [TextDecoder.Step] = []
        try appendDecoder(field, to: &steps)
        if steps.count == 1, case .byteLevel = steps[0] { return .byteLevel }
        return .steps(steps)
    }

    private static func appendDecoder(
        _ field: JSONField, to steps: inout [TextDecoder.Step]
    ) throws(TokenizationError) {
        try checkCount(steps.count, field)
        let type = try field.required("type", "the name of a decoder")
        switch try type.string() {
        case "Sequence":
            for part in try field.required("decoders", "an array").elements() {
                try appendDecoder(part, to: &steps)
            }
        case "ByteLevel": steps.append(.byteLevel)
        case "ByteFallback": steps.append(.byteFallback)
        case "Fuse": steps.append(.fuse)
        case "Replace":
            steps.append(
                .replace(
                    try splitter(field),
                    content: try field.required("content", "a string").string()))
        case "Strip":
            let content = try field.required("content", "one character")
            let scalars = Array(try content.string().unicodeScalars)
            guard scalars.count == 1 else { throw content.wrong("one character") }
            steps.append(
                .strip(
                    character: scalars[0],
                    start: try field.required("start", "a count").integer(in: 0...1 << 20),
                    stop: try field.required("stop", "a count").integer(in: 0...1 << 20)))
        case "Metaspace":
            var dropsFirst = true
            if let scheme = try field.optional("prepend_scheme") {
                dropsFirst = try scheme.string() != "never"
            }
            if let prefix = try field.optional("add_prefix_space"), try !prefix.boolean() {
                dropsFirst = false
            }
            steps.append(.metaspace(mark: try mark(field), dropsFirst: dropsFirst))
        case let other:
            throw type.unsupported(
                other.quoted,
                supported: "Sequence, ByteLevel, ByteFallback, Fuse, Replace, Strip, Metaspace")
        }
    }

    private static func checkCount(_ count: Int, _ field: JSONField) throws(TokenizationError) {
        guard count < maximumStepCount else {
            throw .limitExceeded(
                file: field.file, field: field.name, limit: maximumStepCount, found: count)
        }
    }
}
