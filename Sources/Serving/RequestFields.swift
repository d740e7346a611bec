import Tokenization

/// One object of a request, read field by field.
///
/// It remembers which fields were read, so that the others can be refused or reported. `null` is
/// read as absent, as every OpenAI client means it.
struct RequestFields {
    /// The dotted path of the object; empty for the body itself.
    let path: String
    /// The names in the order of the text.
    private(set) var names: [String]
    private var values: [String: TemplateValue]
    /// Where values lie that were taken over from elsewhere.
    private var origins: [String: String] = [:]
    private var taken: Set<String> = []

    /// The object at `path`.
    init(_ members: [TemplateValue.Pair], path: String = "") {
        self.path = path
        names = members.map(\.key)
        values = Dictionary(
            members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// The names that nobody read, in the order of the text.
    var unread: [String] {
        names.filter { !taken.contains($0) }
    }

    /// The dotted path of a field.
    func path(of name: String) -> String {
        origins[name] ?? (path.isEmpty ? name : "\(path).\(name)")
    }

    /// The value without marking it as read.
    func peek(_ name: String) -> TemplateValue? {
        guard let value = values[name], value != .null else { return nil }
        return value
    }

    /// The value, `nil` for absent or `null`.
    mutating func take(_ name: String) -> TemplateValue? {
        taken.insert(name)
        return peek(name)
    }

    /// Puts a value in place of a field that the caller left out.
    mutating func adopt(_ name: String, _ value: TemplateValue) {
        values[name] = value
    }

    /// Puts a field under the name that the same thing has elsewhere; errors keep its own.
    mutating func rename(_ name: String, to other: String) throws(ServingError) {
        guard let value = take(name) else { return }
        try adopt(value, as: other, from: path(of: name))
    }

    /// Reads the members of an object as if they stood beside it; errors keep their own path.
    mutating func inline(_ name: String) throws(ServingError) {
        guard let object = try object(name) else { return }
        for member in object.names {
            guard let value = object.peek(member) else { continue }
            try adopt(value, as: member, from: object.path(of: member))
        }
    }

    /// Takes over a value from elsewhere.
    mutating func adopt(
        _ value: TemplateValue, as name: String, from path: String
    ) throws(ServingError) {
        guard peek(name) == nil else {
            throw .invalidValue(
                path: path, expected: "absent beside '\(self.path(of: name))'", found: "both")
        }
        values[name] = value
        names.append(name)
        taken.remove(name)
        origins[name] = path
    }

    /// A truth value.
    mutating func boolean(_ name: String) throws(ServingError) -> Bool? {
        guard let value = take(name) else { return nil }
        guard case .boolean(let flag) = value else {
            throw mismatch(name, "true or false", value)
        }
        return flag
    }

    /// A text.
    mutating func string(_ name: String) throws(ServingError) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else { throw mismatch(name, "a string", value) }
        return text
    }

    /// An integer of `range`; `5.0` counts as one.
    mutating func integer(
        _ name: String, in range: ClosedRange<Int>
    ) throws(ServingError) -> Int? {
        guard let value = take(name) else { return nil }
        guard let number = value.exactInteger else {
            throw mismatch(name, "an integer", value)
        }
        guard range.contains(number) else {
            let upper = range.upperBound == .max ? "more" : "\(range.upperBound)"
            throw .invalidValue(
                path: path(of: name), expected: "from \(range.lowerBound) to \(upper)",
                found: "\(number)")
        }
        return number
    }

    /// A number of `range`, its lower end excluded if `aboveLower`.
    mutating func number(
        _ name: String, in range: ClosedRange<Double>, aboveLower: Bool = false
    ) throws(ServingError) -> Float? {
        guard let value = take(name) else { return nil }
        guard let number = value.real else { throw mismatch(name, "a number", value) }
        guard range.contains(number), !(aboveLower && number == range.lowerBound) else {
            let lower = aboveLower ? "above \(range.lowerBound)" : "from \(range.lowerBound)"
            throw .invalidValue(
                path: path(of: name), expected: "\(lower) to \(range.upperBound)",
                found: "\(number)")
        }
        return Float(number)
    }

    /// A list.
    mutating func array(_ name: String) throws(ServingError) -> [TemplateValue]? {
        guard let value = take(name) else { return nil }
        guard case .array(let elements) = value else { throw mismatch(name, "a list", value) }
        return elements
    }

    /// An object.
    mutating func object(_ name: String) throws(ServingError) -> RequestFields? {
        guard let value = take(name) else { return nil }
        guard case .object(let members) = value else {
            throw mismatch(name, "an object", value)
        }
        return RequestFields(members, path: path(of: name))
    }

    /// The error for a field of another kind.
    func mismatch(_ name: String, _ expected: String, _ found: TemplateValue) -> ServingError {
        .wrongType(path: path(of: name), expected: expected, found: found.kind)
    }
}

extension TemplateValue {
    /// The integer, also when written as `5.0`; `nil` for every other value.
    var exactInteger: Int? {
        switch self {
        case .integer(let number): number
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }

    /// The finite number; `nil` for every other value.
    var real: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number.isFinite ? number : nil
        default: nil
        }
    }

    /// The kind of value in JSON's words, numbers with their value.
    var kind: String {
        switch self {
        case .undefined, .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): "the number \(number)"
        case .number(let number): "the number \(number)"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
