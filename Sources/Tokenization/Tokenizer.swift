/// Text to ids and back, exactly as the Hugging Face `tokenizers` library does it.
///
/// Built from the bytes of `tokenizer.json` or from a ``GGUFVocabulary``. It is immutable and may be
/// used from any number of tasks at once. Encoding takes time linear in the text (n log n within
/// one unbroken word).
public final class Tokenizer: Sendable {
    /// A token that plays a part by its id.
    public struct NamedToken: Sendable, Equatable {
        /// Its text.
        public let content: String
        /// Its id.
        public let id: Int32

        /// A token's text and id.
        public init(content: String, id: Int32) {
            self.content = content
            self.id = id
        }
    }

    /// One past the largest id that stands for a token; ids below may have holes.
    public let vocabularySize: Int
    /// The token that begins a text, when there is one.
    public let bosToken: NamedToken?
    /// The token that ends a text, when there is one.
    public let eosToken: NamedToken?
    /// The token that fills batches, when there is one.
    public let padToken: NamedToken?
    /// The token for what the vocabulary lacks, when there is one.
    public let unknownToken: NamedToken?
    /// Tokens found in the text as they stand, by ascending id.
    public let addedTokens: [AddedToken]

    let encoder: BytePairEncoder
    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    let rawMatcher: AddedTokenMatcher?
    let normalizedMatcher: AddedTokenMatcher?
    let template: [TemplateItem]
    let decoder: TextDecoder
    /// What the decoder sees of each added token.
    let addedTexts: [Int32: String]
    private let addedIDs: [String: Int32]
    private let specialIDs: Set<Int32>
    /// With a byte-level decoder the bytes of all tokens, end to end, and where each id's start.
    let pieces: [UInt8]
    let pieceStarts: [Int32]
    private let shelf = PieceCacheShelf()

    /// A part of what surrounds an encoded text.
    enum TemplateItem: Sendable, Equatable {
        case ids([Int32])
        case text
    }

    init(parts: TokenizerParts) {
        encoder = parts.encoder
        normalizer = parts.normalizer
        preTokenizer = parts.preTokenizer
        template = parts.template
        decoder = parts.decoder
        addedTokens = parts.addedTokens.sorted { $0.id < $1.id }
        bosToken = parts.bos
        eosToken = parts.eos
        padToken = parts.pad
        unknownToken = parts.unknown
        let size = max(parts.encoder.vocabulary.idCount, Int(addedTokens.last?.id ?? -1) + 1)
        vocabularySize = size

        var ids: [String: Int32] = [:]
        var texts: [Int32: String] = [:]
        var specials: Set<String> = []
        var raw: [[UInt8]?] = []
        var normalized: [[UInt8]?] = []
        for token in addedTokens {
            ids[token.content] = token.id
            if token.isSpecial { specials.insert(token.content) }
            let bytes = Array(token.content.utf8)
            raw.append(token.isNormalized ? nil : bytes)
            let form = token.isNormalized ? parts.normalizer.normalize(bytes) : nil
            normalized.append(form)
            texts[token.id] = String(decoding: form ?? bytes, as: UTF8.self)
        }
        addedIDs = ids
        addedTexts = texts
        rawMatcher =
            raw.contains { $0 != nil }
            ? AddedTokenMatcher(tokens: addedTokens, patterns: raw) : nil
        normalizedMatcher =
            normalized.contains { $0 != nil }
            ? AddedTokenMatcher(tokens: addedTokens, patterns: normalized) : nil
        // The reference skips by the text that the decoder sees, so a token of the model whose
        // text equals that of a special one is skipped as well.
        var skipped: Set<Int32> = []
        for content in specials {
            if let id = parts.encoder.vocabulary.id(of: content) { skipped.insert(id) }
        }
        for (id, text) in texts {
            if specials.contains(text) { skipped.insert(id) } else { skipped.remove(id) }
        }
        specialIDs = skipped
        (pieces, pieceStarts) = Self.layOut(
            parts.encoder.vocabulary, texts, size: size, decoder: parts.decoder)
    }

    private static func layOut(
        _ vocabulary: Vocabulary, _ added: [Int32: String], size: Int, decoder: TextDecoder
    ) -> (pieces: [UInt8], starts: [Int32]) {
        guard case .byteLevel = decoder else { return ([], []) }
        var pieces: [UInt8] = []
        pieces.reserveCapacity(vocabulary.arena.count)
        var starts: [Int32] = [0]
        starts.reserveCapacity(size + 1)
        let table = ByteAlphabet.bytes
        for id in 0..<Int32(size) {
            if let range = vocabulary.bytesRange(of: id), added[id] == nil {
                ByteAlphabet.appendBytes(
                    of: vocabulary.arena.span, range, table: table, to: &pieces)
            } else if let text = added[id] {
                let bytes = Array(text.utf8)
                ByteAlphabet.appendBytes(
                    of: bytes.span, 0..<bytes.count, table: table, to: &pieces)
            }
            starts.append(Int32(pieces.count))
        }
        return (pieces, starts)
    }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - text: Any text; its length is not limited here.
    ///   - addSpecialTokens: Whether to put what the tokenizer's template says around it (most
    ///     often the BOS). One that the text already begins with is not noticed; see
    ///     ``encodePrompt(_:)``.
    ///   - parseSpecial: Whether special tokens written in the text become their ids. Added tokens
    ///     that are not special always do.
    /// - Returns: The ids, none for an empty text without special tokens.
    public func encode(
        _ text: String, addSpecialTokens: Bool, parseSpecial: Bool = true
    ) -> [Int32] {
        let body = encodeBody(Array(text.utf8), parseSpecial: parseSpecial)
        return addSpecialTokens ? surround(body) : body
    }

    /// The ids of a prompt, with exactly one BOS where the template adds one.
    ///
    /// A text that already begins with the BOS, as rendered chat templates do, gets no second.
    ///
    /// - Parameter text: A prompt; special tokens in it become their ids.
    /// - Returns: The ids.
    public func encodePrompt(_ text: String) -> [Int32] {
        let body = encodeBody(Array(text.utf8), parseSpecial: true)
        let whole = surround(body)
        if let bos = bosToken?.id, body.first == bos, whole.starts(with: [bos, bos]) {
            return Array(whole.dropFirst())
        }
        return whole
    }

    /// Whether encoding with special tokens puts the BOS first.
    public var addsBOS: Bool {
        guard let bos = bosToken?.id, case .ids(let ids)? = template.first else { return false }
        return ids.first == bos
    }

    private func surround(_ body: [Int32]) -> [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(body.count + 2)
        for item in template {
            switch item {
            case .ids(let ids): result.append(contentsOf: ids)
            case .text: result.append(contentsOf: body)
            }
        }
        return result
    }

    private func encodeBody(_ text: [UInt8], parseSpecial: Bool) -> [Int32] {
        var pass = EncodingPass(
            stages: preTokenizer.stages, encoder: encoder, cache: shelf.take())
        pass.ids.reserveCapacity(text.count / 3)
        let span = text.span
        if let matcher = rawMatcher {
            for segment in matcher.segments(span, 0..<text.count, parseSpecial: parseSpecial) {
                if segment.token >= 0 {
                    pass.ids.append(addedTokens[segment.token].id)
                } else {
                    encode(span, segment.range, parseSpecial: parseSpecial, in: &pass)
                }
            }
        } else {
            encode(span, 0..<text.count, parseSpecial: parseSpecial, in: &pass)
        }
        shelf.put(pass.cache)
        return pass.ids
    }

    /// Encodes text between added tokens that are looked for before normalisation.
    private func encode(
        _ text: Span<UInt8>, _ range: Range<Int>, parseSpecial: Bool,
        in pass: inout EncodingPass
    ) {
        let isFirst = range.lowerBound == 0
        let part = text.extracting(range)
        if normalizer.leavesAlone(part) {
            encodeNormalized(part, isFirst: isFirst, parseSpecial: parseSpecial, in: &pass)
            return
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range { bytes.append(text[index]) }
        let normalized = normalizer.normalize(bytes)
        encodeNormalized(
            normalized.span, isFirst: isFirst, parseSpecial: parseSpecial, in: &pass)
    }

    private func encodeNormalized(
        _ text: Span<UInt8>, isFirst: Bool, parseSpecial: Bool, in pass: inout EncodingPass
    ) {
        guard let matcher = normalizedMatcher else {
            return pass.run(0, text, 0..<text.count, isFirst: isFirst)
        }
        for segment in matcher.segments(text, 0..<text.count, parseSpecial: parseSpecial) {
            if segment.token >= 0 {
                pass.ids.append(addedTokens[segment.token].id)
            } else {
                pass.run(
                    0, text, segment.range, isFirst: isFirst && segment.range.lowerBound == 0)
            }
        }
    }

    /// The text of ids.
    ///
    /// - Parameters:
    ///   - ids: Any ids; those that stand for no token are left out.
    ///   - skipSpecialTokens: Whether to leave out special tokens too.
    /// - Returns: The text; bytes that are not UTF-8 become U+FFFD.
    public func decode(_ ids: [Int32], skipSpecialTokens: Bool) -> String {
        var detokenizer = StreamingDetokenizer(self, skipsSpecialTokens: skipSpecialTokens)
        if case .byteLevel = decoder {
            var bytes: [UInt8] = []
            for id in ids where !skipSpecialTokens || !specialIDs.contains(id) {
                guard let range = pieceRange(id) else { continue }
                bytes.append(contentsOf: pieces[range])
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = ""
        for id in ids { text += detokenizer.append(id) }
        return text + detokenizer.flush()
    }

    func pieceRange(_ id: Int32) -> Range<Int>? {
        guard id >= 0, Int(id) < pieceStarts.count - 1 else { return nil }
        return Int(pieceStarts[Int(id)])..<Int(pieceStarts[Int(id) + 1])
    }

    /// What the decoder sees of a token; `nil` for an id that stands for none.
    func decoderText(_ id: Int32) -> String? {
        addedTexts[id] ?? encoder.vocabulary.token(id)
    }

    /// The bytes that a token adds to the text, before they are joined and checked.
    ///
    /// - Parameter id: Any id.
    /// - Returns: Its bytes, perhaps part of a code point; none for an id without a token.
    public func bytes(of id: Int32) -> [UInt8] {
        switch decoder {
        case .byteLevel:
            return pieceRange(id).map { Array(pieces[$0]) } ?? []
        case .spaced:
            return decoderText(id).map { Array($0.utf8) } ?? []
        case .steps(let steps):
            guard var text = decoderText(id) else { return [] }
            for step in steps {
                switch step {
                case .replace, .byteLevel: text = step.apply([text]).joined()
                case .metaspace(let mark, _):
                    text = TextDecoder.Step.metaspace(mark: mark, dropsFirst: false)
                        .apply([text]).joined()
                case .byteFallback:
                    if let byte = TextDecoder.Step.byte(of: text) { return [byte] }
                case .fuse, .strip: break
                }
            }
            return Array(text.utf8)
        }
    }

    /// The id of a token by its text in the vocabulary, where a space is usually `Ġ`.
    ///
    /// - Parameter token: The text as `tokenizer.json` spells it.
    /// - Returns: The id, `nil` when there is no such token.
    public func id(of token: String) -> Int32? {
        addedIDs[token] ?? encoder.vocabulary.id(of: token)
    }

    /// A token's text as `tokenizer.json` spells it.
    ///
    /// - Parameter id: Any id.
    /// - Returns: The text, `nil` for an id that stands for no token.
    public func token(of id: Int32) -> String? {
        addedToken(id)?.content ?? encoder.vocabulary.token(id)
    }

    private func addedToken(_ id: Int32) -> AddedToken? {
        guard addedTexts[id] != nil else { return nil }
        return addedTokens.first { $0.id == id }
    }

    /// Whether decoding leaves this token out when special tokens are skipped.
    ///
    /// - Parameter id: Any id.
    /// - Returns: True for special tokens.
    public func isSpecial(_ id: Int32) -> Bool {
        specialIDs.contains(id)
    }
}
