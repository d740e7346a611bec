/// A compiled chat template, rendered as the reference library renders it.
///
/// The language is Jinja in an immutable sandbox with `trim_blocks` and `lstrip_blocks` on and the
/// tags `generation`, `break` and `continue`. Rendering has no effects and sees nothing but the
/// variables it is given and the clock.
public struct ChatTemplate: Sendable {
    private let program: TemplateProgram
    private let limits: TemplateLimits

    /// Compiles `source`.
    ///
    /// - Parameters:
    ///   - source: The template's text.
    ///   - limits: What the source and every rendering may cost.
    /// - Throws: `TemplateError.syntax`, `.security` or `.limit`, with the line.
    public init(
        source: String, limits: TemplateLimits = .default
    ) throws(TemplateError) {
        program = try TemplateParser.program(source, limits: limits)
        self.limits = limits
    }

    /// Renders the template.
    ///
    /// - Parameters:
    ///   - variables: The names the template can read: `messages`, `tools`, `documents`,
    ///     `add_generation_prompt`, the special tokens and whatever else it wants. A name that is
    ///     absent is undefined, which is not the same as `.null`.
    ///   - clock: What `strftime_now` takes for the current local time.
    /// - Returns: The rendered text.
    /// - Throws: `TemplateError.raised` when the template refuses the conversation, else an error
    ///   with the line that failed.
    public func render(
        _ variables: [String: TemplateValue],
        clock: @escaping @Sendable () -> TemplateTime = TemplateTime.now
    ) throws(TemplateError) -> String {
        try TemplateEvaluator(program, limits: limits, clock: clock).render(variables)
    }
}
