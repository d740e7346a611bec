extension TemplateValue {
    /// Reads one JSON value, keeping the order of keys and telling integers from reals.
    ///
    /// A repeated key takes its last value at its first place. Integers beyond 64 bits become
    /// reals. `NaN`, lone surrogates, leading zeros and text after the value are refused.
    public init(
        json bytes: [UInt8], limits: TemplateLimits = .default
    ) throws(TemplateError) {
        guard bytes.count <= max(limits.maximumSourceBytes, limits.maximumOutputBytes) else {
            throw .limit(
                .sourceBytes, line: 1,
                maximum: max(limits.maximumSourceBytes, limits.maximumOutputBytes))
        }
        var parser = JSONParser(bytes: bytes, maximumNesting: limits.maximumNesting)
        self = try parser.document()
    }

    /// The value as JSON on one line without blanks; absent and non-finite values are `null`.
    public var json: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .undefined, .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? JSONText.number(value) : "null"
        case .string(let value): text += JSONText.quoted(value)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .object(let pairs):
            text += "{"
            for (index, pair) in pairs.enumerated() {
                if index > 0 { text += "," }
                text += JSONText.quoted(pair.key) + ":"
                pair.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// The value of a key, if this is an object that has it.
    public subscript(key: String) -> TemplateValue? {
        guard case .object(let pairs) = self else { return nil }
        return pairs.first { PythonText.equal($0.key, key) }?.value
    }
}
