import Checkpoints
import Tokenization

extension ModelText {
    /// Reads the words of a checkpoint.
    ///
    /// - Parameters:
    ///   - checkpoint: An opened checkpoint.
    ///   - vocabularySize: Rows of the network's output.
    /// - Throws: `ModelLoadingError` naming the file that is missing or broken.
    init(_ checkpoint: Checkpoint, vocabularySize: Int) throws(ModelLoadingError) {
        let tokenizer = try Self.tokenizer(of: checkpoint)
        guard tokenizer.vocabularySize <= vocabularySize else {
            throw .vocabularyMismatch(
                path: checkpoint.location, tokenizer: tokenizer.vocabularySize,
                network: vocabularySize)
        }
        let templates = try CompiledTemplates(checkpoint)
        let tags = Self.tags(of: tokenizer, templates: templates)
        self.init(
            tokenizer: tokenizer, vocabularySize: vocabularySize, templates: templates,
            defaults: try GenerationDefaults(
                checkpoint: checkpoint, tokenizer: tokenizer, vocabularySize: vocabularySize),
            tags: tags, closer: Self.closer(tags, tokenizer: tokenizer, templates: templates),
            shapes: tags.map { _ in
                Self.shapes(of: tokenizer, vocabularySize: vocabularySize)
            },
            addedIDs: Set(tokenizer.addedTokens.map(\.id)),
            grammars: VocabularyGrammars(tokenizer, vocabularySize: vocabularySize),
            templateTokens: Self.templateTokens(of: tokenizer))
    }

    private static func tokenizer(of checkpoint: Checkpoint) throws(ModelLoadingError) -> Tokenizer
    {
        do {
            if let gguf = checkpoint.gguf {
                return try Tokenizer(try GGUFVocabulary(gguf, path: checkpoint.location))
            }
            guard let json = try checkpoint.bytes(of: .tokenizer) else {
                throw ModelLoadingError.noTokenizer(path: checkpoint.location)
            }
            return try Tokenizer(
                tokenizerJSON: json,
                configuration: try checkpoint.bytes(of: .tokenizerConfiguration),
                specialTokensMap: try checkpoint.bytes(of: .specialTokensMap),
                addedTokens: try checkpoint.bytes(of: .addedTokens))
        } catch let error as ModelLoadingError {
            throw error
        } catch let error as CheckpointError {
            throw .checkpoint("\(error)")
        } catch {
            throw brokenTokenizer(checkpoint, message: "\(error)")
        }
    }

    /// The error for a message that may begin with the name of the file it is about.
    private static func brokenTokenizer(
        _ checkpoint: Checkpoint, message: String
    ) -> ModelLoadingError {
        for file in CompanionFile.allCases where message.hasPrefix("\(file.rawValue): ") {
            guard let path = checkpoint.path(of: file) else { break }
            return .tokenizer(
                path: path, message: String(message.dropFirst(file.rawValue.count + 2)))
        }
        return .tokenizer(
            path: checkpoint.path(of: .tokenizer) ?? checkpoint.location, message: message)
    }

    private static func templateTokens(of tokenizer: Tokenizer) -> [String: TemplateValue] {
        var tokens: [String: TemplateValue] = [:]
        for (name, token) in [
            ("bos_token", tokenizer.bosToken), ("eos_token", tokenizer.eosToken),
            ("pad_token", tokenizer.padToken), ("unk_token", tokenizer.unknownToken),
        ] {
            if let token { tokens[name] = .string(token.content) }
        }
        return tokens
    }
}
