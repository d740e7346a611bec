/// What a pre-tokenizer looks for in the text.
enum Splitter: Sendable {
    /// A pattern with a scanner of its own.
    case scanner(WordScanner)
    /// Any other regular expression.
    case pattern(Pattern)
    /// Every single code point with this bit in ``UnicodeClasses/table``.
    case bit(UInt8)
    /// Every single code point of one of these categories.
    case categories(UInt32)
    /// Every single code point of this set.
    case set(ScalarSet)

    /// The splitter for a regular expression.
    static func regex(_ pattern: String) throws(TokenizationError) -> Splitter {
        if let scanner = WordScanner(pattern: pattern) { return .scanner(scanner) }
        return .pattern(try Pattern(pattern))
    }

    /// The splitter for text taken literally.
    static func literal(_ text: String) -> Splitter {
        .pattern(Pattern(literal: text))
    }

    /// The next match within `text[start..<end]`, where `lower..<end` is all the text there is.
    @inline(__always)
    func nextMatch(
        _ text: Span<UInt8>, lower: Int, from start: Int, to end: Int,
        memory: inout Pattern.Memory
    ) -> Range<Int>? {
        switch self {
        case .scanner(let scanner):
            return scanner.nextMatch(text, from: start, to: end)
        case .pattern(let pattern):
            return pattern.nextMatch(text, lower: lower, from: start, to: end, memory: &memory)
        case .bit(let bit):
            let table = UnicodeClasses.table
            return first(text, start, end) { table[Int($0)] & bit != 0 }
        case .categories(let categories):
            let table = UnicodeClasses.table
            return first(text, start, end) { 1 << UInt32(table[Int($0)] & 31) & categories != 0 }
        case .set(let set):
            return first(text, start, end) { set.contains($0) }
        }
    }

    @inline(__always)
    private func first(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, where matches: (UInt32) -> Bool
    ) -> Range<Int>? {
        var index = start
        while index < end {
            let (value, length) = decodeScalar(text, index)
            if matches(value) { return index..<index + length }
            index += length
        }
        return nil
    }
}
