import Grammars
import Tokenization

extension SchemaReader {
    /// Branches of a `oneOf` at most: each is compared with each.
    private static let branchLimit = 64
    /// References and properties that are followed to tell branches apart.
    private static let depthLimit = 8

    mutating func combination(
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
            return try any(of: schemas, path: path)
        case ("oneOf", .array(let schemas)) where !schemas.isEmpty:
            try refuseOverlaps(of: schemas, path: path)
            return try any(of: schemas, path: path)
        case (_, let value):
            throw .wrongType(
                path: path, expected: name == "$ref" ? "a string" : "a list with an element",
                found: value?.kind ?? "null")
        }
    }

    private mutating func any(
        of schemas: [TemplateValue], path: String
    ) throws(ServingError) -> GrammarBuilder.Place {
        var ways: [GrammarBuilder.Place] = []
        for (position, schema) in schemas.enumerated() {
            let rule = try rule(schema, path: "\(path).\(position)")
            ways.append(pieces.builder.call(rule, then: pieces.builder.end))
        }
        return pieces.builder.either(ways)
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

    /// What every schema of an `allOf` and what stands beside it accept.
    mutating func all(
        _ schema: RequestFields, _ keywords: [String]
    ) throws(ServingError) -> GrammarBuilder.Place {
        let path = schema.path(of: "allOf")
        guard case .array(let branches)? = schema.peek("allOf"), !branches.isEmpty else {
            throw .wrongType(
                path: path, expected: "a list with an element",
                found: schema.peek("allOf")?.kind ?? "null")
        }
        guard branches.count > 1 || keywords.count > 1 else {
            let rule = try rule(branches[0], path: "\(path).0")
            return pieces.builder.call(rule, then: pieces.builder.end)
        }
        var parts: [RequestFields] = []
        if keywords.count > 1 { parts.append(try part(schema, besides: ["allOf"])) }
        for (position, branch) in branches.enumerated() {
            let path = "\(path).\(position)"
            guard case .object(let members) = try resolved(branch, path: path) else {
                throw .unsupported(path: path, reason: "among several only objects are honoured")
            }
            parts.append(try part(RequestFields(members, path: path), besides: []))
        }
        return try object(parts)
    }

    /// An object's schema that others can be added to.
    private func part(
        _ schema: RequestFields, besides known: Set<String>
    ) throws(ServingError) -> RequestFields {
        let isOpen: Bool =
            switch schema.peek("additionalProperties") {
            case nil, .boolean(true): true
            default: false
            }
        guard isOpen else {
            throw .unsupported(
                path: schema.path(of: "additionalProperties"),
                reason: "beside other schemas of 'allOf' only 'true' can be honoured")
        }
        let keywords = schema.names.filter {
            schema.peek($0) != nil && !Self.annotations.contains($0) && !known.contains($0)
        }
        for name in keywords {
            guard
                Self.typeKeywords["object"]?.contains(name) == true
                    || name == "type" && schema.peek(name) == .string("object")
            else {
                throw .unsupported(
                    path: schema.path(of: name),
                    reason: "several schemas of 'allOf' have to be objects with 'properties'")
            }
        }
        return schema
    }

    /// A schema behind its reference, if it is nothing but one.
    private func resolved(
        _ schema: TemplateValue, path: String
    ) throws(ServingError) -> TemplateValue {
        var schema = schema
        for _ in 0..<Self.depthLimit {
            guard case .object(let members) = schema,
                case .string(let reference)? = RequestFields(members).peek("$ref")
            else { break }
            schema = try named(by: reference, path: "\(path).$ref")
        }
        return schema
    }

    /// Refuses a `oneOf` unless no document is one of two branches.
    private func refuseOverlaps(
        of schemas: [TemplateValue], path: String
    ) throws(ServingError) {
        guard schemas.count <= Self.branchLimit else {
            throw .unsupported(
                path: path, reason: "more than \(Self.branchLimit) branches are not told apart")
        }
        for (position, schema) in schemas.enumerated() {
            for other in 0..<position
            where !(try excludes(schema, schemas[other], path: path, depth: Self.depthLimit)) {
                throw .unsupported(
                    path: path,
                    reason: """
                        branches \(other) and \(position) may accept the same document; those that \
                        differ in type, in constants or in a required member's constant are \
                        honoured, and so is 'anyOf'
                        """)
            }
        }
    }

    /// Whether it is plain that no document satisfies both schemas.
    private func excludes(
        _ one: TemplateValue, _ other: TemplateValue, path: String, depth: Int
    ) throws(ServingError) -> Bool {
        guard depth > 0, case .object(let mine) = try resolved(one, path: path),
            case .object(let theirs) = try resolved(other, path: path)
        else { return false }
        let (one, other) = (RequestFields(mine), RequestFields(theirs))
        if let values = Self.values(of: one), let others = Self.values(of: other) {
            return values.allSatisfy { value in others.allSatisfy { value.differs(from: $0) } }
        }
        let shared = Self.kinds(of: one).intersection(Self.kinds(of: other))
        guard shared == ["object"] else { return shared.isEmpty }
        guard case .object(let properties)? = one.peek("properties"),
            case .object(let others)? = other.peek("properties"),
            case .array(let needed)? = one.peek("required"),
            case .array(let alsoNeeded)? = other.peek("required")
        else { return false }
        let (named, alsoNamed) = (RequestFields(properties), RequestFields(others))
        for case .string(let name) in needed where alsoNeeded.contains(.string(name)) {
            guard let value = named.peek(name), let also = alsoNamed.peek(name) else { continue }
            if try excludes(value, also, path: path, depth: depth - 1) { return true }
        }
        return false
    }

    /// The only values that a schema accepts, as far as it lists them.
    private static func values(of schema: RequestFields) -> [TemplateValue]? {
        if let value = schema.peek("const") { return [value] }
        guard case .array(let values)? = schema.peek("enum") else { return nil }
        return values
    }

    /// The types of the documents that a schema may accept, every integer as a number.
    private static func kinds(of schema: RequestFields) -> Set<String> {
        var names: [String] = []
        if let values = values(of: schema) {
            names = typeKeywords.keys.filter { type in values.contains { $0.isOfType(type) } }
        } else if case .string(let type)? = schema.peek("type") {
            names = [type]
        } else if case .array(let types)? = schema.peek("type") {
            names = types.compactMap { if case .string(let type) = $0 { type } else { nil } }
        } else {
            names = Array(typeKeywords.keys)
        }
        return Set(names.map { $0 == "integer" ? "number" : $0 })
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

    /// Whether it is plain that this is another value; 1 and 1.0 are the same.
    fileprivate func differs(from other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.integer, .number), (.number, .integer): real != other.real
        case (.array, .array), (.object, .object): false
        default: self != other
        }
    }
}
