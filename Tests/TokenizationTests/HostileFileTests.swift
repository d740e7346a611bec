import TestSupport
import Testing

@testable import Tokenization

/// Broken and lying files end in an error that says where; nothing ends in a trap.
@Suite struct HostileFileTests {
    static let small = """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":7,"content":"<e>",\
        "single_word":false,"lstrip":true,"rstrip":false,"normalized":false,"special":true}],\
        "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"}]},"pre_tokenizer":{"type":\
        "Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"[a-c]+|\\\\s"},"behavior":\
        "Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}]},\
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<e>",\
        "type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"<e>":{"id":\
        "<e>","ids":[7],"tokens":["<e>"]}}},"decoder":{"type":"ByteLevel"},"model":{"type":"BPE",\
        "dropout":null,"unk_token":null,"continuing_subword_prefix":"","fuse_unk":false,"vocab":\
        {"a":0,"b":1,"c":2,"ab":3,"abc":4,"\\u0120":5,"\\u0120a":6},"merges":["a b",["ab","c"],\
        "\\u0120 a"]}}
        """

    private func load(_ json: String) throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: Array(json.utf8))
    }

    @Test func theSmallFileIsSound() throws {
        let tokenizer = try load(Self.small)
        #expect(tokenizer.encode("abc  <e> a", addSpecialTokens: true) == [7, 4, 7, 5, 0])
        #expect(tokenizer.vocabularySize == 8)
    }

    @Test func everyTruncationIsRefused() {
        let bytes = Array(Self.small.utf8)
        for count in bytes.indices {
            #expect(throws: TokenizationError.self) {
                try Tokenizer(tokenizerJSON: Array(bytes[..<count]))
            }
        }
    }

    @Test func flippedBitsNeverTrap() {
        let bytes = Array(Self.small.utf8)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<3000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            guard let tokenizer = try? Tokenizer(tokenizerJSON: damaged) else { continue }
            let ids = tokenizer.encode("abc <e> caba x\u{301}", addSpecialTokens: true)
            _ = tokenizer.decode(ids, skipSpecialTokens: false)
        }
    }

    @Test(
        arguments: [
            ("\"c\":2", "\"c\":1", "repeats"), ("\"c\":2", "\"b\":2", "repeats"),
            ("\"c\":2", "\"c\":-2", "integer from 0"),
            ("\"c\":2", "\"c\":4194304", "integer from 0"),
            ("\"c\":2", "\"c\":99999999999999999999999", "an integer"),
            ("\"c\":2", "\"c\":2.0", "an integer"),
            ("\"c\":2", "\"c\":\"2\"", "expected"), ("\"c\":2", "\"c\":02", "leading zeros"),
            ("\"a b\"", "\"a  b\"", "two parts"), ("\"a b\"", "\"ab\"", "two parts"),
            ("\"a b\"", "\"a z\"", "not in the vocabulary"),
            ("\"a b\"", "\"b a\"", "not in the vocabulary"),
            ("\"a b\"", "[\"a\"]", "','"), ("\"a b\"", "7", "'\"'"),
            ("\"BPE\"", "\"Unigram\"", "supported: BPE"),
            ("\"dropout\":null", "\"dropout\":0.1", "dropout"),
            ("\"unk_token\":null", "\"unk_token\":\"?\"", "unk_token"),
            ("prefix\":\"\"", "prefix\":\"##\"", "continuing_subword_prefix"),
            ("\"id\":7", "\"id\":3", "added_tokens"), ("\"id\":7", "\"id\":-1", "id"),
            ("\"ids\":[7]", "\"ids\":[8]", "post_processor"),
            ("\"type\":\"NFC\"", "\"type\":\"Bert\"", "Bert"),
            ("[a-c]+", "(?<x", "pattern"), ("Isolated", "isolated", "behavior"),
            ("1.0", "2.0", "version"),
            ("\"vocab\":{", "\"vocab\":[],\"x\":{", "vocab"),
            ("\"merges\":[", "\"merges\":null,\"x\":[", ""),
            ("{\"version\"", "[{\"version\"", "object"),
            ("\\u0120\":5", "\\ud800\":5", "surrogate"),
            ("\"decoder\":{\"type\":\"ByteLevel\"}", "\"decoder\":7", "decoder"),
            (
                "\"type\":\"ByteLevel\",\"add_prefix_space\":false", "\"type\":\"ByteLevel\"",
                "add_prefix_space"
            ),
        ] as [(String, String, String)])
    func aWrongFieldIsNamed(_ part: String, _ damage: String, _ says: String) throws {
        let range = try #require(Self.small.firstRange(of: part))
        var json = Self.small
        json.replaceSubrange(range, with: damage)
        guard !says.isEmpty else {
            #expect(try load(json).encode("ab", addSpecialTokens: false) == [0, 1])
            return
        }
        let error = #expect(throws: TokenizationError.self) { try load(json) }
        let description = try #require(error).description
        #expect(description.contains(says) && !description.contains("\n"), "\(description)")
    }

    @Test func depthAndSizeAreLimited() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: TokenizationError.self) { try load("{\"x\":" + deep) }
        let sequence = String(repeating: "{\"type\":\"Sequence\",\"pretokenizers\":[", count: 60)
        #expect(throws: TokenizationError.self) { try load("{\"pre_tokenizer\":" + sequence) }
        #expect(throws: TokenizationError.self) {
            try Tokenizer(tokenizerJSON: [0x7B, 0x22, 0xFF, 0x22, 0x7D])
        }
        #expect(throws: TokenizationError.self) { try Tokenizer(tokenizerJSON: []) }
    }

    @Test func holesAmongTheIDsAreAllowed() throws {
        let json = Self.small.replacing("\"c\":2", with: "\"c\":2000")
        let tokenizer = try load(json)
        #expect(tokenizer.vocabularySize == 2001 && tokenizer.token(of: 2) == nil)
        #expect(tokenizer.encode("c", addSpecialTokens: false) == [2000])
        #expect(tokenizer.decode([2, 2000, 9], skipSpecialTokens: false) == "c")
    }

    @Test func wrongConfigurationIsRefused() {
        let json = Array(Self.small.utf8)
        for text in [
            "", "[]", "{\"bos_token\":7}", "{\"bos_token\":\"a\",\"add_bos_token\":1}", "{",
        ] {
            #expect(throws: TokenizationError.self) {
                try Tokenizer(tokenizerJSON: json, configuration: Array(text.utf8))
            }
        }
        for text in ["{\"<x>\":-1}", "{\"<x>\":3}", "{\"<x>\":\"9\"}", "{\"a\":9}"] {
            #expect(throws: TokenizationError.self) {
                try Tokenizer(tokenizerJSON: json, addedTokens: Array(text.utf8))
            }
        }
    }

    @Test func wrongGGUFMetadataAreRefused() {
        func make(
            _ model: String = "gpt2", _ pre: String = "qwen2", tokens: [String] = ["a", "b", "ab"],
            types: [Int32] = [], merges: [String] = ["a b"], bos: Int32? = nil
        ) throws -> Tokenizer {
            try Tokenizer(
                GGUFVocabulary(
                    model: model, preTokenizer: pre, tokens: tokens, tokenTypes: types,
                    merges: merges, bosID: bos))
        }
        #expect(throws: Never.self) { try make() }
        #expect(throws: TokenizationError.self) { try make("llama") }
        #expect(throws: TokenizationError.self) { try make("gpt2", "nonsense") }
        #expect(throws: TokenizationError.self) { try make(tokens: ["a", "b", "b", "ab"]) }
        #expect(throws: TokenizationError.self) { try make(types: [1]) }
        #expect(throws: TokenizationError.self) { try make(merges: ["a x"]) }
        #expect(throws: TokenizationError.self) { try make(merges: ["ab"]) }
        #expect(throws: TokenizationError.self) { try make(bos: 3) }
        #expect(throws: TokenizationError.self) { try make(bos: -1) }
    }
}
