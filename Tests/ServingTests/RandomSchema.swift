import TestSupport
import Tokenization

@testable import Serving

/// Schemas of every kind that is honoured, and what they accept, written a second time.
enum RandomSchema {
    private typealias Pair = TemplateValue.Pair

    private static let names = ["a", "name", "x y", "qu\"ote", "ü", "日本", "new\nline", ""]

    private static let patterns = [
        "^[a-c]{1,3}$", #"\d-\""#, "^(é|日本)+$", "x.?y|^$", #"\\|\n"#, "^[^a-y]*$",
    ]

    static func make(using generator: inout SeededGenerator) -> TemplateValue {
        guard case .object(let members) = schema(depth: 3, using: &generator) else { return .null }
        // What references name: itself inside a list that may be empty, so that it can end.
        let node: TemplateValue = .object([
            Pair(key: "type", value: .string("object")),
            Pair(
                key: "properties",
                value: .object([
                    Pair(key: "v", value: schema(depth: 1, refers: false, using: &generator)),
                    Pair(
                        key: "next",
                        value: .object([
                            Pair(
                                key: "anyOf",
                                value: .array([
                                    .object([Pair(key: "type", value: .string("null"))]),
                                    .object([Pair(key: "$ref", value: .string("#/$defs/node"))]),
                                ]))
                        ])),
                ])),
            Pair(key: "required", value: .array([.string("v"), .string("next")])),
            Pair(key: "additionalProperties", value: .boolean(false)),
        ])
        return .object(
            members + [
                Pair(key: "$defs", value: .object([Pair(key: "node", value: node)])),
                Pair(key: "description", value: .string("made at random")),
            ])
    }

    private static func schema(
        depth: Int, refers: Bool = true, using generator: inout SeededGenerator
    ) -> TemplateValue {
        func type(_ name: String, _ more: [Pair] = []) -> TemplateValue {
            .object([Pair(key: "type", value: .string(name))] + more)
        }
        func number(_ key: String, _ value: Int) -> Pair { Pair(key: key, value: .integer(value)) }
        switch Int.random(in: 0..<(depth > 0 ? refers ? 15 : 14 : 10), using: &generator) {
        case 0: return type("null")
        case 1: return type("boolean")
        case 2: return type("number")
        case 3:
            let low = Int.random(in: -1200...1200, using: &generator)
            return type(
                "integer",
                [
                    number("minimum", low),
                    number("exclusiveMaximum", low + .random(in: 1...3000, using: &generator)),
                ])
        case 4: return type("integer")
        case 5: return type("string")
        case 6:
            let least = Int.random(in: 0...3, using: &generator)
            return type(
                "string",
                [
                    number("minLength", least),
                    number("maxLength", least + .random(in: 0...4, using: &generator)),
                ])
        case 7:
            return .object([
                Pair(
                    key: "enum",
                    value: .array([
                        .string("on"), .string("one\"\\"), .integer(-12), .null, .number(0.5),
                        .object([Pair(key: "k", value: .array([.boolean(true)]))]),
                    ]))
            ])
        case 8:
            let pattern = patterns.randomElement(using: &generator) ?? ""
            return type(
                "string",
                [Pair(key: "pattern", value: .string(pattern))]
                    + (Bool.random(using: &generator) ? [number("maxLength", 6)] : []))
        case 9:
            return type(
                "number",
                [
                    Pair(key: "minimum", value: .number(-0.5)),
                    Pair(key: "exclusiveMaximum", value: .number(12.25)),
                    Pair(key: "multipleOf", value: .number(0.25)),
                ])
        case 10, 11:
            let count = Int.random(in: 0...3, using: &generator)
            let chosen = names.shuffled(using: &generator).prefix(count)
            let properties = chosen.map { name in
                Pair(key: name, value: schema(depth: depth - 1, refers: refers, using: &generator))
            }
            let required = chosen.filter { _ in Bool.random(using: &generator) }
            return type(
                "object",
                [
                    Pair(key: "properties", value: .object(properties)),
                    Pair(key: "required", value: .array(required.map { .string($0) })),
                    Pair(
                        key: "additionalProperties",
                        value: .boolean(Bool.random(using: &generator))),
                ])
        case 12:
            let least = Int.random(in: 0...2, using: &generator)
            return type(
                "array",
                [
                    Pair(
                        key: "items",
                        value: schema(depth: depth - 1, refers: refers, using: &generator)),
                    number("minItems", least),
                ]
                    + (Bool.random(using: &generator)
                        ? [number("maxItems", least + .random(in: 0...2, using: &generator))] : []))
        case 13:
            return .object([
                Pair(
                    key: "anyOf",
                    value: .array(
                        (0..<2).map { _ in
                            schema(depth: depth - 1, refers: refers, using: &generator)
                        }))
            ])
        default:
            return .object([Pair(key: "$ref", value: .string("#/$defs/node"))])
        }
    }

    /// Whether a document satisfies a schema: JSON Schema's own reading, not the grammar's.
    static func accepts(
        _ document: TemplateValue, _ schema: TemplateValue, root: TemplateValue
    ) -> Bool {
        if schema.at("$ref") != nil {
            return accepts(document, root.at("$defs.node") ?? .null, root: root)
        }
        if case .array(let values) = schema.at("enum") { return values.contains(document) }
        if case .array(let ways) = schema.at("anyOf") {
            return ways.contains { accepts(document, $0, root: root) }
        }
        func bound(_ key: String) -> Int? { schema.at(key)?.exactInteger }
        switch (schema.at("type")?.text, document) {
        case ("null", .null), ("boolean", .boolean): return true
        case ("number", _):
            guard let number = document.real else { return false }
            guard let low = schema.at("minimum")?.real else { return true }
            return number >= low && number < schema.at("exclusiveMaximum")?.real ?? 0
                && (number * 4).rounded() == number * 4
        case ("integer", .integer(let number)):
            return number >= bound("minimum") ?? .min && number < bound("exclusiveMaximum") ?? .max
        case ("string", .string(let text)):
            let count = text.unicodeScalars.count
            let isFound =
                (try? schema.at("pattern")?.text.map { pattern in
                    try Regex(pattern).matchingSemantics(.unicodeScalar).asciiOnlyDigits()
                        .firstMatch(in: text) != nil
                }) ?? true
            return isFound && count >= bound("minLength") ?? 0
                && count <= bound("maxLength") ?? .max
        case ("array", .array(let elements)):
            return elements.count >= bound("minItems") ?? 0
                && elements.count <= bound("maxItems") ?? .max
                && elements.allSatisfy { accepts($0, schema.at("items") ?? .null, root: root) }
        case ("object", .object(let members)):
            guard case .object(let properties) = schema.at("properties"),
                case .array(let required) = schema.at("required")
            else { return false }
            for case .string(let name) in required
            where !members.contains(where: { $0.key == name }) { return false }
            return members.allSatisfy { member in
                guard let property = properties.first(where: { $0.key == member.key }) else {
                    return schema.at("additionalProperties") == .boolean(true)
                }
                return accepts(member.value, property.value, root: root)
            }
        default:
            return false
        }
    }
}
