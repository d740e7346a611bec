/// Hand-compiled scanners for the word patterns in wide use; each does one pass over the text.
///
/// A general ``Pattern`` gives the same matches (a test says so); these give them faster.
struct WordScanner: Sendable {
    /// Which pattern.
    enum Kind: Sendable, Equatable {
        /// GPT-2's, also inside the `ByteLevel` pre-tokenizer.
        case gpt2
        /// Llama-3's and Qwen's: contractions in any case, one leading character before a word,
        /// at most so many digits; Qwen 3.5 counts marks as letters.
        case tiktoken(digits: Int, marks: Bool)
        /// The third pattern of DeepSeek-V3; leaves some characters unmatched.
        case deepSeek
    }

    let kind: Kind
    private let classes: [UInt8]

    /// The scanner for exactly this pattern, if there is one.
    init?(pattern: String) {
        let kinds: [Kind] = [
            .gpt2, .tiktoken(digits: 3, marks: false), .tiktoken(digits: 1, marks: false),
            .tiktoken(digits: 1, marks: true), .deepSeek,
        ]
        guard let kind = kinds.first(where: { $0.pattern == pattern }) else { return nil }
        self.init(kind)
    }

    init(_ kind: Kind) {
        self.kind = kind
        classes = UnicodeClasses.table
    }

    /// The first match at or after `start` within `text[..<end]`, which is all the text there is.
    @inline(__always)
    func nextMatch(_ text: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
        guard start < end else { return nil }
        switch kind {
        case .gpt2:
            return start..<gpt2(text, start, end)
        case .tiktoken(let digits, let marks):
            return start..<tiktoken(text, start, end, digits: digits, marks: marks)
        case .deepSeek:
            var index = start
            while index < end {
                let stop = deepSeek(text, index, end)
                if stop > index { return index..<stop }
                index += decodeScalar(text, index).length
            }
            return nil
        }
    }

    /// The category of the code point at `index` as a one-bit set, its length; no bit at the end.
    @inline(__always)
    private func category(
        _ text: Span<UInt8>, _ index: Int, _ end: Int, _ classes: Span<UInt8>
    ) -> (set: UInt32, length: Int) {
        guard index < end else { return (0, 0) }
        let (value, length) = decodeScalar(text, index)
        return (1 << UInt32(classes[Int(value)] & 31), length)
    }

    /// Where the run of code points in `set` that holds `index` ends.
    @inline(__always)
    private func run(
        _ set: UInt32, _ text: Span<UInt8>, _ index: Int, _ end: Int, _ classes: Span<UInt8>
    ) -> Int {
        var index = index
        while true {
            let next = category(text, index, end, classes)
            if next.set & set == 0 { return index }
            index += next.length
        }
    }

    private func gpt2(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let classes = classes.span
        let letters = UnicodeClasses.letters
        let numbers = UnicodeClasses.numbers
        let spaces = UnicodeClasses.whiteSpace
        let others = ~(letters | numbers | spaces)
        if text[start] == UInt8(ascii: "'") {
            let length = contraction(text, start, end, anyCase: false)
            if length > 0 { return start + length }
        }
        var first = category(text, start, end, classes)
        if text[start] == 0x20 {
            let second = category(text, start + 1, end, classes)
            if second.set & ~spaces != 0 { first = (second.set, 1 + second.length) }
        }
        let next = start + first.length
        if first.set & letters != 0 { return run(letters, text, next, end, classes) }
        if first.set & numbers != 0 { return run(numbers, text, next, end, classes) }
        if first.set & others != 0 { return run(others, text, next, end, classes) }
        return blank(text, start, run(spaces, text, next, end, classes), end)
    }

    private func tiktoken(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, digits: Int, marks: Bool
    ) -> Int {
        let classes = classes.span
        let letters = marks ? UnicodeClasses.letters | UnicodeClasses.marks : UnicodeClasses.letters
        let numbers = UnicodeClasses.numbers
        let spaces = UnicodeClasses.whiteSpace
        let others = ~(letters | numbers | spaces)
        if text[start] == UInt8(ascii: "'") {
            let length = contraction(text, start, end, anyCase: true)
            if length > 0 { return start + length }
        }
        let first = category(text, start, end, classes)
        let next = start + first.length
        if first.set & letters != 0 { return run(letters, text, next, end, classes) }
        if first.set & numbers != 0 {
            var index = next
            for _ in 1..<max(digits, 1) {
                let digit = category(text, index, end, classes)
                if digit.set & numbers == 0 { break }
                index += digit.length
            }
            return index
        }
        let second = category(text, next, end, classes)
        if second.set & letters != 0, !isLineBreak(text[start]) {
            return run(letters, text, next + second.length, end, classes)
        }
        if first.set & others != 0 || (text[start] == 0x20 && second.set & others != 0) {
            return lineBreaks(text, run(others, text, next, end, classes), end)
        }
        return blankLines(text, start, run(spaces, text, next, end, classes), end)
    }

    private func deepSeek(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let classes = classes.span
        let words = UnicodeClasses.letters | UnicodeClasses.marks
        let signs = UnicodeClasses.punctuation | UnicodeClasses.symbols
        let spaces = UnicodeClasses.whiteSpace
        let first = category(text, start, end, classes)
        let next = start + first.length
        if text[start] < 0x80, first.set & signs != 0, next < end, isASCIILetter(text[next]) {
            var index = next
            while index < end, isASCIILetter(text[index]) { index += 1 }
            return index
        }
        if first.set & words != 0 { return run(words, text, next, end, classes) }
        let second = category(text, next, end, classes)
        if first.set & signs == 0, !isLineBreak(text[start]), second.set & words != 0 {
            return run(words, text, next + second.length, end, classes)
        }
        if first.set & signs != 0 || (text[start] == 0x20 && second.set & signs != 0) {
            return lineBreaks(text, run(signs, text, next, end, classes), end)
        }
        guard first.set & spaces != 0 else { return start }
        return blankLines(text, start, run(spaces, text, next, end, classes), end)
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+` over the white space `start..<stop`.
    private func blankLines(_ text: Span<UInt8>, _ start: Int, _ stop: Int, _ end: Int) -> Int {
        var index = stop
        while index > start {
            if isLineBreak(text[index - 1]) { return index }
            index -= 1
        }
        return blank(text, start, stop, end)
    }

    /// `\s+(?!\S)|\s+` over the white space `start..<stop`: the last one belongs to the next word.
    private func blank(_ text: Span<UInt8>, _ start: Int, _ stop: Int, _ end: Int) -> Int {
        if stop == end { return stop }
        let last = previousScalar(text, stop)
        return last > start ? last : stop
    }

    @inline(__always)
    private func lineBreaks(_ text: Span<UInt8>, _ index: Int, _ end: Int) -> Int {
        var index = index
        while index < end, isLineBreak(text[index]) { index += 1 }
        return index
    }

    @inline(__always)
    private func isLineBreak(_ byte: UInt8) -> Bool {
        byte == 0x0A || byte == 0x0D
    }

    @inline(__always)
    private func isASCIILetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// The length of `'s|'t|'re|'ve|'m|'ll|'d` at `start`, 0 when there is none.
    ///
    /// In any case means Unicode's simple folding, by which U+017F (long s) is an s as well.
    private func contraction(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, anyCase: Bool
    ) -> Int {
        guard start + 1 < end else { return 0 }
        let fold: UInt8 = anyCase ? 0x20 : 0
        switch text[start + 1] | fold {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return 2
        case let first where start + 2 < end:
            let second = text[start + 2] | fold
            if first == UInt8(ascii: "r") || first == UInt8(ascii: "v") {
                return second == UInt8(ascii: "e") ? 3 : 0
            }
            if first == UInt8(ascii: "l") { return second == UInt8(ascii: "l") ? 3 : 0 }
            if anyCase, text[start + 1] == 0xC5, text[start + 2] == 0xBF { return 3 }
            return 0
        default:
            return 0
        }
    }
}

extension WordScanner.Kind {
    /// The regular expression that the scanner stands for, as files spell it.
    var pattern: String {
        switch self {
        case .gpt2:
            return "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|"
                + "\\s+(?!\\S)|\\s+"
        case .tiktoken(let digits, let marks):
            let letter = marks ? "[\\p{L}\\p{M}]" : "\\p{L}"
            let mark = marks ? "\\p{M}" : ""
            let number = digits == 1 ? "\\p{N}" : "\\p{N}{1,\(digits)}"
            return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\(letter)+|\(number)"
                + "| ?[^\\s\\p{L}\(mark)\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
        case .deepSeek:
            return "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                + "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
                + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
        }
    }
}
