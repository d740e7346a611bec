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
    /// Ids that close a thought for the model, as it would have gone on itself: its closing tag,
    /// and what it is used to read about that.
    var closer: [Int32]
    /// What the tokens' bytes mean for a cut, for a model that thinks.
    let shapes: TokenShapes?
    /// Ids of added tokens: the marks of turns and their like.
    let addedIDs: Set<Int32>
    /// Grammars over these tokens.
    let grammars: VocabularyGrammars
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

    /// Whether the prompt ends just behind a closed thought, white space apart.
    func endsBehindThought(_ prompt: [Int32]) -> Bool {
        guard let tags, let shapes else { return false }
        var rest = prompt[...]
        while let last = rest.last {
            if rest.suffix(tags.close.count).elementsEqual(tags.close) { return true }
            guard shapes.isWhiteSpace(last), !addedIDs.contains(last) else { return false }
            rest = rest.dropLast()
        }
        return false
    }

    /// The ids that close a thought of a model with `tags`.
    ///
    /// DeepSeek's R1 and its distillations write the tag on a line of its own and a blank line
    /// behind it, and so do models whose templates write that. Others, such as the family that
    /// comes with Laconic, get the tag alone and write what they are used to.
    static func closer(
        _ tags: ReasoningTags?, tokenizer: Tokenizer, templates: CompiledTemplates
    ) -> [Int32] {
        guard let tags else { return [] }
        let isR1 = tokenizer.addedTokens.contains { $0.content == "<｜Assistant｜>" }
        let isWritten = templates.sources.values.contains { source in
            ["\n</think>\n\n", "\\n</think>\\n\\n"].contains { source.contains($0) }
        }
        guard isR1 || isWritten else { return tags.close }
        return tokenizer.encode("\n", addSpecialTokens: false) + tags.close
            + tokenizer.encode("\n\n", addSpecialTokens: false)
    }

    /// What the tokens' bytes mean in the text that callers read, which special tokens are not in.
    static func shapes(of tokenizer: Tokenizer, vocabularySize: Int) -> TokenShapes {
        TokenShapes(vocabularySize: vocabularySize) {
            tokenizer.isSpecial($0) ? [] : tokenizer.bytes(of: $0)
        }
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
