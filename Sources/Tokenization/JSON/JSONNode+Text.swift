extension JSONNode {
    /// An object of members in order.
    static func members(_ members: KeyValuePairs<String, JSONNode>) -> JSONNode {
        .object(members.map { ($0.key, $0.value) })
    }

    /// The value on one line.
    var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += "\(value)"
        case .integer(let value): text += "\(value)"
        case .number(let value): text += JSONText.number(value)
        case .string(let value): text += JSONText.quoted(value)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += ", " }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, (key, value)) in members.enumerated() {
                if index > 0 { text += ", " }
                text += JSONText.quoted(key) + ": "
                value.write(to: &text)
            }
            text += "}"
        }
    }
}
