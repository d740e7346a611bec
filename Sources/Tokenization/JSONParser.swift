/// Reads JSON (RFC 8259) from UTF-8 bytes into template values.
struct JSONParser {
    private let bytes: [UInt8]
    private let maximumNesting: Int
    private var position = 0
    private var nesting = 0

    init(bytes: [UInt8], maximumNesting: Int) {
        self.bytes = bytes
        self.maximumNesting = maximumNesting
    }

    /// The one value of the text.
    mutating func document() throws(TemplateError) -> TemplateValue {
        skipSpace()
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("text after the value") }
        return value
    }

    private func failure(_ message: String) -> TemplateError {
        .json(offset: position, message: message)
    }

    private var current: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(TemplateError) -> TemplateValue {
        guard let byte = current else { throw failure("the text ends where a value should be") }
        switch byte {
        case 0x7B: return try nested { parser throws(TemplateError) in try parser.object() }
        case 0x5B: return try nested { parser throws(TemplateError) in try parser.array() }
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .boolean(true))
        case 0x66: return try word("false", .boolean(false))
        case 0x6E: return try word("null", .null)
        case 0x2D, 0x30...0x39: return try number()
        default: throw failure("expected a value, found byte \(byte)")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(TemplateError) -> TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= maximumNesting else {
            throw failure("more than \(maximumNesting) levels of nesting")
        }
        position += 1
        return try body(&self)
    }

    private mutating func word(
        _ word: String, _ value: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        guard bytes[position...].starts(with: word.utf8) else {
            throw failure("expected '\(word)'")
        }
        position += word.utf8.count
        return value
    }

    private mutating func array() throws(TemplateError) -> TemplateValue {
        var values: [TemplateValue] = []
        skipSpace()
        if skip(0x5D) { return .array([]) }
        while true {
            skipSpace()
            values.append(try value())
            skipSpace()
            if skip(0x5D) { return .array(values) }
            guard skip(0x2C) else { throw failure("expected ',' or ']'") }
        }
    }

    private mutating func object() throws(TemplateError) -> TemplateValue {
        var pairs: [TemplateValue.Pair] = []
        var places: [[UInt8]: Int] = [:]
        skipSpace()
        if skip(0x7D) { return .object([]) }
        while true {
            skipSpace()
            guard current == 0x22 else { throw failure("expected a key") }
            let key = try string()
            skipSpace()
            guard skip(0x3A) else { throw failure("expected ':'") }
            skipSpace()
            let value = try value()
            if let place = places[Array(key.utf8)] {
                pairs[place].value = value
            } else {
                places[Array(key.utf8)] = pairs.count
                pairs.append(TemplateValue.Pair(key: key, value: value))
            }
            skipSpace()
            if skip(0x7D) { return .object(pairs) }
            guard skip(0x2C) else { throw failure("expected ',' or '}'") }
        }
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func number() throws(TemplateError) -> TemplateValue {
        let start = position
        _ = skip(0x2D)
        if skip(0x30) {
            if let byte = current, (0x30...0x39).contains(byte) {
                throw failure("a number with leading zeros")
            }
        } else if digits() == 0 {
            throw failure("expected a digit")
        }
        var isReal = false
        if skip(0x2E) {
            isReal = true
            guard digits() > 0 else { throw failure("expected a digit after the point") }
        }
        if current == 0x65 || current == 0x45 {
            isReal = true
            position += 1
            if current == 0x2B || current == 0x2D { position += 1 }
            guard digits() > 0 else { throw failure("expected a digit in the exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if !isReal, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text) else { throw failure("malformed number") }
        return .number(number)
    }

    // MARK: Strings

    private mutating func string() throws(TemplateError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            switch byte {
            case 0x22:
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string that is not UTF-8")
                }
                return string
            case 0x5C:
                position += 1
                try escape(into: &text)
            case 0..<0x20: throw failure("a control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TemplateError) {
        guard let byte = current else { throw failure("the text ends inside an escape") }
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: text.append(byte)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75:
            let first = try unit()
            guard 0xD800...0xDFFF ~= first else {
                if let scalar = Unicode.Scalar(first) { text += Array(String(scalar).utf8) }
                return
            }
            guard first < 0xDC00, skip(0x5C), skip(0x75) else {
                throw failure("a lone surrogate")
            }
            let second = try unit()
            guard 0xDC00...0xDFFF ~= second,
                let scalar = Unicode.Scalar(
                    0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { throw failure("a lone surrogate") }
            text += Array(String(scalar).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func unit() throws(TemplateError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current,
                let digit = PythonText.digitValue(Unicode.Scalar(byte), radix: 16)
            else { throw failure("expected four hexadecimal digits") }
            value = value << 4 | digit
            position += 1
        }
        return value
    }
}
