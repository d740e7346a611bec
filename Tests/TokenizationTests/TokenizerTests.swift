import TestSupport
import Testing

@testable import Tokenization

/// What the tokenizer promises beyond parity.
@Suite struct TokenizerTests {
    @Test func aPromptHasExactlyOneBOS() throws {
        let configuration = """
            {"bos_token": {"content": "<｜begin▁of▁sentence｜>"}, "add_bos_token": true,
            "eos_token": "<｜end▁of▁sentence｜>", "pad_token": null}
            """
        let tokenizer = try Tokenizer(
            tokenizerJSON: try Fixtures.bytes("tokenizer-r1_distill.json"),
            configuration: Array(configuration.utf8))
        let bos = try #require(tokenizer.bosToken)
        let plain = tokenizer.encodePrompt("<｜User｜>Hi")
        let rendered = tokenizer.encodePrompt("<｜begin▁of▁sentence｜><｜User｜>Hi")
        #expect(plain == rendered)
        #expect(plain.filter { $0 == bos.id }.count == 1 && plain.first == bos.id)
        #expect(tokenizer.addsBOS)
        #expect(
            tokenizer.encode("<｜begin▁of▁sentence｜>", addSpecialTokens: true) == [bos.id, bos.id])
        #expect(tokenizer.eosToken?.content == "<｜end▁of▁sentence｜>")
        #expect(tokenizer.padToken == nil)
        let think = try #require(tokenizer.id(of: "<think>"))
        #expect(!tokenizer.isSpecial(think) && tokenizer.isSpecial(bos.id))
        #expect(tokenizer.token(of: think) == "<think>")
    }

    @Test func theConfigurationOverrulesThePostProcessor() throws {
        let json = try Fixtures.bytes("tokenizer-r1_distill.json")
        let silent = try Tokenizer(
            tokenizerJSON: json,
            configuration: Array("{\"bos_token\": \"<｜begin▁of▁sentence｜>\"}".utf8))
        #expect(silent.addsBOS)
        let refusing = try Tokenizer(
            tokenizerJSON: json, configuration: Array("{\"add_bos_token\": false}".utf8),
            specialTokensMap: Array("{\"bos_token\": \"<｜begin▁of▁sentence｜>\"}".utf8))
        #expect(!refusing.addsBOS && refusing.bosToken != nil)
        #expect(refusing.encode("", addSpecialTokens: true) == [])
    }

    @Test func idsWithoutATokenAreLeftOutOfTheText() throws {
        let tokenizer = try Fixtures.tokenizer("qwen2")
        #expect(
            tokenizer.decode([-1, .max, .min, 40, 1 << 21], skipSpecialTokens: false).count == 1)
        #expect(tokenizer.token(of: -1) == nil && tokenizer.token(of: .max) == nil)
        #expect(tokenizer.bytes(of: -1).isEmpty && tokenizer.bytes(of: .max).isEmpty)
        #expect(!tokenizer.isSpecial(-1))
    }

    @Test func oneUnbrokenWordOfAHundredThousandCharactersIsEncoded() throws {
        let tokenizer = try Fixtures.tokenizer("qwen2")
        for (unit, count) in [("a", 100_000), ("Ab+/9", 6_000), ("界", 20_000), (" ", 100_000)] {
            let text = String(repeating: unit, count: count)
            let ids = tokenizer.encode(text, addSpecialTokens: false)
            #expect(tokenizer.decode(ids, skipSpecialTokens: false) == text)
        }
    }

    @Test func longPiecesMergeAsShortOnesDo() throws {
        let tokenizer = try Fixtures.tokenizer("gpt2")
        let encoder = tokenizer.encoder
        var generator = SeededGenerator(seed: 5)
        var scratch = BytePairEncoder.Scratch()
        for _ in 0..<200 {
            let count = Int.random(in: 1...90, using: &generator)
            let letters = Array("etaoin shr".utf8)
            let text = (0..<count).map { _ in letters.randomElement(using: &generator) ?? 0x61 }
            var ids: [Int32] = []
            encoder.encode(text.span, 0..<count, scratch: &scratch, into: &ids)
            #expect(ids == plainMerge(text, encoder))
        }
    }

    /// The definition: look at every pair, merge the first of the lowest rank, begin again.
    private func plainMerge(_ text: [UInt8], _ encoder: BytePairEncoder) -> [Int32] {
        var symbols = text.map { encoder.byteIDs[Int($0)] }
        while true {
            let pairs = zip(symbols, symbols.dropFirst()).map { encoder.merges.merge($0, $1) }
            guard let best = pairs.min(), best != MergeTable.none,
                let place = pairs.firstIndex(of: best)
            else { return symbols }
            symbols[place] = Int32(truncatingIfNeeded: best)
            symbols.remove(at: place + 1)
        }
    }

    @Test func textEncodedTwiceOrByManyTasksGivesTheSameIDs() async throws {
        let tokenizer = try Fixtures.tokenizer("smollm2")
        let strings = Array(try Fixtures.strings().prefix(120))
        let once = strings.map { tokenizer.encode($0, addSpecialTokens: false) }
        await withTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<4 {
                group.addTask { strings.map { tokenizer.encode($0, addSpecialTokens: false) } }
            }
            for await result in group { #expect(result == once) }
        }
    }
}
