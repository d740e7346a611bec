/// The chunked transfer coding (RFC 9112, section 7.1).
enum ChunkedCoding {
    /// What ends a chunked body.
    static let end = Array("0\r\n\r\n".utf8)

    /// Reads a chunk-size line: 1 to 16 hexadecimal digits, then nothing or extensions.
    ///
    ///     chunk-size *( ";" token [ "=" ( token / quoted-string ) ] )
    ///
    /// Blanks around the semicolon are refused: they are "bad whitespace" that only old senders
    /// make and that parsers disagree on.
    static func size(_ line: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let digits = line.prefix { PercentCoding.digit($0) != nil }
        guard (1...16).contains(digits.count) else {
            throw .malformed(reason: "a chunk size of \(digits.count) hexadecimal digits")
        }
        var size: UInt64 = 0
        for byte in digits { size = size << 4 | UInt64(PercentCoding.digit(byte) ?? 0) }
        var rest = line[digits.endIndex...]
        while !rest.isEmpty {
            guard rest.removeFirst() == UInt8(ascii: ";"), skipToken(&rest) else {
                throw .malformed(reason: "a chunk size followed by something else")
            }
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            guard rest.first == UInt8(ascii: "\"") ? skipQuoted(&rest) : skipToken(&rest) else {
                throw .malformed(reason: "a chunk extension without its value")
            }
        }
        return Int(clamping: size)
    }

    /// One chunk around `bytes`, which must not be empty: an empty chunk would end the body.
    static func chunk(_ bytes: [UInt8], after head: [UInt8] = []) -> [UInt8] {
        precondition(!bytes.isEmpty, "an empty chunk ends the body")
        var chunk = head
        chunk.reserveCapacity(head.count + bytes.count + 20)
        var shift = (bytes.count.bitWidth - 1 - bytes.count.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: bytes.count >> shift & 15)
            chunk.append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
            shift -= 4
        }
        chunk.append(contentsOf: [0x0D, 0x0A])
        chunk.append(contentsOf: bytes)
        chunk.append(contentsOf: [0x0D, 0x0A])
        return chunk
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix(while: FieldGrammar.isTokenByte)
        rest = rest[token.endIndex...]
        return !token.isEmpty
    }

    private static func skipQuoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst(), FieldGrammar.isValue([escaped]) else {
                    return false
                }
            default:
                guard FieldGrammar.isValue([byte]) else { return false }
            }
        }
        return false
    }
}
