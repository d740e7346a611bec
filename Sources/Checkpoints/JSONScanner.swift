/// A pull reader of JSON (RFC 8259) over bytes: the caller asks for what it expects next.
///
/// It never recurses and never allocates more than one string at a time; nesting, counting and
/// what to keep are the caller's. The bytes travel beside the scanner because a span cannot be
/// stored.
struct JSONScanner {
    /// The name that errors carry.
    let file: String

    /// The next byte to read.
    private(set) var offset = 0

    init(file: String) {
        self.file = file
    }

    /// Skips white space and returns the next byte without taking it, or nil at the end.
    mutating func peek(_ bytes: Span<UInt8>) -> UInt8? {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes `byte` if it comes next.
    mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard peek(bytes) == byte else { return false }
        offset += 1
        return true
    }

    /// Takes `byte`, which must come next.
    mutating func expect(_ byte: UInt8, _ bytes: Span<UInt8>) throws(CheckpointError) {
        guard take(byte, bytes) else {
            throw failure(bytes, expected: "'\(Character(Unicode.Scalar(byte)))'")
        }
    }

    /// Refuses anything but white space up to the end.
    mutating func expectEnd(_ bytes: Span<UInt8>) throws(CheckpointError) {
        guard peek(bytes) == nil else { throw failure(bytes, expected: "the end of the text") }
    }

    /// Takes a number, a string or a literal; the caller handles containers.
    mutating func scalar(_ bytes: Span<UInt8>) throws(CheckpointError) -> JSONValue {
        switch peek(bytes) {
        case UInt8(ascii: "\""):
            return .string(try string(bytes))
        case let byte? where byte == 0x2D || (0x30...0x39).contains(byte):
            return try number(bytes)
        case UInt8(ascii: "t"):
            return try literal("true", .bool(true), bytes)
        case UInt8(ascii: "f"):
            return try literal("false", .bool(false), bytes)
        case UInt8(ascii: "n"):
            return try literal("null", .null, bytes)
        default:
            throw failure(bytes, expected: "a value")
        }
    }

    private mutating func literal(
        _ text: String, _ value: JSONValue, _ bytes: Span<UInt8>
    ) throws(CheckpointError) -> JSONValue {
        for (position, character) in text.utf8.enumerated() {
            guard offset + position < bytes.count, bytes[offset + position] == character else {
                throw failure(bytes, expected: "\(text)")
            }
        }
        offset += text.utf8.count
        return value
    }

    /// The error that `expected` did not come next.
    func failure(_ bytes: Span<UInt8>, expected: String) -> CheckpointError {
        let found: String
        if offset >= bytes.count {
            found = "the end of the text"
        } else if (0x21...0x7E).contains(bytes[offset]) {
            found = "'\(Character(Unicode.Scalar(bytes[offset])))'"
        } else {
            found = "byte 0x\(String(bytes[offset], radix: 16))"
        }
        return .invalidJSON(
            file: file, byteOffset: offset, reason: "expected \(expected), found \(found)")
    }

    /// The error that the text just read is wrong in itself.
    func failure(at start: Int, _ reason: String) -> CheckpointError {
        .invalidJSON(file: file, byteOffset: start, reason: reason)
    }

    /// Moves on by `count` bytes that the caller has looked at.
    mutating func advance(by count: Int) {
        offset += count
    }
}
