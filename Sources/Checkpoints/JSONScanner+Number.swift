extension JSONScanner {
    /// The longest number in characters; the longest double written out in full has 1,076.
    private static let maximumNumberLength = 2_048

    /// Takes a number by the grammar of RFC 8259, section 6.
    mutating func number(_ bytes: Span<UInt8>) throws(CheckpointError) -> JSONValue {
        let start = offset
        var isInteger = true
        takeOne(of: "-", bytes)
        if !takeOne(of: "0", bytes) { try digits(bytes) }
        if takeOne(of: ".", bytes) {
            isInteger = false
            try digits(bytes)
        }
        if takeOne(of: "eE", bytes) {
            isInteger = false
            takeOne(of: "+-", bytes)
            try digits(bytes)
        }
        guard offset - start <= Self.maximumNumberLength,
            let text = bytes.text(in: start..<offset)
        else { throw failure(at: start, "expected a number of fewer digits") }
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw failure(at: start, "expected a number within the range of a double")
        }
        return .double(value)
    }

    @discardableResult
    private mutating func takeOne(of characters: StaticString, _ bytes: Span<UInt8>) -> Bool {
        guard offset < bytes.count,
            characters.withUTF8Buffer({ unsafe $0.contains(bytes[offset]) })
        else { return false }
        advance(by: 1)
        return true
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(CheckpointError) {
        let start = offset
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) { advance(by: 1) }
        guard offset > start else { throw failure(bytes, expected: "a digit") }
    }
}
