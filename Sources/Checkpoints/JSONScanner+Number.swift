extension JSONScanner {
    /// The longest number in characters; the longest double written out in full has 1,076.
    private static let maximumNumberLength = 2_048

    /// Takes a number by the grammar of RFC 8259, section 6.
    mutating func number(_ bytes: Span<UInt8>) throws(CheckpointError) -> JSONValue {
        let start = offset
        var text: [UInt8] = []
        var isInteger = true
        if current(bytes) == UInt8(ascii: "-") { keep(&text, bytes) }
        if current(bytes) == UInt8(ascii: "0") {
            keep(&text, bytes)
        } else {
            try digits(&text, bytes, start)
        }
        if current(bytes) == UInt8(ascii: ".") {
            isInteger = false
            keep(&text, bytes)
            try digits(&text, bytes, start)
        }
        if current(bytes) == UInt8(ascii: "e") || current(bytes) == UInt8(ascii: "E") {
            isInteger = false
            keep(&text, bytes)
            if current(bytes) == UInt8(ascii: "+") || current(bytes) == UInt8(ascii: "-") {
                keep(&text, bytes)
            }
            try digits(&text, bytes, start)
        }
        // The grammar leaves only ASCII, so decoding cannot replace anything.
        let digits = String(decoding: text, as: UTF8.self)
        if isInteger, let value = Int(digits) { return .integer(value) }
        guard let value = Double(digits), value.isFinite else {
            throw failure(at: start, "expected a number within the range of a double")
        }
        return .double(value)
    }

    private func current(_ bytes: Span<UInt8>) -> UInt8? {
        offset < bytes.count ? bytes[offset] : nil
    }

    private mutating func keep(_ text: inout [UInt8], _ bytes: Span<UInt8>) {
        text.append(bytes[offset])
        advance(by: 1)
    }

    private mutating func digits(
        _ text: inout [UInt8], _ bytes: Span<UInt8>, _ start: Int
    ) throws(CheckpointError) {
        let countBefore = text.count
        while let byte = current(bytes), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            guard text.count < Self.maximumNumberLength else {
                throw failure(at: start, "expected a number of fewer digits")
            }
            keep(&text, bytes)
        }
        guard text.count > countBefore else { throw failure(bytes, expected: "a digit") }
    }
}
