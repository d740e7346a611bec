import Checkpoints
import Tokenization

extension GGUFVocabulary {
    /// The vocabulary of an opened file.
    ///
    /// - Parameters:
    ///   - gguf: The file's metadata.
    ///   - path: The name that errors carry.
    /// - Throws: `CheckpointError` naming the key that is missing or of a wrong kind.
    init(_ gguf: GGUFMetadata, path: String) throws(CheckpointError) {
        func id(_ key: String) throws(CheckpointError) -> Int32? {
            guard let value = try gguf.unsigned("tokenizer.ggml.\(key)_token_id") else {
                return nil
            }
            guard let id = Int32(exactly: value) else {
                throw gguf.malformed(
                    "tokenizer.ggml.\(key)_token_id", "an id below 2^31", "\(value)")
            }
            return id
        }
        guard let model = try gguf.string("tokenizer.ggml.model"),
            let tokens = try gguf.strings("tokenizer.ggml.tokens")
        else {
            throw .missingField(file: path, field: "tokenizer.ggml.tokens")
        }
        self.init(
            model: model, preTokenizer: try gguf.string("tokenizer.ggml.pre") ?? "default",
            tokens: tokens,
            tokenTypes: (try gguf.integers("tokenizer.ggml.token_type") ?? [])
                .map(Int32.init(clamping:)),
            merges: try gguf.strings("tokenizer.ggml.merges") ?? [],
            bosID: try id("bos"), eosID: try id("eos"), unknownID: try id("unknown"),
            padID: try id("padding"), addsBOS: try gguf.bool("tokenizer.ggml.add_bos_token"),
            addsEOS: try gguf.bool("tokenizer.ggml.add_eos_token"))
    }
}
