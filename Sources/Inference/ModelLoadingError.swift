/// Why a checkpoint or a family could not be made ready to answer.
public enum ModelLoadingError: Error, Sendable, CustomStringConvertible {
    /// A file of the checkpoint is missing or broken; the message names file and field.
    case checkpoint(String)
    /// The checkpoint has no tokenizer.
    case noTokenizer(path: String)
    /// The tokenizer is broken.
    case tokenizer(path: String, message: String)
    /// The chat template is broken.
    case template(path: String, message: String)
    /// The tokenizer has ids that the network has no row for.
    case vocabularyMismatch(path: String, tokenizer: Int, network: Int)
    /// A stop id of the generation configuration is outside the vocabulary.
    case invalidStopID(path: String, id: Int, vocabularySize: Int)
    /// The folder holds no family.
    case notAFamily(path: String, reason: String)
    /// A family's `family.json` cannot be used.
    case manifest(path: String, reason: String)
    /// Two members have the same length penalty.
    case duplicateAlpha(path: String, first: String, second: String)
    /// Two members cannot answer for each other.
    case membersDiffer(first: String, second: String, what: String)
    /// Two models would have the same name.
    case duplicateName(String)
    /// There is not even memory for a short sequence.
    case insufficientMemory(path: String, message: String)
    /// The checkpoint holds something that a Hugging Face folder cannot say.
    case notExportable(path: String, reason: String)

    /// One line that names what, where and what would be right.
    public var description: String {
        switch self {
        case .checkpoint(let message): message
        case .noTokenizer(let path):
            "\(path): no tokenizer; expected tokenizer.json or a GGUF vocabulary"
        case .tokenizer(let path, let message): "\(path): \(message)"
        case .template(let path, let message): "\(path): chat template: \(message)"
        case .vocabularyMismatch(let path, let tokenizer, let network):
            "\(path): the tokenizer has ids up to \(tokenizer - 1), "
                + "the network's vocabulary ends at \(network - 1)"
        case .invalidStopID(let path, let id, let size):
            "\(path): eos_token_id is \(id); expected 0 to \(size - 1)"
        case .notAFamily(let path, let reason): "\(path): not a family: \(reason)"
        case .manifest(let path, let reason): "\(path): \(reason)"
        case .duplicateAlpha(let path, let first, let second):
            "\(path): \(first) and \(second) carry the same alpha"
        case .membersDiffer(let first, let second, let what):
            "\(first) and \(second) are not of one family: \(what)"
        case .duplicateName(let name): "two models are named \(name); names must differ"
        case .insufficientMemory(let path, let message): "\(path): \(message)"
        case .notExportable(let path, let reason):
            "\(path): cannot become a Hugging Face folder: \(reason)"
        }
    }
}
