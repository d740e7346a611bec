/// A JSON value; an object's members stay in order and may repeat a key (the last one counts).
indirect enum JSONNode {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([(String, JSONNode)])

    /// The kind of value, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.quoted
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// A value with the name of its place, so that errors can say where.
struct JSONField {
    let file: String
    let name: String
    let node: JSONNode

    /// The member `key`; `nil` when absent or null.
    func optional(_ key: String) throws(TokenizationError) -> JSONField? {
        guard case .object(let members) = node else { throw wrong("an object") }
        guard let member = members.last(where: { $0.0 == key })?.1 else { return nil }
        if case .null = member { return nil }
        return JSONField(file: file, name: name.isEmpty ? key : "\(name).\(key)", node: member)
    }

    /// The member `key`, which must be there.
    func required(_ key: String, _ expected: String) throws(TokenizationError) -> JSONField {
        guard let field = try optional(key) else {
            throw .invalidField(
                file: file, field: name.isEmpty ? key : "\(name).\(key)", expected: expected,
                found: "nothing")
        }
        return field
    }

    /// The elements of an array.
    func elements() throws(TokenizationError) -> [JSONField] {
        guard case .array(let elements) = node else { throw wrong("an array") }
        return elements.enumerated().map { index, element in
            JSONField(file: file, name: "\(name)[\(index)]", node: element)
        }
    }

    /// The members of an object.
    func members() throws(TokenizationError) -> [(key: String, field: JSONField)] {
        guard case .object(let members) = node else { throw wrong("an object") }
        return members.map { key, value in
            (key, JSONField(file: file, name: "\(name).\(key)", node: value))
        }
    }

    func string() throws(TokenizationError) -> String {
        guard case .string(let value) = node else { throw wrong("a string") }
        return value
    }

    func boolean() throws(TokenizationError) -> Bool {
        guard case .boolean(let value) = node else { throw wrong("true or false") }
        return value
    }

    func integer(in range: ClosedRange<Int>) throws(TokenizationError) -> Int {
        guard case .integer(let value) = node, range.contains(value) else {
            throw wrong("an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The member `key` as a truth value, `fallback` when absent.
    func boolean(_ key: String, or fallback: Bool) throws(TokenizationError) -> Bool {
        try optional(key)?.boolean() ?? fallback
    }

    func wrong(_ expected: String) -> TokenizationError {
        .invalidField(
            file: file, field: name.isEmpty ? "the file" : name, expected: expected,
            found: node.kind)
    }

    func unsupported(_ found: String, supported: String) -> TokenizationError {
        .unsupported(file: file, field: name, found: found, supported: supported)
    }
}
