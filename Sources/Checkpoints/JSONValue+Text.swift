extension JSONValue {
    /// The value as a file holds it: members in order, an indented line each, and a line feed.
    ///
    /// Numbers that are not finite, which JSON lacks, become `null`.
    public var text: String {
        var text = ""
        write(to: &text, indentation: 0)
        return text + "\n"
    }

    private func write(to text: inout String, indentation: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += "\(value)"
        case .integer(let value): text += "\(value)"
        case .double(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += ", " }
                element.write(to: &text, indentation: indentation)
            }
            text += "]"
        case .object(let object):
            let margin = String(repeating: " ", count: indentation)
            text += "{"
            for (index, (key, value)) in zip(object.keys, object.values).enumerated() {
                text += "\(index > 0 ? "," : "")\n\(margin)  "
                Self.write(key, to: &text)
                text += ": "
                value.write(to: &text, indentation: indentation + 2)
            }
            text += object.count == 0 ? "}" : "\n\(margin)}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }

    /// A real number.
    public init(floatLiteral value: Double) { self = .double(value) }
}
