import Grammars
import Tokenization

/// Makes a grammar of a JSON Schema: every text that it allows is a document the schema accepts.
///
/// It reads what OpenAI's strict mode allows, and bounds: `type` (one or several), `properties`,
/// `required`, `additionalProperties`, `items`, `minItems`, `maxItems`, `minLength`, `maxLength`,
/// bounds of integers, `enum`, `const`, `anyOf`, `$ref` into the schema itself, recursion included.
/// A keyword that it cannot honour is refused by its path: none is ignored unless it only tells.
///
/// Of the documents that a schema accepts not all are allowed: members come in the order of
/// `properties`, and an object that names some has no others.
struct SchemaReader {
    private var pieces = JSONPieces()
    private let root: TemplateValue
    private let rootPath: String
    /// The rules of schemas that a reference names.
    private var references: [String: GrammarBuilder.Rule] = [:]

    /// Keywords that tell and do not bind.
    private static let annotations: Set<String> = [
        "$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated",
        "description", "example", "examples", "readOnly", "title", "writeOnly",
    ]
    private static let typeKeywords: [String: Set<String>] = [
        "object": ["properties", "required", "additionalProperties"],
        "array": ["items", "minItems", "maxItems"],
        "string": ["minLength", "maxLength"],
        "integer": ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
        "number": [], "boolean": [], "null": [],
    ]
    /// Characters of a string and elements of a list that can be counted.
    private static let countLimit = 4096
    /// The integers that doubles hold.
    private static let integers = -999_999_999_999_999...999_999_999_999_999

    private init(_ root: TemplateValue, path: String) {
        self.root = root
        rootPath = path
    }

    /// The grammar of the documents of a schema.
    ///
    /// - Parameters:
    ///   - schema: The schema.
    ///   - path: Where it stands in the request.
    /// - Throws: `ServingError` naming path and keyword of what cannot be honoured.
    /// - Returns: The grammar.
    static func grammar(
        of schema: TemplateValue, path: String
    ) throws(ServingError) -> Grammar {
        var reader = SchemaReader(schema, path: path)
        let rule = reader.pieces.builder.declare()
        reader.references["#"] = rule
        try reader.define(rule, as: schema, path: path)
        return try reader.document(of: rule)
    }

    /// The grammar of any JSON object.
    static func anyObject(path: String) throws(ServingError) -> Grammar {
        var reader = SchemaReader(.object([]), path: path)
        let rule = reader.pieces.builder.declare()
        let end = reader.pieces.builder.end
        let object = reader.pieces.dictionary(then: end, of: reader.pieces.value)
        reader.pieces.builder.define(rule, as: object)
        return try reader.document(of: rule)
    }

    /// The whole text: the line breaks that models begin an answer with, and the value.
    private mutating func document(
        of rule: GrammarBuilder.Rule
    ) throws(ServingError) -> Grammar {
        let text = pieces.builder.declare()
        let value = pieces.builder.call(rule, then: pieces.builder.end)
        pieces.builder.define(
            text, as: pieces.builder.repeated("\n".utf8, 0...2, then: value))
        do {
            return try pieces.builder.grammar(of: text)
        } catch {
            let reason =
                switch error {
                case .endless: "no document that ends satisfies it"
                case .tooLarge(_, let limit): "it would take over \(limit) states"
                }
            throw .unsupported(path: rootPath, reason: reason)
        }
    }

    private mutating func rule(
        _ schema: TemplateValue, path: String
    ) throws(ServingError) -> GrammarBuilder.Rule {
        let rule = pieces.builder.declare()
        try define(rule, as: schema, path: path)
        return rule
    }

    private mutating func define(
        _ rule: GrammarBuilder.Rule, as schema: TemplateValue, path: String
    ) throws(ServingError) {
        guard pieces.builder.size <= Grammar.nodeLimit else {
            throw .unsupported(path: path, reason: "the schema is too large")
        }
        pieces.builder.define(rule, as: try place(of: schema, path: path))
    }

    private mutating func place(
        of schema: TemplateValue, path: String
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        switch schema {
        case .boolean(true): return pieces.builder.call(pieces.value, then: end)
        case .object(let members): return try place(of: RequestFields(members, path: path))
        case .boolean(false):
            throw .unsupported(path: path, reason: "no document satisfies 'false'")
        default:
            throw .wrongType(path: path, expected: "a schema", found: schema.kind)
        }
    }

    private mutating func place(
        of schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let keywords = schema.names.filter {
            schema.peek($0) != nil && !Self.annotations.contains($0)
        }
        for name in ["$ref", "const", "enum", "anyOf", "allOf"] where keywords.contains(name) {
            // A type beside values says which of them count; it adds nothing beside the others.
            let others = keywords.filter { $0 != name && $0 != "type" }
            guard others.isEmpty, name == "enum" || name == "const" || keywords.count == 1 else {
                throw .unsupported(
                    path: schema.path(of: name),
                    reason: "beside '\(others.first ?? "type")' it cannot be honoured")
            }
            return try combination(name, schema)
        }
        let types = try types(of: schema)
        let known = types.isEmpty ? Set() : Set(types.flatMap { Self.typeKeywords[$0] ?? [] })
        for name in keywords where name != "type" && !known.contains(name) {
            // What is said of other types binds none of these.
            if Self.typeKeywords.contains(where: {
                !types.contains($0.key) && $0.value.contains(name)
            }),
                name != "minimum" && name != "maximum" || !types.contains("number")
            {
                continue
            }
            throw .unsupported(
                path: schema.path(of: name), reason: "this keyword cannot be honoured")
        }
        guard !types.isEmpty else {
            return pieces.builder.call(pieces.value, then: pieces.builder.end)
        }
        var ways: [GrammarBuilder.Place] = []
        for type in types { ways.append(try place(ofType: type, schema)) }
        return pieces.builder.either(ways)
    }

    /// The types that a schema names, or that its keywords are about.
    private func types(of schema: RequestFields) throws(ServingError) -> [String] {
        var names: [TemplateValue] = []
        switch schema.peek("type") {
        case nil:
            let about = Self.typeKeywords.filter { entry in
                entry.value.contains { schema.peek($0) != nil }
            }
            return about.keys.sorted()
        case .array(let elements): names = elements
        case .some(let one): names = [one]
        }
        var types: [String] = []
        for name in names {
            guard case .string(let type) = name, Self.typeKeywords[type] != nil else {
                throw .invalidValue(
                    path: schema.path(of: "type"),
                    expected:
                        "one or several of \(Self.typeKeywords.keys.sorted().joined(separator: ", "))",
                    found: name.brief)
            }
            if !types.contains(type) { types.append(type) }
        }
        guard !types.isEmpty else {
            throw .invalidValue(path: schema.path(of: "type"), expected: "a type", found: "none")
        }
        // Every integer is a number too.
        return types.contains("number") ? types.filter { $0 != "integer" } : types
    }

    private mutating func combination(
        _ name: String, _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let path = schema.path(of: name)
        let end = pieces.builder.end
        switch (name, schema.peek(name)) {
        case ("$ref", .string(let reference)):
            return pieces.builder.call(try target(of: reference, path: path), then: end)
        case ("const", .some(let value)):
            return try values([value], schema, path: path)
        case ("enum", .array(let values)):
            return try self.values(values, schema, path: path)
        case ("anyOf", .array(let schemas)) where !schemas.isEmpty:
            var ways: [GrammarBuilder.Place] = []
            for (position, schema) in schemas.enumerated() {
                let rule = try rule(schema, path: "\(path).\(position)")
                ways.append(pieces.builder.call(rule, then: end))
            }
            return pieces.builder.either(ways)
        case ("allOf", .array(let schemas)) where schemas.count == 1:
            return pieces.builder.call(try rule(schemas[0], path: "\(path).0"), then: end)
        case ("allOf", .array):
            throw .unsupported(path: path, reason: "only a single schema can be honoured")
        case (_, let value):
            throw .wrongType(
                path: path, expected: name == "$ref" ? "a string" : "a list with an element",
                found: value?.kind ?? "null")
        }
    }

    /// The values of an `enum` as they are, those of other types left out.
    private mutating func values(
        _ values: [TemplateValue], _ schema: RequestFields, path: String
    ) throws(ServingError) -> GrammarBuilder.Place {
        let types = schema.peek("type") == nil ? nil : try types(of: schema)
        let ways = values.filter { value in
            types.map { $0.contains(where: value.isOfType) } ?? true
        }
        guard !ways.isEmpty else {
            throw .unsupported(path: path, reason: "no value of it is of the type beside it")
        }
        let end = pieces.builder.end
        return pieces.builder.either(
            ways.map { value in
                var writer = JSONWriter()
                writer.value(value)
                return pieces.builder.literal(writer.bytes, then: end)
            })
    }

    /// The rule of a schema that a reference names, within the root schema.
    private mutating func target(
        of reference: String, path: String
    ) throws(ServingError) -> GrammarBuilder.Rule {
        if let known = references[reference] { return known }
        guard reference.hasPrefix("#/") else {
            throw .unsupported(
                path: path, reason: "only references into the schema itself ('#/…') are followed")
        }
        var schema = root
        for step in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            let name = step.replacing("~1", with: "/").replacing("~0", with: "~")
            let next: TemplateValue? =
                switch schema {
                case .object(let members): members.first { $0.key == name }?.value
                case .array(let elements):
                    Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                default: nil
                }
            guard let next else {
                throw .invalidValue(
                    path: path, expected: "a path in the schema",
                    found: "'\(reference.prefix(64))', which leads nowhere")
            }
            schema = next
        }
        let rule = pieces.builder.declare()
        references[reference] = rule
        let target = reference.dropFirst(2).replacing("/", with: ".")
        try define(rule, as: schema, path: "\(rootPath).\(target)")
        return rule
    }

    private mutating func place(
        ofType type: String, _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        switch type {
        case "object": return try object(schema)
        case "array":
            let (least, most) = try counts("minItems", "maxItems", of: schema)
            let element =
                try schema.peek("items").map { items throws(ServingError) in
                    try rule(items, path: schema.path(of: "items"))
                } ?? pieces.value
            return pieces.list(least..., atMost: most, then: end, of: element)
        case "string":
            let (least, most) = try counts("minLength", "maxLength", of: schema)
            return pieces.string(least..., atMost: most, then: end)
        case "integer": return try integer(schema)
        case "number": return pieces.number(then: end)
        case "boolean":
            return pieces.builder.either(
                ["true", "false"].map { pieces.builder.literal($0.utf8, then: end) })
        default: return pieces.builder.literal("null".utf8, then: end)
        }
    }

    private mutating func object(
        _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        var schema = schema
        let end = pieces.builder.end
        let properties = try schema.object("properties")
        var required: [String] = []
        for (position, name) in (try schema.array("required") ?? []).enumerated() {
            guard case .string(let name) = name else {
                throw schema.mismatch("required.\(position)", "a string", name)
            }
            required.append(name)
        }
        let others = schema.peek("additionalProperties") ?? .boolean(true)
        let otherPath = schema.path(of: "additionalProperties")
        var members: [(key: [UInt8], value: GrammarBuilder.Rule, isOptional: Bool)] = []
        for name in properties?.names ?? [] {
            guard let properties, let property = properties.peek(name) else { continue }
            members.append(
                (
                    Self.key(name), try rule(property, path: properties.path(of: name)),
                    !required.contains(name)
                ))
        }
        for name in required where properties?.peek(name) == nil {
            guard others != .boolean(false) else {
                throw .unsupported(
                    path: schema.path(of: "required"),
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

    private mutating func integer(
        _ schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let end = pieces.builder.end
        var (low, high) = (
            Double(Self.integers.lowerBound), Double(Self.integers.upperBound)
        )
        var isBounded = false
        for name in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
            guard let value = schema.peek(name) else { continue }
            guard let bound = value.real else { throw schema.mismatch(name, "a number", value) }
            isBounded = true
            switch name {
            case "minimum": low = max(low, bound.rounded(.up))
            case "exclusiveMinimum": low = max(low, bound.rounded(.down) + 1)
            case "maximum": high = min(high, bound.rounded(.down))
            default: high = min(high, bound.rounded(.up) - 1)
            }
        }
        guard isBounded else { return pieces.integer(then: end) }
        guard low <= high else {
            throw .unsupported(path: schema.path, reason: "no integer lies between its bounds")
        }
        return pieces.integer(in: Int(low)...Int(high), then: end)
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

extension TemplateValue {
    /// Whether a schema's type means this value.
    fileprivate func isOfType(_ type: String) -> Bool {
        switch (type, self) {
        case ("null", .null), ("boolean", .boolean), ("string", .string), ("array", .array),
            ("object", .object), ("number", .integer), ("number", .number), ("integer", .integer):
            true
        case ("integer", .number): exactInteger != nil
        default: false
        }
    }
}
