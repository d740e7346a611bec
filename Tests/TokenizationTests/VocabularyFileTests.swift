import Testing

@testable import Tokenization

/// The file beside a trained `tokenizer.json`, and what a vocabulary refuses to be.
@Suite struct VocabularyFileTests {
    static let specials = ["<|endoftext|>", "<|pad|>", "<think>", "</think>"]

    private func trainer(
        _ specialTokens: [String] = specials, pattern: String = VocabularyTrainer.familyPattern,
        size: Int = 400
    ) throws -> VocabularyTrainer {
        try VocabularyTrainer(
            pattern: pattern, specialTokens: specialTokens, vocabularySize: size,
            minimumFrequency: 2)
    }

    @Test func theConfigurationNamesTheEndAndKeepsTheTemplate() throws {
        let vocabulary = try trainer().train()
        let template = "{%- for m in messages %}\n\t{{ m['content'] + \"\\n\" }}{% endfor %} é\u{1}"
        let bytes = try vocabulary.tokenizerConfigJSON(
            eos: "<|endoftext|>", pad: "<|pad|>", chatTemplate: template, modelMaxLength: 2048)
        let tokenizer = try Tokenizer(
            tokenizerJSON: vocabulary.tokenizerJSON(), configuration: bytes)
        #expect(tokenizer.eosToken == Tokenizer.NamedToken(content: "<|endoftext|>", id: 0))
        #expect(tokenizer.padToken == Tokenizer.NamedToken(content: "<|pad|>", id: 1))
        #expect(tokenizer.bosToken == nil && tokenizer.unknownToken == nil)
        #expect(tokenizer.addedTokens.map(\.isSpecial) == [true, true, false, false])
        let file = try TokenizerConfiguration.tree("tokenizer_config.json", bytes)
        #expect(try file.required("chat_template", "a template").string() == template)
        #expect(try file.required("model_max_length", "a count").integer(in: 0...9999) == 2048)
        #expect(try file.required("added_tokens_decoder", "tokens").members().count == 4)
    }

    @Test func theEndAlsoPadsUnlessToldOtherwise() throws {
        let bytes = try trainer().train().tokenizerConfigJSON(
            eos: "<|endoftext|>", modelMaxLength: 16)
        let file = try TokenizerConfiguration.tree("tokenizer_config.json", bytes)
        #expect(try file.required("pad_token", "a token").string() == "<|endoftext|>")
        #expect(try file.optional("chat_template") == nil)
    }

    @Test(arguments: [("a", nil), ("<|endoftext|>", "<|none|>"), ("", nil)])
    func anEndThatIsNoSpecialTokenIsRefused(_ eos: String, _ pad: String?) throws {
        let vocabulary = try trainer().train()
        #expect(
            throws: TokenizationError.invalidSpecialToken(
                pad ?? eos, reason: "the vocabulary has no such special token")
        ) {
            try vocabulary.tokenizerConfigJSON(eos: eos, pad: pad, modelMaxLength: 16)
        }
    }

    @Test func aSizeThatDoesNotHoldTheBytesIsRefused() throws {
        #expect(
            throws: TokenizationError.vocabularyTooSmall(size: 259, specialTokens: 4, least: 260)
        ) {
            try trainer(size: 259)
        }
        #expect(try trainer(size: 260).train().tokens.count == 260)
        #expect(throws: TokenizationError.self) { try trainer(size: -1) }
        #expect(throws: TokenizationError.self) { try trainer(size: .max) }
    }

    @Test(arguments: [
        ("", "it is empty"), ("<think>", "it is given twice"),
        ("a", "the vocabulary spells other bytes like this"),
        ("Ġ", "the vocabulary spells other bytes like this"),
        ("Ġthe", "the vocabulary spells other bytes like this"),
        ("é", "the vocabulary spells other bytes like this"),
        (String(repeating: "<", count: 4097), "it has 4097 bytes, more than 4096"),
    ])
    func aSpecialTokenThatCannotBeToldFromTextIsRefused(_ token: String, _ reason: String) {
        #expect(throws: TokenizationError.invalidSpecialToken(token, reason: reason)) {
            try trainer(Self.specials + [token])
        }
    }

    @Test(arguments: ["(", "[a-", "a{2,1}", "*"])
    func aPatternThatDoesNotCompileIsRefused(_ pattern: String) {
        let error = #expect(throws: TokenizationError.self) { try trainer(pattern: pattern) }
        guard case .invalidPattern = error else {
            Issue.record("\(pattern) gave \(String(describing: error))")
            return
        }
    }

    @Test func refusalsAreOneLineThatNamesWhatIsWrong() {
        let errors: [TokenizationError] = [
            .vocabularyTooSmall(size: 9, specialTokens: 2, least: 258),
            .invalidSpecialToken("a\nb", reason: "it is given twice"),
        ]
        #expect(
            errors.map(\.description) == [
                "vocabulary: at least 258 tokens expected (256 bytes and 2 special tokens), found 9",
                #"special token "a\u{a}b": it is given twice"#,
            ])
    }
}
