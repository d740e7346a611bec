/// The chat templates of a model: one, or several with names.
///
/// A tokenizer configuration's `chat_template` field is either the source of the one template or a
/// list of objects with a `name` and a `template`. Among several, `tool_use` serves conversations
/// with tools if it is there, and `default` all others.
public struct ChatTemplateSet: Sendable, Equatable {
    /// The source of every template by its name; a single template is named `default`.
    public let sources: [String: String]

    /// A set with one template.
    public init(source: String) {
        sources = ["default": source]
    }

    /// Reads the `chat_template` field of a tokenizer configuration.
    ///
    /// - Parameter field: The field's value.
    /// - Throws: `TemplateError.malformedTemplateField` if it is neither a string nor a list of
    ///   names and templates, or if the list is empty.
    public init(field: TemplateValue) throws(TemplateError) {
        switch field {
        case .string(let source): sources = ["default": source]
        case .array(let entries):
            var sources: [String: String] = [:]
            for entry in entries {
                guard case .string(let name)? = entry["name"],
                    case .string(let template)? = entry["template"]
                else {
                    throw .malformedTemplateField(
                        message: "expected objects with the strings 'name' and 'template'")
                }
                sources[name] = template
            }
            guard !sources.isEmpty else {
                throw .malformedTemplateField(message: "expected at least one template, found none")
            }
            self.sources = sources
        default:
            throw .malformedTemplateField(message: "expected a string or a list of templates")
        }
    }

    /// The source of the template that a conversation is to be rendered with.
    ///
    /// - Parameters:
    ///   - name: The name of the wanted template, if one is wanted.
    ///   - hasTools: Whether the conversation comes with tools.
    /// - Returns: The template's source.
    /// - Throws: `TemplateError.missingTemplate` if there is no template of that name, or no
    ///   `default` when none is wanted.
    public func source(
        named name: String? = nil, hasTools: Bool = false
    ) throws(TemplateError) -> String {
        if let name {
            if let source = sources[name] { return source }
            throw .missingTemplate(name: name, available: sources.keys.sorted())
        }
        if hasTools, let source = sources["tool_use"] { return source }
        if let source = sources["default"] { return source }
        throw .missingTemplate(name: "default", available: sources.keys.sorted())
    }
}
