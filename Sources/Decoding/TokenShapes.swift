/// What the bytes of every token mean for a cut: made once a model, read at every draw.
///
/// Ids in, facts out: this module knows no text, so whoever knows the tokens' bytes makes it.
public struct TokenShapes: Sendable, Equatable {
    private let shapes: [Shape]
    /// For each count of missing bytes, whether tokens exist that supply them.
    private let completable: [Bool]

    /// Reads every token.
    ///
    /// - Parameters:
    ///   - vocabularySize: Ids are below it.
    ///   - bytes: A token's bytes in the text that a reader sees; none for a token that has no text
    ///     there.
    public init(vocabularySize: Int, bytes: (Int32) -> [UInt8]) {
        let shapes = (0..<Int32(vocabularySize)).map { Shape(bytes($0)) }
        var lengths: Set<UInt8> = []
        for shape in shapes where shape.contains(.continuation) && shape.leading <= 3 {
            lengths.insert(shape.leading)
        }
        var completable = [true]
        for missing in UInt8(1)...3 {
            completable.append(
                lengths.contains { $0 <= missing && completable[Int(missing - $0)] })
        }
        self.shapes = shapes
        self.completable = completable
    }

    /// Tokens described.
    public var count: Int { shapes.count }

    /// Whether a token is white space, or has no text.
    public func isWhiteSpace(_ id: Int32) -> Bool { self[id].contains(.whiteSpace) }

    subscript(id: Int32) -> Shape { shapes[Int(id)] }

    /// Whether tokens exist that supply so many continuation bytes and nothing else.
    func canComplete(missing: UInt8) -> Bool { completable[Int(missing)] }

    /// Whether `pending` can be made whole by tokens that hold nothing else.
    func canComplete(_ pending: PendingCodePoint) -> Bool {
        guard pending.missing > 0, canComplete(missing: pending.missing) else {
            return pending.missing == 0
        }
        // Behind a few lead bytes the next byte's range is narrower; only then is it looked for.
        guard pending != PendingCodePoint(missing: pending.missing) else { return true }
        return shapes.contains { leadsToEnd(of: pending, $0) }
    }

    /// Whether a token supplies some of the missing bytes and others exist that supply the rest.
    func leadsToEnd(of pending: PendingCodePoint, _ shape: Shape) -> Bool {
        pending.accepts(shape) && canComplete(missing: pending.missing - shape.leading)
    }
}

extension TokenShapes {
    /// What one token's bytes mean for a cut.
    struct Shape: Sendable, Equatable {
        /// Facts that hold or do not.
        struct Facts: OptionSet {
            let rawValue: UInt8

            /// It has no text.
            static let empty = Facts(rawValue: 1)
            /// It consists of continuation bytes.
            static let continuation = Facts(rawValue: 2)
            /// It is white space, or has no text.
            static let whiteSpace = Facts(rawValue: 4)
            /// A sentence may end with it.
            static let sentenceEnd = Facts(rawValue: 8)
            /// It is a full stop by itself, which ends a sentence unless a digit precedes it.
            static let fullStop = Facts(rawValue: 16)
            /// Its last byte is a decimal digit.
            static let digit = Facts(rawValue: 32)
        }

        private let facts: UInt8
        /// Continuation bytes that it begins with, at most 255.
        let leading: UInt8
        /// Its first byte, 0 if it has none.
        let first: UInt8
        /// What is missing behind it.
        let tail: PendingCodePoint

        init(_ bytes: [UInt8]) {
            let continuations = bytes.prefix { $0 & 0xC0 == 0x80 }.count
            leading = UInt8(clamping: continuations)
            first = bytes.first ?? 0
            tail = PendingCodePoint(behind: bytes)
            var facts: Facts = SentenceEnd.facts(of: bytes)
            if bytes.isEmpty { facts.insert(.empty) }
            if !bytes.isEmpty && continuations == bytes.count { facts.insert(.continuation) }
            if Self.isWhiteSpace(bytes) { facts.insert(.whiteSpace) }
            self.facts = facts.rawValue
        }

        func contains(_ fact: Facts) -> Bool {
            facts & fact.rawValue != 0
        }

        private static func isWhiteSpace(_ bytes: [UInt8]) -> Bool {
            if bytes.allSatisfy(SentenceEnd.isSpace) { return true }
            // Most tokens begin with a letter and need no decoding.
            guard let first = bytes.first, first >= 0x80 || SentenceEnd.isSpace(first) else {
                return false
            }
            return String(decoding: bytes, as: UTF8.self).unicodeScalars.allSatisfy(
                \.properties.isWhitespace)
        }
    }
}

/// Where sentences end, told from one token's bytes.
///
/// A line break, a question or exclamation mark and the CJK marks end one. A full stop does behind
/// a letter or bracket, or before a space; behind a digit it may be a decimal point.
private enum SentenceEnd {
    private static let wideMarks: [[UInt8]] = ["。", "！", "？"].map { Array($0.utf8) }
    private static let closingMarks: Set<UInt8> = Set("\"')]}*".utf8)

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    static func facts(of bytes: [UInt8]) -> TokenShapes.Shape.Facts {
        var rest = bytes[...]
        var endsLine = false
        while let last = rest.last, isSpace(last) {
            endsLine = endsLine || last == 0x0A
            rest.removeLast()
        }
        if endsLine { return .sentenceEnd }
        let hasSpace = rest.count < bytes.count
        if let last = bytes.last, isDigit(last) { return .digit }
        let beforeClosing = rest.count
        while let last = rest.last, closingMarks.contains(last) { rest.removeLast() }
        let isClosed = rest.count < beforeClosing
        if wideMarks.contains(where: { rest.suffix(3).elementsEqual($0) }) { return .sentenceEnd }
        guard let mark = rest.popLast() else { return [] }
        if mark == UInt8(ascii: "!") || mark == UInt8(ascii: "?") { return .sentenceEnd }
        guard mark == UInt8(ascii: ".") else { return [] }
        if hasSpace || isClosed { return .sentenceEnd }
        guard let before = rest.last else { return .fullStop }
        let isLetter = before >= 0x80 || (0x41...0x5A).contains(before & 0xDF)
        return isLetter || closingMarks.contains(before) ? .sentenceEnd : []
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte)
    }
}
