public import Checkpoints
public import Tokenization

/// The words of a checkpoint without its network: what a trainer makes prompts and texts with.
public struct CheckpointPrompts: Sendable {
    private let text: ModelText

    /// Reads tokenizer, chat template and stop ids of a checkpoint.
    ///
    /// - Parameters:
    ///   - checkpoint: An opened checkpoint.
    ///   - vocabularySize: Rows of the network's output.
    /// - Throws: `ModelLoadingError` naming the file that is missing or broken.
    public init(_ checkpoint: Checkpoint, vocabularySize: Int) throws(ModelLoadingError) {
        text = try ModelText(checkpoint, vocabularySize: vocabularySize)
    }

    /// Text to ids and back.
    public var tokenizer: Tokenizer { text.tokenizer }

    /// Ids that end a response.
    public var stopIDs: Set<Int32> { text.defaults.stopIDs }

    /// The prompt that a single user message becomes, ready for a response to follow.
    ///
    /// - Parameter message: The message; it goes through the chat template, or stands alone where
    ///   the checkpoint has none.
    /// - Returns: Token ids.
    /// - Throws: `TemplateError` where the template refuses the message.
    public func prompt(message: String) throws(TemplateError) -> [Int32] {
        let turn = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string(message)),
        ])
        var variables = text.templateTokens
        variables["messages"] = .array([turn])
        variables["add_generation_prompt"] = .boolean(true)
        guard let template = text.template(for: variables) else {
            return text.tokenizer.encodePrompt(message)
        }
        return text.tokenizer.encode(try template.render(variables), addSpecialTokens: false)
    }
}
