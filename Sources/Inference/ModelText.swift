import Checkpoints
import Decoding
import Tokenization

/// The words of a checkpoint: tokenizer, chat templates, the thought's tags, sampling habits.
struct ModelText: Sendable {
    let tokenizer: Tokenizer
    /// Rows of the network's output: ids below it are valid.
    let vocabularySize: Int
    let templates: CompiledTemplates
    let defaults: GenerationDefaults
    let tags: ReasoningTags?
    /// Ids of added tokens: the marks of turns and their like.
    let addedIDs: Set<Int32>
    /// What is written to close a thought early; it ends with the closing tag.
    let closer: [Int32]
    /// What the tokens' bytes are, for a model that thinks.
    let shapes: TokenShapes?
    /// `bos_token` and its like, as templates read them.
    let templateTokens: [String: TemplateValue]

    /// The template for a conversation with these variables: the one for tools, where there is
    /// one and tools are given.
    func template(for variables: [String: TemplateValue]) -> ChatTemplate? {
        let tools = variables["tools"] ?? .null
        return templates.template(withTools: tools != .null && tools != .undefined)
    }

    /// Whether what follows the prompt is part of a thought.
    ///
    /// So it is when the last tag opens one and no other added token comes after it: a tag that a
    /// user wrote in an earlier turn is followed by the marks of the turns.
    func endsInReasoning(_ prompt: [Int32]) -> Bool {
        guard let tags else { return false }
        var rest = prompt[...]
        while let last = rest.last {
            if rest.suffix(tags.open.count).elementsEqual(tags.open) { return true }
            if rest.suffix(tags.close.count).elementsEqual(tags.close) { return false }
            if addedIDs.contains(last) { return false }
            rest = rest.dropLast()
        }
        return false
    }

    /// The ids of the tags, for a model that thinks.
    static func tags(of tokenizer: Tokenizer, templates: CompiledTemplates) -> ReasoningTags? {
        if let open = tokenizer.id(of: "<think>"), let close = tokenizer.id(of: "</think>") {
            return ReasoningTags(open: [open], close: [close])
        }
        guard templates.sources.values.contains(where: { $0.contains("</think>") }) else {
            return nil
        }
        return ReasoningTags(
            open: tokenizer.encode("<think>", addSpecialTokens: false),
            close: tokenizer.encode("</think>", addSpecialTokens: false))
    }
}
