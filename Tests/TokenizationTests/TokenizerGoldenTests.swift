import Testing

@testable import Tokenization

/// Every kind of tokenizer gives the reference's ids and texts.
@Suite struct TokenizerGoldenTests {
    static let kinds = [
        "qwen2", "qwen35", "r1_distill", "deepseek_v3", "llama3", "gpt2", "roberta", "smollm2",
        "o200k", "family", "llama2", "metaspace", "odd_cuts", "words",
    ]

    @Test(arguments: kinds)
    func encodesEveryTextAsTheReference(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let golden = try Fixtures.tree("golden-\(kind).json")
        let strings = try Fixtures.strings()
        let expected = try golden.required("ids", "ids").elements()
        #expect(strings.count >= 400 && expected.count == strings.count)
        for (text, ids) in zip(strings, expected) {
            let wanted = try ids.ids()
            #expect(
                tokenizer.encode(text, addSpecialTokens: false) == wanted,
                "\(text.debugDescription)")
        }
    }

    @Test(arguments: kinds)
    func putsTheReferencesSpecialTokensAround(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let golden = try Fixtures.tree("golden-\(kind).json")
        let expected = try golden.required("with_special_tokens", "ids").elements()
        for (text, ids) in zip(try Fixtures.strings(), expected) {
            #expect(tokenizer.encode(text, addSpecialTokens: true) == (try ids.ids()))
        }
    }

    @Test(arguments: kinds)
    func leavesSpecialTokensAsTextOnRequest(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let strings = try Fixtures.strings()
        let golden = try Fixtures.tree("golden-\(kind).json")
        for pair in try golden.required("specials_as_text", "pairs").elements() {
            let parts = try pair.elements()
            let text = strings[try parts[0].integer(in: 0...strings.count - 1)]
            let ids = tokenizer.encode(text, addSpecialTokens: false, parseSpecial: false)
            #expect(ids == (try parts[1].ids()), "\(text.debugDescription)")
        }
    }

    @Test(arguments: kinds)
    func decodesRandomIDsAsTheReferenceAtOnceAndStreaming(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        let golden = try Fixtures.tree("golden-\(kind).json")
        for entry in try golden.required("decoded", "triples").elements() {
            let parts = try entry.elements()
            let ids = try parts[0].ids()
            for (skips, field) in [(true, parts[1]), (false, parts[2])] {
                let wanted = Array(try field.string().utf8)
                let text = tokenizer.decode(ids, skipSpecialTokens: skips)
                #expect(Array(text.utf8) == wanted, "\(ids)")
                var stream = StreamingDetokenizer(tokenizer, skipsSpecialTokens: skips)
                #expect(Array(stream.all(ids).utf8) == wanted, "\(ids)")
            }
        }
    }

    @Test(arguments: ["qwen2", "r1_distill", "deepseek_v3", "smollm2", "gpt2", "llama3", "family"])
    func textWithoutNormalisationComesBackWhole(_ kind: String) throws {
        let tokenizer = try Fixtures.tokenizer(kind)
        for text in try Fixtures.strings() where NormalForms.isStable(Array(text.utf8).span) {
            let ids = tokenizer.encode(text, addSpecialTokens: false)
            #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
        }
    }

    @Test(arguments: [
        ("smollm2", "smollm"), ("qwen2", "qwen2"), ("llama3", "llama-bpe"),
        ("gpt2", "gpt-2"), ("r1_distill", "deepseek-r1-qwen"), ("deepseek_v3", "deepseek-v3"),
    ])
    func ggufMetadataGiveTheSameIDsAsTheFile(_ kind: String, _ name: String) throws {
        let file = try Fixtures.tokenizer(kind)
        var vocabulary = try Fixtures.ggufVocabulary(kind, named: name)
        vocabulary.addsBOS = false
        let tokenizer = try Tokenizer(vocabulary)
        for text in try Fixtures.strings() {
            #expect(
                tokenizer.encode(text, addSpecialTokens: true)
                    == file.encode(text, addSpecialTokens: false),
                "\(text.debugDescription)")
        }
    }
}
