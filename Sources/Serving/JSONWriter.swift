import Tokenization

/// Writes compact JSON (RFC 8259) straight into bytes, members in the order of the calls.
///
/// Line breaks never appear in the output, so a document is one line of a server-sent event.
struct JSONWriter {
    private static let digits = Array("0123456789abcdef".utf8)

    /// What was written.
    private(set) var bytes: [UInt8] = []
    /// Whether a comma goes before the next member or element.
    private var separates = false

    /// One object as a document.
    static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(members)
        return writer.bytes
    }

    /// One list as a document.
    static func array(_ elements: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.array(elements)
        return writer.bytes
    }

    /// An object as an element.
    mutating func object(_ members: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    /// An object as a member.
    mutating func object(_ key: String, _ members: (inout JSONWriter) -> Void) {
        name(key)
        object(members)
    }

    /// A list as a member.
    mutating func array(_ key: String, _ elements: (inout JSONWriter) -> Void) {
        name(key)
        enclose(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    /// A list of numbers as a member; `nil` and what is not finite become `null`.
    mutating func array(_ key: String, _ numbers: [Double?]) {
        array(key) { json in
            for number in numbers { json.value(number) }
        }
    }

    /// A list as an element.
    mutating func array(_ elements: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "["), UInt8(ascii: "]"), elements)
    }

    /// A text or `null` as a member.
    mutating func field(_ key: String, _ value: String?) {
        name(key)
        self.value(value)
    }

    /// An integer or `null` as a member.
    mutating func field(_ key: String, _ value: Int?) {
        name(key)
        self.value(value)
    }

    /// An integer above 2^63 or below, or `null`, as a member.
    mutating func field(_ key: String, unsigned value: UInt64?) {
        name(key)
        separate()
        append(value.map { "\($0)" } ?? "null")
    }

    /// A number or `null` as a member; what is not finite becomes `null`.
    mutating func field(_ key: String, _ value: Double?) {
        name(key)
        self.value(value)
    }

    /// A log-probability as a member.
    mutating func field(_ key: String, logprob: Float?) {
        name(key)
        self.value(logprob: logprob)
    }

    /// A truth value as a member.
    mutating func field(_ key: String, _ value: Bool) {
        name(key)
        separate()
        append(value ? "true" : "false")
    }

    /// A text or `null` as an element.
    mutating func value(_ value: String?) {
        separate()
        guard let value else { return append("null") }
        quote(value)
    }

    /// An integer or `null` as an element.
    mutating func value(_ value: Int?) {
        separate()
        append(value.map(String.init) ?? "null")
    }

    /// A number or `null` as an element; what is not finite becomes `null`.
    mutating func value(_ value: Double?) {
        separate()
        guard let value, value.isFinite else { return append("null") }
        append("\(value)")
    }

    /// A log-probability as an element, with the digits that a `Float` has.
    ///
    /// An impossible token has an infinite one, which JSON cannot carry; -9999 stands for it, as
    /// clients know from other servers.
    mutating func value(logprob: Float?) {
        separate()
        guard let logprob else { return append("null") }
        append(logprob.isFinite ? "\(logprob)" : "-9999.0")
    }

    /// Any value as a member.
    mutating func field(_ key: String, _ value: TemplateValue) {
        name(key)
        self.value(value)
    }

    /// Any value as an element.
    mutating func value(_ value: TemplateValue) {
        switch value {
        case .undefined, .null:
            self.value(nil as String?)
        case .boolean(let flag):
            separate()
            append(flag ? "true" : "false")
        case .integer(let number):
            self.value(number)
        case .number(let number):
            self.value(number)
        case .string(let text):
            self.value(text)
        case .array(let elements):
            array { for element in elements { $0.value(element) } }
        case .object(let members):
            object { for member in members { $0.field(member.key, member.value) } }
        }
    }

    /// `warnings` as a member, if there are any.
    mutating func writeWarnings(_ warnings: [String]) {
        guard !warnings.isEmpty else { return }
        array("warnings") {
            for warning in warnings { $0.value(warning) }
        }
    }

    /// `null` as a member.
    mutating func null(_ key: String) {
        name(key)
        separate()
        append("null")
    }

    private mutating func name(_ key: String) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        separates = false
    }

    private mutating func separate() {
        if separates { bytes.append(UInt8(ascii: ",")) }
        separates = true
    }

    private mutating func enclose(
        _ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) -> Void
    ) {
        separate()
        bytes.append(open)
        separates = false
        content(&self)
        bytes.append(close)
        separates = true
    }

    private mutating func append(_ literal: String) {
        bytes.append(contentsOf: literal.utf8)
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        // Most texts need no escape and are copied whole.
        guard text.utf8.contains(where: Self.needsEscape) else { return append(text) }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A:
                append("\\n")
            case 0x0D:
                append("\\r")
            case 0x09:
                append("\\t")
            case 0..<0x20:
                append("\\u00")
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default:
                bytes.append(byte)
            }
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
