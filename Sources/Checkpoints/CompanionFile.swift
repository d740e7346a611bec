/// The files that may lie beside the weights of a safetensors checkpoint.
public enum CompanionFile: String, Sendable, CaseIterable {
    case configuration = "config.json"
    case generationConfiguration = "generation_config.json"
    case tokenizer = "tokenizer.json"
    case tokenizerConfiguration = "tokenizer_config.json"
    case specialTokensMap = "special_tokens_map.json"
    case addedTokens = "added_tokens.json"
    case chatTemplate = "chat_template.jinja"
    case chatTemplateJSON = "chat_template.json"
    case vocabulary = "vocab.json"
    case merges = "merges.txt"

    func byteLimit(_ limits: CheckpointLimits) -> Int {
        switch self {
        case .tokenizer, .vocabulary, .merges: limits.tokenizerByteCount
        default: limits.configurationByteCount
        }
    }
}
