import Grammars
import Tokenization

/// What strings or numbers of a schema have to be.
enum TextForm: Hashable {
    case string(pattern: String?, format: StringFormat?, least: Int, most: Int?)
    case number(NumberBounds)
}

extension SchemaReader {
    /// Characters of a string and elements of a list that can be counted.
    private static let countLimit = 4096

    mutating func place(
        ofType type: String, _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        switch type {
        case "object": return try object([schema])
        case "array":
            let (least, most) = try counts("minItems", "maxItems", of: schema)
            let element =
                try schema.peek("items").map { items throws(ServingError) in
                    try rule(items, path: schema.path(of: "items"))
                } ?? pieces.value
            return pieces.list(least..., atMost: most, then: end, of: element)
        case "string": return try string(schema)
        case "integer", "number": return try number(schema, isInteger: type == "integer")
        case "boolean":
            return pieces.builder.either(
                ["true", "false"].map { pieces.builder.literal($0.utf8, then: end) })
        default: return pieces.builder.literal("null".utf8, then: end)
        }
    }

    /// An object of which several schemas, open ones, each name some members.
    mutating func object(
        _ schemas: [RequestFields]
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        var required: [String] = []
        var properties: [(fields: RequestFields, name: String)] = []
        var names: Set<String> = []
        for var schema in schemas {
            for (position, name) in (try schema.array("required") ?? []).enumerated() {
                guard case .string(let name) = name else {
                    throw schema.mismatch("required.\(position)", "a string", name)
                }
                required.append(name)
            }
            guard let fields = try schema.object("properties") else { continue }
            for name in fields.names where fields.peek(name) != nil {
                guard names.insert(name).inserted else {
                    throw .unsupported(
                        path: fields.path(of: name),
                        reason: "another schema of 'allOf' names this member too")
                }
                properties.append((fields, name))
            }
        }
        let others = schemas[0].peek("additionalProperties") ?? .boolean(true)
        let otherPath = schemas[0].path(of: "additionalProperties")
        var members: [(key: [UInt8], value: GrammarBuilder.Rule, isOptional: Bool)] = []
        let needed = Set(required)
        for (fields, name) in properties {
            let rule = try rule(fields.peek(name) ?? .boolean(true), path: fields.path(of: name))
            members.append((Self.key(name), rule, !needed.contains(name)))
        }
        for name in required where names.insert(name).inserted {
            guard others != .boolean(false) else {
                throw .unsupported(
                    path: schemas[0].path(of: "required"),
                    reason: "'\(name.prefix(64))' is required and not among the properties")
            }
            members.append((Self.key(name), try rule(others, path: otherPath), false))
        }
        guard members.isEmpty, others != .boolean(false) else {
            return pieces.object(members, then: end)
        }
        return pieces.dictionary(then: end, of: try rule(others, path: otherPath))
    }

    private static func key(_ name: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(name)
        return writer.bytes
    }

    private mutating func string(
        _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        var schema = schema
        let end = pieces.builder.end
        let (least, most) = try counts("minLength", "maxLength", of: schema)
        let pattern = try schema.string("pattern")
        let format = try self.format(of: schema)
        guard pattern != nil || format != nil else {
            return pieces.string(least..., atMost: most, then: end)
        }
        let form = TextForm.string(pattern: pattern, format: format, least: least, most: most)
        if let known = texts[form] { return pieces.builder.call(known, then: end) }
        // What is said to be too much, or no expression at all.
        let path = schema.path(of: pattern == nil ? "format" : "pattern")
        let automaton = try made(path: path) { allowance throws(TextAutomaton.Failure) in
            var automaton = try format?.automaton()
            func restrict(to other: TextAutomaton) throws(TextAutomaton.Failure) {
                automaton =
                    try automaton?.intersection(other, paidBy: &allowance) ?? other
            }
            if let pattern {
                try restrict(to: try TextAutomaton(pattern: pattern, paidBy: &allowance))
            }
            if least > 0 || most != nil {
                try restrict(to: try .lengths(from: least, to: most, paidBy: &allowance))
            }
            return automaton
        }
        guard let automaton, !automaton.isEmpty else {
            throw .unsupported(path: path, reason: "no string satisfies it and what is beside it")
        }
        let rule = pieces.builder.declare()
        pieces.builder.define(rule, as: pieces.string(of: automaton, then: end))
        texts[form] = rule
        return pieces.builder.call(rule, then: end)
    }

    private func format(of schema: RequestFields) throws(ServingError) -> StringFormat? {
        var schema = schema
        guard let name = try schema.string("format") else { return nil }
        guard let format = StringFormat(rawValue: name) else {
            let known = StringFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unsupported(
                path: schema.path(of: "format"),
                reason: "'\(name.prefix(64))' cannot be honoured, only \(known)")
        }
        return format
    }

    private mutating func number(
        _ schema: RequestFields, isInteger: Bool
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        func bound(_ name: String) throws(ServingError) -> Double? {
            guard let value = schema.peek(name) else { return nil }
            guard let bound = value.real else { throw schema.mismatch(name, "a number", value) }
            return bound
        }
        var bounds = NumberBounds(isInteger: isInteger)
        bounds.minimum = try bound("minimum")
        bounds.exclusiveMinimum = try bound("exclusiveMinimum")
        bounds.maximum = try bound("maximum")
        bounds.exclusiveMaximum = try bound("exclusiveMaximum")
        bounds.multipleOf = try bound("multipleOf")
        if let step = bounds.multipleOf, step <= 0 {
            throw .invalidValue(
                path: schema.path(of: "multipleOf"), expected: "a number above 0",
                found: "\(step)")
        }
        guard bounds != NumberBounds(isInteger: isInteger) else {
            return isInteger ? pieces.integer(then: end) : pieces.number(then: end)
        }
        if let known = texts[.number(bounds)] { return pieces.builder.call(known, then: end) }
        let path = bounds.multipleOf == nil ? schema.path : schema.path(of: "multipleOf")
        let automaton = try made(path: path) { allowance throws(TextAutomaton.Failure) in
            try TextAutomaton(numbers: bounds, paidBy: &allowance)
        }
        guard !automaton.isEmpty else {
            throw .unsupported(
                path: schema.path,
                reason: "no \(isInteger ? "integer" : "number") of 15 digits is within its bounds")
        }
        let rule = pieces.builder.declare()
        pieces.builder.define(rule, as: pieces.text(of: automaton, then: end))
        texts[.number(bounds)] = rule
        return pieces.builder.call(rule, then: end)
    }

    /// An automaton; what is wrong with it is said of `path`.
    private mutating func made<Made>(
        path: String,
        _ make: (inout TextAutomaton.Allowance) throws(TextAutomaton.Failure) -> Made
    ) throws(ServingError) -> Made {
        do {
            return try make(&allowance)
        } catch {
            switch error {
            case .syntax(let reason, let offset):
                throw .invalidValue(
                    path: path, expected: "a regular expression of ECMA-262",
                    found: "one where \(reason) (behind \(offset) characters)")
            case .unsupported(let construct):
                throw .unsupported(path: path, reason: "\(construct) cannot be honoured")
            case .tooLarge:
                throw .unsupported(
                    path: path, reason: "it would take too many states, with what is beside it")
            }
        }
    }

    /// The bounds of a length.
    private func counts(
        _ least: String, _ most: String, of schema: RequestFields
    ) throws(ServingError) -> (least: Int, most: Int?) {
        var schema = schema
        let low = try schema.integer(least, in: 0...Self.countLimit) ?? 0
        let high = try schema.integer(most, in: 0...Self.countLimit)
        guard low <= high ?? .max else {
            throw .unsupported(
                path: schema.path(of: least), reason: "it is above '\(most)'")
        }
        return (low, high)
    }
}
