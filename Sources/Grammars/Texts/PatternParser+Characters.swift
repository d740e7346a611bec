extension PatternParser {
    private static let digits = CodePointSet([0x30...0x39])
    private static let wordCharacters = CodePointSet([
        0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A,
    ])
    /// `WhiteSpace` and `LineTerminator` of ECMA-262, sections 12.2 and 12.3.
    private static let spaces = CodePointSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
        0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    /// What a dot does not mean.
    static let lineBreaks = CodePointSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])

    /// What follows a backslash outside a class.
    mutating func escape() throws(TextAutomaton.Failure) -> CodePointSet {
        switch next {
        case "b", "B":
            throw .unsupported(construct: "a word boundary ('\\\(next ?? "b")')")
        case "1", "2", "3", "4", "5", "6", "7", "8", "9":
            throw .unsupported(construct: "a backreference ('\\\(next ?? "1")')")
        case "k": throw .unsupported(construct: "a backreference ('\\k')")
        default: return try classEscape()
        }
    }

    /// What follows a backslash, in a class too.
    private mutating func classEscape() throws(TextAutomaton.Failure) -> CodePointSet {
        guard let scalar = take() else { throw wrong("a backslash ends it") }
        switch scalar {
        case "d": return Self.digits
        case "D": return Self.digits.inverted
        case "w": return Self.wordCharacters
        case "W": return Self.wordCharacters.inverted
        case "s": return Self.spaces
        case "S": return Self.spaces.inverted
        case "p", "P":
            throw .unsupported(construct: "a class of Unicode's ('\\\(scalar)')")
        default:
            let value = try codePoint(of: scalar)
            return CodePointSet([value...value])
        }
    }

    /// The character that an escape names.
    private mutating func codePoint(
        of escape: Unicode.Scalar
    ) throws(TextAutomaton.Failure) -> UInt32 {
        switch escape {
        case "t": return 0x09
        case "n": return 0x0A
        case "v": return 0x0B
        case "f": return 0x0C
        case "r": return 0x0D
        case "0":
            guard !("0"..."9").contains(next ?? "a") else { throw wrong("'\\0' before a digit") }
            return 0
        case "c":
            guard let letter = take(), letter.properties.isAlphabetic, letter.isASCII else {
                throw wrong("'\\c' without a letter")
            }
            return letter.value & 31
        case "x": return try hexadecimal(2)
        case "u": return try unicodeEscape()
        default:
            guard !Self.wordCharacters.ranges.contains(where: { $0.contains(escape.value) }) else {
                throw wrong("'\\\(escape)' is no escape")
            }
            return escape.value
        }
    }

    private mutating func unicodeEscape() throws(TextAutomaton.Failure) -> UInt32 {
        var value: UInt32 = 0
        if skip("{") {
            var count = 0
            while let digit = next.flatMap({ Character($0).hexDigitValue }), count < 8 {
                (value, count) = (value &* 16 &+ UInt32(digit), count + 1)
                _ = take()
            }
            guard count > 0, skip("}"), value <= 0x10FFFF else {
                throw wrong("'\\u{' without a code point")
            }
        } else {
            value = try hexadecimal(4)
            if (0xD800..<0xDC00).contains(value), skip("\\u") {
                let low = try hexadecimal(4)
                guard (0xDC00..<0xE000).contains(low) else { throw wrong("half a surrogate pair") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
        }
        guard Unicode.Scalar(value) != nil else { throw wrong("half a surrogate pair") }
        return value
    }

    private mutating func hexadecimal(_ count: Int) throws(TextAutomaton.Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = next.flatMap({ Character($0).hexDigitValue }) else {
                throw wrong("an escape needs \(count) hexadecimal digits")
            }
            value = value * 16 + UInt32(digit)
            _ = take()
        }
        return value
    }

    /// The characters of a class, its `[` read already.
    mutating func characterClass() throws(TextAutomaton.Failure) -> CodePointSet {
        let isInverted = skip("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !skip("]") {
            let first = try classAtom()
            guard let low = first.single, skip("-") else {
                ranges += first.ranges
                continue
            }
            if next == "]" {
                ranges += first.ranges + [0x2D...0x2D]
                continue
            }
            let last = try classAtom()
            guard let high = last.single else {
                throw wrong("a range of a class ends in a class")
            }
            guard low <= high else { throw wrong("a range of a class is out of order") }
            ranges.append(low...high)
        }
        let set = CodePointSet(ranges)
        return isInverted ? set.inverted : set
    }

    private mutating func classAtom() throws(TextAutomaton.Failure) -> CodePointSet {
        guard let scalar = take() else { throw wrong("a class is not closed by ']'") }
        guard scalar == "\\" else { return CodePointSet([scalar.value...scalar.value]) }
        if skip("b") { return CodePointSet([0x08...0x08]) }
        return try classEscape()
    }
}

extension CodePointSet {
    /// Its only member, if it has one.
    fileprivate var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
