import Testing

@testable import Tokenization

/// What the reference trains from the same texts, the trainer trains too.
@Suite struct VocabularyGoldenTests {
    /// One of the reference's trainings.
    struct Case {
        let name: String
        let texts: [String]
        let pattern: String
        let specialTokens: [String]
        let vocabularySize: Int
        let minimumFrequency: Int
        let others: [String]
        let ids: [[Int32]]

        init(_ field: JSONField) throws {
            func strings(_ key: String) throws -> [String] {
                try field.required(key, "strings").elements().map { try $0.string() }
            }
            func count(_ key: String) throws -> Int {
                try field.required(key, "a count").integer(in: 0...1 << 20)
            }
            name = try field.required("name", "a name").string()
            texts = try strings("texts")
            pattern = try field.required("pattern", "a pattern").string()
            specialTokens = try strings("special_tokens")
            vocabularySize = try count("vocabulary_size")
            minimumFrequency = try count("minimum_frequency")
            others = try strings("others")
            ids = try field.required("ids", "lists of ids").elements().map { try $0.ids() }
        }

        static func all() throws -> [Case] {
            try Fixtures.tree("training-cases.json").elements().map { try Case($0) }
        }

        func train() throws -> TrainedVocabulary {
            var trainer = try VocabularyTrainer(
                pattern: pattern, specialTokens: specialTokens, vocabularySize: vocabularySize,
                minimumFrequency: minimumFrequency)
            for text in texts { trainer.add(text) }
            return trainer.train()
        }
    }

    @Test func writesTheReferencesFileByteForByte() throws {
        let cases = try Case.all()
        #expect(cases.count == 8)
        for one in cases {
            var golden = try Fixtures.bytes("trained-\(one.name).json")
            #expect(golden.popLast() == UInt8(ascii: "\n"))
            let file = try one.train().tokenizerJSON()
            #expect(file == golden, "\(one.name)")
        }
    }

    @Test func theFileLoadsAndGivesTheReferencesIDs() throws {
        for one in try Case.all() {
            let vocabulary = try one.train()
            let tokenizer = try Tokenizer(tokenizerJSON: vocabulary.tokenizerJSON())
            #expect(tokenizer.vocabularySize == vocabulary.tokens.count)
            #expect(one.others.count == one.ids.count && !one.ids.isEmpty)
            for (text, ids) in zip(one.others, one.ids) {
                #expect(
                    tokenizer.encode(text, addSpecialTokens: true) == ids,
                    "\(one.name): \(text.debugDescription)")
            }
        }
    }
}
