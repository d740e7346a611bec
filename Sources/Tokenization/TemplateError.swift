/// Why a template could not be compiled or rendered.
public enum TemplateError: Error, Sendable, Equatable {
    /// The source is not a template; `line` counts from 1.
    case syntax(line: Int, message: String)
    /// An operation does not apply to its values.
    case evaluation(line: Int, message: String)
    /// A value that was never set was used for more than printing or asking.
    case undefinedValue(line: Int, message: String)
    /// The template reached for something outside the values it was given.
    case security(line: Int, message: String)
    /// The template itself refused, through `raise_exception`.
    case raised(String)
    /// A limit was exceeded.
    case limit(TemplateLimits.Resource, line: Int, maximum: Int)
    /// The text is not JSON; `offset` counts bytes from 0.
    case json(offset: Int, message: String)
    /// No template has the wanted name.
    case missingTemplate(name: String, available: [String])
    /// The chat template field of a configuration has the wrong shape.
    case malformedTemplateField(message: String)
}

extension TemplateError: CustomStringConvertible {
    /// One line that says what went wrong and where.
    public var description: String {
        switch self {
        case .syntax(let line, let message):
            "chat template, line \(line): \(message)"
        case .evaluation(let line, let message):
            "chat template, line \(line): \(message)"
        case .undefinedValue(let line, let message):
            "chat template, line \(line): \(message)"
        case .security(let line, let message):
            "chat template, line \(line): refused: \(message)"
        case .raised(let message):
            message
        case .limit(let resource, let line, let maximum):
            "chat template, line \(line): more than \(maximum) \(resource.rawValue)"
        case .json(let offset, let message):
            "JSON, byte \(offset): \(message)"
        case .missingTemplate(let name, let available):
            "no chat template named \(name), found \(available.joined(separator: ", "))"
        case .malformedTemplateField(let message):
            "chat_template: \(message)"
        }
    }
}
