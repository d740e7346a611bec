import Checkpoints

/// Checked access to the fields of a model's description, whatever format they came in.
///
/// `null` counts as absent, as it does for transformers. No number leaves without having been
/// compared with the bounds that its user states.
struct ConfigFields {
    /// The file that errors name.
    let file: String
    /// What errors put before a field's name: `rope_scaling.`, or nothing.
    var prefix = ""
    /// The value of a field, or nil where it is absent.
    let lookup: (String) -> JSONValue?

    /// Whether the field is there and not null.
    func has(_ field: String) -> Bool {
        value(field) != nil
    }

    func value(_ field: String) -> JSONValue? {
        switch lookup(field) {
        case nil, .null: nil
        case let value: value
        }
    }

    func integer(
        _ field: String, in range: ClosedRange<Int>, default fallback: Int? = nil
    ) throws(ModelError) -> Int {
        let expected = "an integer in \(range.lowerBound)...\(range.upperBound)"
        guard let value = value(field) else {
            guard let fallback else { throw missing(field, expected) }
            return fallback
        }
        guard case .integer(let number) = value, range.contains(number) else {
            throw invalid(field, expected, value)
        }
        return number
    }

    func number(
        _ field: String, in range: ClosedRange<Double>, default fallback: Double? = nil
    ) throws(ModelError) -> Double {
        let expected = "a number in \(range.lowerBound)...\(range.upperBound)"
        guard let value = value(field) else {
            guard let fallback else { throw missing(field, expected) }
            return fallback
        }
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        case .double(let double): number = double
        default: throw invalid(field, expected, value)
        }
        // A range never contains NaN.
        guard range.contains(number) else { throw invalid(field, expected, value) }
        return number
    }

    func optionalNumber(
        _ field: String, in range: ClosedRange<Double>
    ) throws(ModelError) -> Double? {
        has(field) ? try number(field, in: range) : nil
    }

    func boolean(_ field: String, default fallback: Bool) throws(ModelError) -> Bool {
        guard let value = value(field) else { return fallback }
        guard case .bool(let answer) = value else {
            throw invalid(field, "true or false", value)
        }
        return answer
    }

    func string(_ field: String) throws(ModelError) -> String? {
        guard let value = value(field) else { return nil }
        guard case .string(let text) = value else { throw invalid(field, "a string", value) }
        return text
    }

    func strings(_ field: String) throws(ModelError) -> [String]? {
        guard let value = value(field) else { return nil }
        guard case .array(let elements) = value else {
            throw invalid(field, "an array of strings", value)
        }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else {
                throw invalid(field, "an array of strings", element)
            }
            texts.append(text)
        }
        return texts
    }

    func object(_ field: String) throws(ModelError) -> ConfigFields? {
        guard let value = value(field) else { return nil }
        guard case .object(let object) = value else { throw invalid(field, "an object", value) }
        return ConfigFields(file: file, prefix: "\(prefix)\(field).", lookup: { object[$0] })
    }

    func missing(_ field: String, _ expected: String) -> ModelError {
        .missingField(file: file, field: prefix + field, expected: expected)
    }

    func invalid(_ field: String, _ expected: String, _ found: JSONValue) -> ModelError {
        invalid(field, expected, found: Self.text(of: found))
    }

    func invalid(_ field: String, _ expected: String, found: String) -> ModelError {
        .invalidField(file: file, field: prefix + field, expected: expected, found: found)
    }

    func unsupported(_ field: String, _ expected: String, found: String) -> ModelError {
        .unsupported(file: file, field: prefix + field, expected: expected, found: found)
    }

    static func text(of value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        case .array(let elements): "an array of \(elements.count)"
        case .object(let object): "an object of \(object.count)"
        }
    }
}
