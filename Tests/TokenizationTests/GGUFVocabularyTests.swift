import Testing

@testable import Tokenization

/// The words of a GGUF file, written as a `tokenizer.json`, are the same words.
@Suite struct GGUFVocabularyTests {
    static let kinds = [
        ("smollm2", "smollm"), ("qwen2", "qwen2"), ("llama3", "llama-bpe"), ("gpt2", "gpt-2"),
        ("r1_distill", "deepseek-r1-qwen"), ("deepseek_v3", "deepseek-v3"), ("gpt2", "default"),
        ("qwen2", "qwen35"), ("llama3", "dbrx"), ("deepseek_v3", "deepseek-llm"),
        ("deepseek_v3", "deepseek-coder"), ("llama3", "glm4"),
    ]

    @Test(arguments: kinds)
    func `the written file gives the same ids and texts`(_ kind: String, _ name: String) throws {
        let vocabulary = try Fixtures.ggufVocabulary(kind, named: name)
        let tokenizer = try Tokenizer(vocabulary)
        let file = try Tokenizer(tokenizerJSON: vocabulary.tokenizerJSON())
        #expect(file.vocabularySize == tokenizer.vocabularySize)
        for text in try Fixtures.strings() {
            let ids = tokenizer.encode(text, addSpecialTokens: true)
            #expect(
                file.encode(text, addSpecialTokens: true) == ids, "\(text.debugDescription)")
            for skips in [true, false] {
                #expect(
                    file.decode(ids, skipSpecialTokens: skips)
                        == tokenizer.decode(ids, skipSpecialTokens: skips))
            }
        }
    }

    @Test func `what goes around a text is written with it`() throws {
        var vocabulary = try Fixtures.ggufVocabulary("r1_distill", named: "deepseek-r1-qwen")
        vocabulary.bosID = 703
        vocabulary.eosID = 700
        vocabulary.addsBOS = true
        vocabulary.addsEOS = true
        let file = try Tokenizer(
            tokenizerJSON: vocabulary.tokenizerJSON(),
            configuration: vocabulary.tokenizerConfigurationJSON(
                chatTemplate: "{{ bos_token }}", contextLength: 64))
        let ids = file.encode("a b", addSpecialTokens: true)
        #expect(ids == (try Tokenizer(vocabulary).encode("a b", addSpecialTokens: true)))
        #expect(ids.first == 703 && ids.last == 700)
        #expect(file.bosToken?.id == 703)
        #expect(file.eosToken?.id == 700)
    }

    @Test func `a special token whose text belongs to another id is refused`() throws {
        var vocabulary = try Fixtures.ggufVocabulary("smollm2", named: "smollm")
        vocabulary.tokens[5] = vocabulary.tokens[4]
        vocabulary.eosID = 5
        #expect(throws: TokenizationError.self) {
            try vocabulary.tokenizerConfigurationJSON(chatTemplate: nil, contextLength: 64)
        }
    }
}
