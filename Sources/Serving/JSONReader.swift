import Tokenization

/// Reads JSON (RFC 8259) from a client: UTF-8 only, keys in their order.
///
/// Stricter than `TemplateValue.init(json:)`, which reads as Python does, where leniency would hide
/// a client's mistake or cost memory: a key may appear once, numbers are finite, and depth and the
/// count of values are bounded. What is refused is named by its dotted path.
struct JSONReader {
    private enum Step {
        case key(String)
        case index(Int)
    }

    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    private var valueCount = 0
    /// Where in the document the reader is.
    private var steps: [Step] = []

    private init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The one value that `bytes` hold.
    static func read(
        _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
    ) throws(ServingError) -> TemplateValue {
        var reader = JSONReader(bytes, limits: limits)
        reader.skipSpace()
        guard reader.position < bytes.count else {
            throw reader.failure("the body is empty")
        }
        let value = try reader.value()
        reader.skipSpace()
        guard reader.position == bytes.count else {
            throw reader.failure("something follows the value")
        }
        return value
    }

    private func failure(_ reason: String, path: Bool = false) -> ServingError {
        let names = steps.map { step in
            switch step {
            case .key(let name): String(name.prefix(64))
            case .index(let index): "\(index)"
            }
        }
        return .invalidJSON(
            "\(reason), at byte \(position)", path: path ? names.joined(separator: ".") : nil)
    }

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func skip(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(ServingError) -> TemplateValue {
        valueCount += 1
        guard valueCount <= limits.values else {
            throw failure("more than \(limits.values) values")
        }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case nil: throw failure("the text ends early")
        case .some(0x30...0x39), UInt8(ascii: "-"): return try number()
        default: throw failure("no value begins here")
        }
    }

    private mutating func literal(
        _ word: String, _ value: TemplateValue
    ) throws(ServingError) -> TemplateValue {
        guard bytes[position...].starts(with: word.utf8) else {
            throw failure("no value begins here")
        }
        position += word.utf8.count
        return value
    }

    private mutating func descend(_ step: Step) throws(ServingError) {
        guard steps.count < limits.depth else {
            throw failure("values nest deeper than \(limits.depth)")
        }
        steps.append(step)
    }

    private mutating func object() throws(ServingError) -> TemplateValue {
        position += 1
        var members: [TemplateValue.Pair] = []
        // Bytes, because `String` takes letters composed in different ways for the same.
        var known: Set<[UInt8]> = []
        skipSpace()
        if skip(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipSpace()
            guard byte == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
            let key = try string()
            try descend(.key(key))
            guard known.insert(Array(key.utf8)).inserted else {
                throw failure("the key '\(key.prefix(64))' appears twice", path: true)
            }
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { throw failure("expected ':'") }
            skipSpace()
            members.append(TemplateValue.Pair(key: key, value: try value()))
            steps.removeLast()
            skipSpace()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "}")) else { throw failure("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func array() throws(ServingError) -> TemplateValue {
        position += 1
        var elements: [TemplateValue] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return .array([]) }
        try descend(.index(0))
        repeat {
            skipSpace()
            steps[steps.count - 1] = .index(elements.count)
            elements.append(try value())
            skipSpace()
        } while skip(UInt8(ascii: ","))
        guard skip(UInt8(ascii: "]")) else { throw failure("expected ',' or ']'") }
        steps.removeLast()
        return .array(elements)
    }

    /// A number by the grammar of RFC 8259, section 6, which `Int` and `Double` read too freely.
    private mutating func number() throws(ServingError) -> TemplateValue {
        let start = position
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        var isInteger = true
        if skip(UInt8(ascii: ".")) {
            isInteger = false
            try digits()
        }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            isInteger = false
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw failure("the number is too large", path: true)
        }
        return .number(number)
    }

    private mutating func digits() throws(ServingError) {
        let start = position
        while let byte, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw failure("expected a digit") }
    }

    private mutating func string() throws(ServingError) -> String {
        position += 1
        let start = position
        while let byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            position += 1
        }
        var text = Array(bytes[start..<position])
        while let byte {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("a string is not UTF-8", path: true)
                }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("a control character stands in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string has no end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(ServingError) {
        guard let byte else { throw failure("a string has no end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try scalar().utf8)
        default: throw failure("a string has an unknown escape")
        }
    }

    /// The scalar of `\u….`, or of the two that make a surrogate pair.
    private mutating func scalar() throws(ServingError) -> Character {
        let first = try unit()
        var value = first
        if (0xD800...0xDBFF).contains(first), skip(UInt8(ascii: "\\")), skip(UInt8(ascii: "u")) {
            let second = try unit()
            guard (0xDC00...0xDFFF).contains(second) else {
                throw failure("a string has half a surrogate pair", path: true)
            }
            value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw failure("a string has half a surrogate pair", path: true)
        }
        return Character(scalar)
    }

    private mutating func unit() throws(ServingError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            position += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}

extension RequestFields {
    /// The fields of a request's body.
    init(json: [UInt8], limits: JSONLimits = JSONLimits()) throws(ServingError) {
        let value = try JSONReader.read(json, limits: limits)
        guard case .object(let members) = value else {
            throw .invalidJSON("expected an object, found \(value.kind)", path: nil)
        }
        self.init(members)
    }
}
