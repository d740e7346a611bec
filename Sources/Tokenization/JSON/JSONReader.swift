/// A strict forward reader of JSON bytes (RFC 8259) that builds nothing it is not asked for.
///
/// A vocabulary of 150,000 tokens is read straight into its arena; only the small rest of a file
/// becomes a ``JSONNode``. Depth and number of nodes are limited, so hostile input costs no more
/// than its own length.
struct JSONReader {
    /// Nesting accepted in any file.
    static let maximumDepth = 64
    /// Nodes accepted in one tree.
    static let maximumNodeCount = 2_000_000

    let file: String
    let bytes: [UInt8]
    private(set) var offset = 0
    private var nodeCount = 0
    private var scratch: [UInt8] = []

    init(file: String, bytes: [UInt8]) throws(TokenizationError) {
        guard isValidUTF8(bytes) else {
            throw .malformed(file: file, offset: 0, expected: "UTF-8 text", found: "other bytes")
        }
        self.file = file
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    /// The next byte that is not white space, 0 at the end.
    mutating func peek() -> UInt8 {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return 0
    }

    /// What stands at the current place, for an error message.
    var found: String {
        guard offset < bytes.count else { return "the end of the file" }
        let byte = bytes[offset]
        return byte > 0x20 && byte < 0x7F
            ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }

    func malformed(_ expected: String) -> TokenizationError {
        .malformed(file: file, offset: offset, expected: expected, found: found)
    }

    mutating func expect(_ byte: UInt8) throws(TokenizationError) {
        guard peek() == byte, offset < bytes.count else {
            throw malformed("'\(Character(Unicode.Scalar(byte)))'")
        }
        offset += 1
    }

    /// Consumes `byte` when it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte, offset < bytes.count else { return false }
        offset += 1
        return true
    }

    /// Calls `member` after each key of an object; `member` must read the value.
    mutating func readObject(
        _ member: (inout JSONReader, String) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try readString()
            try expect(UInt8(ascii: ":"))
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Calls `element` before each element of an array with its index; `element` must read it.
    mutating func readArray(
        _ element: (inout JSONReader, Int) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        var index = 0
        repeat {
            try element(&self, index)
            index += 1
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    mutating func readString() throws(TokenizationError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var text = scratch
        scratch = []
        try appendString(to: &text)
        let result = String(decoding: text, as: UTF8.self)
        scratch = text
        return result
    }

    /// Appends the UTF-8 of a string, escapes resolved, to `arena`.
    mutating func appendString(to arena: inout [UInt8]) throws(TokenizationError) {
        try expect(UInt8(ascii: "\""))
        while true {
            var end = offset
            while end < bytes.count {
                let byte = bytes[end]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
                end += 1
            }
            arena.append(contentsOf: bytes[offset..<end])
            offset = end
            guard offset < bytes.count else { throw malformed("'\"'") }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return
            case UInt8(ascii: "\\"):
                try appendEscape(to: &arena)
            default:
                throw malformed("an escaped control character")
            }
        }
    }

    private mutating func appendEscape(to arena: inout [UInt8]) throws(TokenizationError) {
        offset += 1
        guard offset < bytes.count else { throw malformed("an escape") }
        let kind = bytes[offset]
        let plain: UInt8
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = kind
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            offset += 1
            var value = try readHexadecimal()
            if value & 0xFC00 == 0xD800 {
                guard offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
                    bytes[offset + 1] == UInt8(ascii: "u")
                else { throw malformed("the second half of a surrogate pair") }
                offset += 2
                let low = try readHexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw malformed("a low surrogate") }
                value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(value) else { throw malformed("a code point") }
            appendScalar(scalar.value, to: &arena)
            return
        default:
            throw malformed("an escape")
        }
        arena.append(plain)
        offset += 1
    }

    private mutating func readHexadecimal() throws(TokenizationError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count, let digit = hexadecimalValue(bytes[offset]) else {
                throw malformed("a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    /// An integer that fits 64 bits; a fraction or an exponent is not one.
    mutating func readInteger(_ field: String) throws(TokenizationError) -> Int {
        guard case .integer(let value) = try readNumber() else {
            throw .invalidField(
                file: file, field: field, expected: "an integer", found: "another number")
        }
        return value
    }

    /// The whole of the next value.
    mutating func readNode(depth: Int = 0) throws(TokenizationError) -> JSONNode {
        guard depth <= Self.maximumDepth else {
            throw .limitExceeded(
                file: file, field: "nesting", limit: Self.maximumDepth, found: depth)
        }
        nodeCount += 1
        guard nodeCount <= Self.maximumNodeCount else {
            throw .limitExceeded(
                file: file, field: "number of values", limit: Self.maximumNodeCount,
                found: nodeCount)
        }
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [(String, JSONNode)] = []
            try readObject { (reader, key) throws(TokenizationError) in
                members.append((key, try reader.readNode(depth: depth + 1)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONNode] = []
            try readArray { (reader, _) throws(TokenizationError) in
                elements.append(try reader.readNode(depth: depth + 1))
            }
            return .array(elements)
        case UInt8(ascii: "\""):
            return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default:
            return try readNumber()
        }
    }

    private mutating func readWord(
        _ word: String, _ node: JSONNode
    ) throws(TokenizationError) -> JSONNode {
        guard bytes[offset...].starts(with: word.utf8) else { throw malformed(word) }
        offset += word.utf8.count
        return node
    }

    private mutating func readNumber() throws(TokenizationError) -> JSONNode {
        _ = peek()
        let start = offset
        var isInteger = true
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        let firstDigit = offset
        try skipDigits()
        if bytes[firstDigit] == UInt8(ascii: "0"), offset > firstDigit + 1 {
            offset = firstDigit
            throw malformed("a number without leading zeros")
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            isInteger = false
            offset += 1
            try skipDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            offset += 1
            if offset < bytes.count,
                bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")
            {
                offset += 1
            }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text) else { throw malformed("a number") }
        return .number(value)
    }

    private mutating func skipDigits() throws(TokenizationError) {
        let start = offset
        while offset < bytes.count, bytes[offset] &- 0x30 < 10 { offset += 1 }
        guard offset > start else { throw malformed("a value") }
    }

    /// Refuses anything but white space after the last value.
    mutating func expectEnd() throws(TokenizationError) {
        _ = peek()
        guard offset == bytes.count else { throw malformed("the end of the file") }
    }
}

/// The value of an ASCII hexadecimal digit.
func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// Whether the bytes are well-formed UTF-8.
func isValidUTF8(_ bytes: [UInt8]) -> Bool {
    (try? UTF8Span(validating: bytes.span)) != nil
}
