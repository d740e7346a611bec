import Grammars
import Tokenization

extension RequestFields {
    /// Reads what the answer has to be, by whichever name it is asked for; `nil` leaves it free.
    ///
    /// - `response_format`: OpenAI's, `json_object` or `json_schema`.
    /// - `json_schema`: llama-server's, a schema.
    /// - `guided_json` and `structured_outputs.json`: vLLM's, a schema or its text.
    ///
    /// - Throws: `ServingError` for a form that cannot be kept to, or for two of them.
    mutating func answerForm() throws(ServingError) -> Grammar? {
        var forms: [(name: String, grammar: Grammar)] = []
        if let grammar = try responseFormat() { forms.append(("response_format", grammar)) }
        for name in ["json_schema", "guided_json"] {
            guard let schema = take(name) else { continue }
            forms.append(
                (name, try SchemaReader.grammar(of: try parsed(schema, name), path: path(of: name)))
            )
        }
        if var outputs = try object("structured_outputs") {
            if let schema = outputs.take("json") {
                let path = outputs.path(of: "json")
                let schema = try outputs.parsed(schema, "json")
                forms.append((path, try SchemaReader.grammar(of: schema, path: path)))
            }
            if outputs.peek("json_object") == .boolean(true) {
                let path = outputs.path(of: "json_object")
                _ = outputs.take("json_object")
                forms.append((path, try SchemaReader.anyObject(path: path)))
            }
            for name in outputs.unread where outputs.peek(name) != nil {
                throw .unsupported(
                    path: outputs.path(of: name),
                    reason: "only 'json' and 'json_object' are kept to")
            }
        }
        guard forms.count <= 1 else {
            throw .invalidValue(
                path: path(of: forms[1].name), expected: "absent beside '\(forms[0].name)'",
                found: "both")
        }
        return forms.first?.grammar
    }

    private mutating func responseFormat() throws(ServingError) -> Grammar? {
        guard var format = try object("response_format") else { return nil }
        switch try format.string("type") {
        case "text":
            return nil
        case "json_object" where format.peek("schema") == nil:
            return try SchemaReader.anyObject(path: format.path)
        case "json_object", "json_schema":
            // The Responses API has the schema beside the type, the older one has it one deeper.
            let inner = try format.object("json_schema") ?? format
            guard let schema = inner.peek("schema") else {
                throw .missing(path: inner.path(of: "schema"))
            }
            return try SchemaReader.grammar(of: schema, path: inner.path(of: "schema"))
        case nil:
            throw .missing(path: format.path(of: "type"))
        case .some(let type):
            throw .unsupported(
                path: format.path(of: "type"),
                reason: "expected 'text', 'json_object' or 'json_schema', found "
                    + "'\(type.prefix(32))'")
        }
    }

    /// Reads Ollama's `format`, `"json"` or a schema, or TGI's `grammar`, a type and a value, as a
    /// `response_format`.
    mutating func readForm(as name: String) throws(ServingError) {
        guard let form = take(name), form != .string("") else { return }
        let path = path(of: name)
        func format(_ type: String, _ schema: TemplateValue?) -> TemplateValue {
            let schema = schema.map { [TemplateValue.Pair(key: "schema", value: $0)] } ?? []
            return .object([TemplateValue.Pair(key: "type", value: .string(type))] + schema)
        }
        switch form {
        case .string("json"):
            try adopt(format("json_object", nil), as: "response_format", from: path)
        case .object(let members) where name == "grammar":
            var grammar = RequestFields(members, path: path)
            let type = try grammar.string("type")
            guard let type, ["json", "json_schema", "json_object"].contains(type) else {
                throw .unsupported(
                    path: grammar.path(of: "type"),
                    reason: "expected 'json' or 'json_schema', found '\((type ?? "").prefix(32))'")
            }
            guard let value = grammar.take("value") else {
                throw .missing(path: grammar.path(of: "value"))
            }
            var schema = try grammar.parsed(value, "value")
            if type == "json_schema", case .object(let members) = schema,
                let inner = RequestFields(members).peek("schema")
            {
                schema = inner
            }
            try adopt(format("json_schema", schema), as: "response_format", from: path)
        case .object:
            try adopt(format("json_schema", form), as: "response_format", from: path)
        default:
            throw mismatch(name, name == "format" ? "'json' or a schema" : "an object", form)
        }
    }

    /// A schema that may come as text.
    private func parsed(
        _ value: TemplateValue, _ name: String
    ) throws(ServingError) -> TemplateValue {
        guard case .string(let text) = value else { return value }
        do {
            return try JSONReader.read(Array(text.utf8))
        } catch {
            throw .invalidValue(
                path: path(of: name), expected: "a schema, or one as JSON text",
                found: "text that is no JSON")
        }
    }
}
