import TestSupport
import Testing

@testable import Tokenization

/// Laws of trained vocabularies.
@Suite struct VocabularyTrainerTests {
    static let specials = ["<|endoftext|>", "<|User|>", "<think>", "</think>", "<｜文｜>"]

    private func train(
        _ texts: [String], pattern: String = VocabularyTrainer.familyPattern,
        specialTokens: [String] = specials, size: Int = 400, minimum: Int = 2
    ) throws -> TrainedVocabulary {
        var trainer = try VocabularyTrainer(
            pattern: pattern, specialTokens: specialTokens, vocabularySize: size,
            minimumFrequency: minimum)
        for text in texts { trainer.add(text) }
        return trainer.train()
    }

    private func load(_ vocabulary: TrainedVocabulary) throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: vocabulary.tokenizerJSON())
    }

    private func text(of alphabet: String, count: Int, _ generator: inout SeededGenerator)
        -> String
    {
        let letters = Array(alphabet)
        return String(
            (0..<count).map { _ in letters[Int.random(in: letters.indices, using: &generator)] })
    }

    private func anyText(count: Int, _ generator: inout SeededGenerator) -> String {
        let tops: [UInt32] = [0x7F, 0x7F, 0x24F, 0xFFFF, 0x10FFFF]
        var text = String.UnicodeScalarView()
        for _ in 0..<count {
            let top = tops[Int.random(in: tops.indices, using: &generator)]
            if let scalar = Unicode.Scalar(UInt32.random(in: 0...top, using: &generator)) {
                text.append(scalar)
            }
        }
        return String(text)
    }

    // MARK: What comes out

    @Test func idsAreSpecialTokensThenSortedBytesThenMergesInOrder() throws {
        let vocabulary = try train(["aaab aaab aab ab\\boxed{1}\\boxed{2}"], minimum: 1)
        #expect(Array(vocabulary.specialTokens) == Self.specials)
        let alphabet = vocabulary.tokens[Self.specials.count..<Self.specials.count + 256]
        #expect(Array(alphabet) == ByteAlphabet.scalars.sorted().map { String($0) })
        let merged = vocabulary.tokens[(Self.specials.count + 256)...]
        #expect(
            Array(merged)
                == vocabulary.merges.map {
                    vocabulary.tokens[Int($0.left)] + vocabulary.tokens[Int($0.right)]
                })
        #expect(Set(vocabulary.tokens).count == vocabulary.tokens.count)
    }

    @Test(arguments: 0..<20)
    func everyTextComesBackWholeWhateverWasTrainedOn(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<10).map { _ in anyText(count: 60, &generator) }
        let patterns = [VocabularyTrainer.familyPattern, #"\s"#, #"[^\s]+|\s"#]
        let vocabulary = try train(
            texts, pattern: patterns[Int(seed) % patterns.count], size: 600, minimum: 1)
        let tokenizer = try load(vocabulary)
        let others = (0..<10).map { _ in anyText(count: 60, &generator) }
        for text in texts + others {
            let ids = tokenizer.encode(text, addSpecialTokens: true)
            #expect(Array(tokenizer.decode(ids, skipSpecialTokens: false).utf8) == Array(text.utf8))
        }
    }

    @Test(arguments: 0..<20)
    func noTokenReachesFromOneWordIntoTheNext(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let texts = (0..<8).map { _ in text(of: "aab  b\nc", count: 100, &generator) }
        let vocabulary = try train(texts, pattern: #"[^ \n]+|[ \n]"#, size: 900, minimum: 1)
        var words: Set<String> = []
        for text in texts {
            for word in text.split(whereSeparator: \.isWhitespace) { words.insert(String(word)) }
        }
        let merged = vocabulary.tokens[(Self.specials.count + 256)...]
        #expect(!merged.isEmpty)
        for token in merged { #expect(words.contains { $0.contains(token) }, "\(token)") }
        // with room for all of them, every word is one token
        #expect(words.allSatisfy { vocabulary.tokens.contains($0) })
    }

    @Test func specialTokensInTheTextsTakeNoPart() throws {
        let marked = "one<think>one two<｜文｜>two</think> three<|endoftext|><|User|>three three"
        let parts = ["one", "one two", "two", " three", "three three"]
        #expect(
            try train([String](repeating: marked, count: 3))
                == train(parts + parts + parts))
    }

    @Test func specialTokensAreNeverCut() throws {
        let texts = [String](repeating: "think User endoftext < > | / 文", count: 9)
        let tokenizer = try load(try train(texts))
        for (id, token) in Self.specials.enumerated() {
            #expect(tokenizer.encode("a\(token)b", addSpecialTokens: true).contains(Int32(id)))
            #expect(tokenizer.encode(token, addSpecialTokens: true) == [Int32(id)])
            #expect(tokenizer.decode([Int32(id)], skipSpecialTokens: false) == token)
        }
    }

    @Test func marksOfAThoughtStayWhenSpecialTokensAreSkipped() throws {
        let tokenizer = try load(try train([]))
        let ids = tokenizer.encode(
            "<|User|>q<think>t</think>a<|endoftext|>", addSpecialTokens: true)
        #expect(tokenizer.decode(ids, skipSpecialTokens: true) == "q<think>t</think>a")
    }

    @Test func theOrderOfTheTextsMakesNoDifference() throws {
        var generator = SeededGenerator(seed: 7)
        let texts = (0..<60).map { _ in text(of: "aabbc d", count: 40, &generator) }
        let vocabulary = try train(texts, size: 700, minimum: 1)
        for _ in 0..<5 {
            #expect(
                try train(texts.shuffled(using: &generator), size: 700, minimum: 1) == vocabulary)
        }
    }

    @Test func trainingStopsAtTheSizeAndAtTheFrequency() throws {
        let least = Self.specials.count + 256
        let texts = ["abc\nabc\nabc\nabd"]
        #expect(try train(texts, size: least).tokens.count == least)
        #expect(try train(texts, size: least + 1).tokens[least...] == ["ab"])
        #expect(try train(texts, size: 1000, minimum: 3).tokens[least...] == ["ab", "abc"])
        #expect(try train(texts, size: 1000, minimum: 4).tokens[least...] == ["ab"])
        #expect(try train(texts, size: 1000, minimum: 5).merges.isEmpty)
        #expect(try train(texts, minimum: -3) == train(texts, minimum: 1))
        #expect(try train(["", "x"], size: 1000, minimum: 1).merges.isEmpty)
    }
}
