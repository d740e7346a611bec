/// Finds the tokens of a byte-level BPE vocabulary in texts, as the Hugging Face `tokenizers`
/// library does: the same texts and settings give the same vocabulary, whatever the order of the
/// texts.
///
/// It keeps each distinct word of the texts once. Training takes time proportional to the length
/// of the distinct words, each counted once more for every merge in it.
public struct VocabularyTrainer: Sendable {
    /// The pattern of this project's own family of models.
    ///
    /// A word is a run of letters or a single sign, with one space before it; digits, line breaks
    /// and further spaces stand alone. `\boxed` is one word, except after a space, which takes the
    /// backslash away from it.
    public static let familyPattern = #" ?[A-Za-z]+|\d|\\boxed|\n| ?[^\sA-Za-z\d]| "#

    private let pattern: String
    private let specialTokens: [String]
    private let vocabularySize: Int
    private let minimumFrequency: Int
    private let splitter: Splitter
    private let specials: AddedTokenMatcher
    private var words = WordCounts()

    /// A trainer that has seen no text.
    ///
    /// - Parameters:
    ///   - pattern: A regular expression; its matches, and what lies between them, are the words
    ///     within which pairs merge.
    ///   - specialTokens: Tokens that text is cut at before anything else; they get the first ids.
    ///   - vocabularySize: The most tokens to have, special ones and the 256 bytes included.
    ///   - minimumFrequency: How often a pair must occur to be merged; below 1 means 1.
    /// - Throws: ``TokenizationError`` for a pattern that does not compile, a size that does not
    ///   hold the special tokens and the bytes or is beyond what a tokenizer may have, and a
    ///   special token that is empty, too long, given twice, or spelled like other bytes.
    public init(
        pattern: String = familyPattern, specialTokens: [String], vocabularySize: Int,
        minimumFrequency: Int
    ) throws(TokenizationError) {
        splitter = try .regex(pattern)
        try Self.check(specialTokens)
        let least = specialTokens.count + 256
        guard vocabularySize >= least else {
            throw .vocabularyTooSmall(
                size: vocabularySize, specialTokens: specialTokens.count, least: least)
        }
        guard vocabularySize <= Vocabulary.maximumIDCount else {
            throw .limitExceeded(
                file: "vocabulary", field: "size", limit: Vocabulary.maximumIDCount,
                found: vocabularySize)
        }
        self.pattern = pattern
        self.specialTokens = specialTokens
        self.vocabularySize = vocabularySize
        self.minimumFrequency = minimumFrequency
        let added = specialTokens.enumerated().map { id, content in
            AddedToken(content: content, id: Int32(id))
        }
        specials = AddedTokenMatcher(
            tokens: added, patterns: specialTokens.map { Array($0.utf8) })
    }

    private static func check(_ specialTokens: [String]) throws(TokenizationError) {
        var known: Set<[UInt8]> = []
        for token in specialTokens {
            let bytes = Array(token.utf8)
            guard !bytes.isEmpty else {
                throw .invalidSpecialToken(token, reason: "it is empty")
            }
            guard bytes.count <= AddedTokenMatcher.maximumTokenLength else {
                throw .invalidSpecialToken(
                    token,
                    reason: "it has \(bytes.count) bytes, more than "
                        + "\(AddedTokenMatcher.maximumTokenLength)")
            }
            guard known.insert(bytes).inserted else {
                throw .invalidSpecialToken(token, reason: "it is given twice")
            }
            // A vocabulary spells bytes in letters, so a token like "Ġthe" could be meant as it
            // stands or as " the"; decoding would always take it for the latter.
            var spelled: [UInt8] = []
            ByteAlphabet.appendBytes(
                of: bytes.span, 0..<bytes.count, table: ByteAlphabet.bytes, to: &spelled)
            let isLetter =
                token.unicodeScalars.count == 1
                && ByteAlphabet.scalars.contains(
                    token.unicodeScalars[token.unicodeScalars.startIndex])
            guard spelled == bytes, !isLetter else {
                throw .invalidSpecialToken(
                    token, reason: "the vocabulary spells other bytes like this")
            }
        }
    }

    /// Counts the words of a text; special tokens in it are left out.
    ///
    /// - Parameter text: A text that stands for itself: no word reaches from one into the next.
    public mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        let span = bytes.span
        var memory = Pattern.Memory()
        for segment in specials.segments(span, 0..<bytes.count, parseSpecial: true)
        where segment.token < 0 {
            var matches = MatchWalk(segment.range)
            var start = segment.range.lowerBound
            while let match = matches.next(splitter, span, memory: &memory) {
                addWord(span, start..<match.lowerBound)
                addWord(span, match)
                start = match.upperBound
            }
            addWord(span, start..<segment.range.upperBound)
        }
    }

    private mutating func addWord(_ text: Span<UInt8>, _ range: Range<Int>) {
        if !range.isEmpty { words.add(text, range) }
    }

    /// Merges the most frequent pair of neighbouring tokens, again and again, until the vocabulary
    /// is full or no pair is frequent enough.
    ///
    /// Of equally frequent pairs the one with the smallest ids comes first.
    ///
    /// - Returns: The vocabulary; with the bytes alone when there was nothing to merge.
    public func train() -> TrainedVocabulary {
        let alphabet = (0..<256).map { UInt8($0) }.sorted {
            ByteAlphabet.scalars[Int($0)] < ByteAlphabet.scalars[Int($1)]
        }
        var pieces = specialTokens.map { Array($0.utf8) }
        var byteIDs = [Int32](repeating: 0, count: 256)
        for byte in alphabet {
            byteIDs[Int(byte)] = Int32(pieces.count)
            pieces.append([byte])
        }
        var merger = PairMerger(words, byteIDs: byteIDs)
        var merges: [TrainedVocabulary.Merge] = []
        while pieces.count < vocabularySize,
            let merge = merger.mergeNext(
                minimumCount: minimumFrequency, into: Int32(pieces.count))
        {
            merges.append(merge)
            pieces.append(pieces[Int(merge.left)] + pieces[Int(merge.right)])
        }
        return TrainedVocabulary(
            tokens: specialTokens + pieces[specialTokens.count...].map(ByteAlphabet.spelling),
            merges: merges, pattern: pattern, specialTokenCount: specialTokens.count)
    }
}

extension ByteAlphabet {
    /// Bytes as a vocabulary spells them.
    static func spelling(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }
}
