extension JSONScanner {
    /// Takes a string by the grammar of RFC 8259, section 7; its UTF-8 must be valid.
    ///
    /// Lone surrogates (`\ud800`) are refused: they stand for no text.
    mutating func string(_ bytes: Span<UInt8>) throws(CheckpointError) -> String {
        try expect(UInt8(ascii: "\""), bytes)
        let start = offset
        guard let end = endOfPlainRun(bytes) else { return try escapedString(bytes, from: start) }
        advance(by: end - start + 1)
        return try decode(bytes.extracting(start..<end), at: start)
    }

    /// The closing quote's offset where the string has no escapes; nil where a backslash is first.
    private func endOfPlainRun(_ bytes: Span<UInt8>) -> Int? {
        var position = offset
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""): return position
            case UInt8(ascii: "\\"), 0..<0x20: return nil
            default: position += 1
            }
        }
        return nil
    }

    private mutating func escapedString(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(CheckpointError) -> String {
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                advance(by: 1)
                return try decode(text.span, at: start)
            case UInt8(ascii: "\\"):
                advance(by: 1)
                try escape(&text, bytes)
            case 0..<0x20:
                throw failure(bytes, expected: "an escape for a control character")
            default:
                text.append(byte)
                advance(by: 1)
            }
        }
        throw failure(bytes, expected: "'\"'")
    }

    private func decode(_ text: Span<UInt8>, at start: Int) throws(CheckpointError) -> String {
        do {
            return String(copying: try UTF8Span(validating: text))
        } catch {
            throw failure(at: start, "expected valid UTF-8 in the string")
        }
    }

    private mutating func escape(
        _ text: inout [UInt8], _ bytes: Span<UInt8>
    ) throws(CheckpointError) {
        guard offset < bytes.count else { throw failure(bytes, expected: "an escape") }
        switch bytes[offset] {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            advance(by: 1)
            text.append(contentsOf: try unicodeEscape(bytes))
            return
        default: throw failure(bytes, expected: "one of \"\\/bfnrtu after a backslash")
        }
        advance(by: 1)
    }

    /// Reads what follows `\u`, a surrogate's second half included.
    private mutating func unicodeEscape(
        _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> String.UTF8View {
        let start = offset
        var value = try hexadecimal(bytes)
        if (0xD800..<0xDC00).contains(value) {
            guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                bytes[offset + 1] == UInt8(ascii: "u")
            else { throw failure(at: start, "expected the second half of a surrogate pair") }
            advance(by: 2)
            let low = try hexadecimal(bytes)
            guard (0xDC00..<0xE000).contains(low) else {
                throw failure(at: start, "expected the second half of a surrogate pair")
            }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw failure(at: start, "expected the first half of a surrogate pair")
        }
        return String(scalar).utf8
    }

    private mutating func hexadecimal(_ bytes: Span<UInt8>) throws(CheckpointError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
            else { throw failure(bytes, expected: "a hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            advance(by: 1)
        }
        return value
    }
}
