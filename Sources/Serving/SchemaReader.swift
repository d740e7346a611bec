import Grammars
import Tokenization

/// Makes a grammar of a JSON Schema: every text that it allows is a document the schema accepts.
///
/// It reads what OpenAI's strict mode allows and more: `type` (one or several), `properties`,
/// `required`, `additionalProperties`, `items`, `minItems`, `maxItems`, `minLength`, `maxLength`,
/// `pattern`, `format`, bounds and divisors of numbers, `enum`, `const`, `anyOf`, `oneOf` of what
/// excludes each other, `allOf` of objects, `$ref` into the schema itself, recursion included.
/// A keyword that it cannot honour is refused by its path: none is ignored unless it only tells.
///
/// Of the documents that a schema accepts not all are allowed: members come in the order of
/// `properties`, and an object that names some has no others.
struct SchemaReader {
    var pieces = JSONPieces()
    private let root: TemplateValue
    private let rootPath: String
    /// The rules of schemas that a reference names.
    private var references: [String: GrammarBuilder.Rule] = [:]
    /// The rules of strings and numbers that automata describe, so that each is made once.
    var texts: [TextForm: GrammarBuilder.Rule] = [:]
    /// What the automata of the schema may take together.
    var allowance = TextAutomaton.Allowance()

    /// Keywords that tell and do not bind.
    static let annotations: Set<String> = [
        "$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated",
        "description", "example", "examples", "readOnly", "title", "writeOnly",
    ]
    static let typeKeywords: [String: Set<String>] = [
        "object": ["properties", "required", "additionalProperties"],
        "array": ["items", "minItems", "maxItems"],
        "string": ["minLength", "maxLength", "pattern", "format"],
        "integer": numberKeywords, "number": numberKeywords, "boolean": [], "null": [],
    ]
    private static let numberKeywords: Set<String> = [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    ]

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
                case .endless: "no document that ends within a MiB satisfies it"
                case .tooLarge(_, let limit): "it would take over \(limit) states"
                }
            throw .unsupported(path: rootPath, reason: reason)
        }
    }

    mutating func rule(
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

    mutating func place(
        of schema: RequestFields
    ) throws(ServingError) -> GrammarBuilder.Place {
        let keywords = schema.names.filter {
            schema.peek($0) != nil && !Self.annotations.contains($0)
        }
        if keywords.contains("allOf") { return try all(schema, keywords) }
        for name in ["$ref", "const", "enum", "anyOf", "oneOf"] where keywords.contains(name) {
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
            guard !Self.typeKeywords.values.contains(where: { $0.contains(name) }) else { continue }
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
    func types(of schema: RequestFields) throws(ServingError) -> [String] {
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

    /// The rule of a schema that a reference names, within the root schema.
    mutating func target(
        of reference: String, path: String
    ) throws(ServingError) -> GrammarBuilder.Rule {
        if let known = references[reference] { return known }
        let schema = try named(by: reference, path: path)
        let rule = pieces.builder.declare()
        references[reference] = rule
        let target = reference.dropFirst(2).replacing("/", with: ".")
        try define(rule, as: schema, path: "\(rootPath).\(target)")
        return rule
    }

    /// The schema that a reference names.
    func named(
        by reference: String, path: String
    ) throws(ServingError) -> TemplateValue {
        guard reference != "#" else { return root }
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
        return schema
    }
}
