import TestSupport
import Testing

@testable import Tokenization

/// The stream gives out what is certain, and nothing else.
@Suite struct StreamingDetokenizerTests {
    @Test func everyPieceIsWholeAndTogetherTheyAreTheDecodedText() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<400 {
            let count = Int.random(in: 0...24, using: &generator)
            let ids = (0..<count).map { _ in
                Int32.random(in: 0..<Int32(tokenizer.vocabularySize), using: &generator)
            }
            for skips in [false, true] {
                let whole = Array(tokenizer.decode(ids, skipSpecialTokens: skips).utf8)
                var stream = StreamingDetokenizer(tokenizer, skipsSpecialTokens: skips)
                var text: [UInt8] = []
                for id in ids {
                    text += Array(stream.append(id).utf8)
                    #expect(whole.starts(with: text))
                }
                #expect(text.count + 9 >= whole.count, "at most one code point is held back")
                text += Array(stream.flush().utf8)
                #expect(text == whole)
            }
        }
    }

    @Test func aCodePointComesWithItsLastByteAndNotBefore() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let bytes = Array("é界😀".utf8)
        let ids = try bytes.map { byte in
            try #require(tokenizer.id(of: String(ByteAlphabet.scalars[Int(byte)])))
        }
        var stream = StreamingDetokenizer(tokenizer, skipsSpecialTokens: false)
        #expect(ids.map { stream.append($0) } == ["", "é", "", "", "界", "", "", "", "😀"])
        #expect(stream.flush() == "")
    }

    @Test(
        arguments: [
            ([0xE2, 0x82], 2), ([0xE2], 1), ([0xF0, 0x9F, 0x98], 3), ([0x80], 0),
            ([0xE0, 0x80], 0),
            ([0xED, 0xA0], 0), ([0xF4, 0x90], 0), ([0xF5], 0), ([0xC1], 0), ([0xC3, 0xA9], 0),
            ([], 0),
            ([0x41, 0xC3], 1), ([0xF0, 0x9F, 0x98, 0x80], 0),
        ] as [([UInt8], Int)])
    func onlyWhatMoreBytesCanCompleteIsHeldBack(_ bytes: [UInt8], _ held: Int) {
        #expect(StreamingDetokenizer.incompleteSuffixLength(bytes) == held)
    }

    @Test func randomBytesStreamAsTheyDecode() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        var generator = SeededGenerator(seed: 3)
        let hot: [UInt8] = [
            0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xC3, 0xA9, 0x41, 0xED, 0xA0, 0xF4, 0x8F,
            0xBF,
        ]
        for _ in 0..<1500 {
            let count = Int.random(in: 1...10, using: &generator)
            let ids: [Int32] = (0..<count).map { _ in
                let byte = hot.randomElement(using: &generator) ?? 0
                return tokenizer.encoder.byteIDs[Int(byte)]
            }
            var stream = StreamingDetokenizer(tokenizer, skipsSpecialTokens: false)
            #expect(stream.all(ids) == tokenizer.decode(ids, skipSpecialTokens: false))
        }
    }
}
