import Testing

@testable import Decoding

@Suite struct TokenShapesTests {
    private func shape(_ text: String) -> TokenShapes.Shape { TokenShapes.Shape(Array(text.utf8)) }

    @Test func `a next byte is accepted exactly where UTF-8 allows it`() {
        let leads: [[UInt8]] =
            (0...0xFF).map { [$0] } + [
                [0xE1, 0x80], [0xF1, 0x80], [0xF1, 0x80, 0x80], [0x61, 0xC3],
            ]
        for lead in leads where FakeVocabulary.canBecomeText(lead) {
            let pending = PendingCodePoint(behind: lead)
            #expect((pending == .none) == FakeVocabulary.isText(lead))
            for byte in UInt8.min ... .max where pending != .none {
                #expect(
                    pending.accepts(TokenShapes.Shape([byte]))
                        == FakeVocabulary.canBecomeText(lead + [byte]))
            }
        }
    }

    @Test func `what is missing does not depend on how the bytes are cut`() {
        let text = Array("a é あ 😀 ￿ ퟿ ࠀ 𐀀 􏿿.".utf8)
        for end in 0...text.count {
            let whole = PendingCodePoint(behind: Array(text[..<end]))
            for cut in 0...end {
                var pending = PendingCodePoint(behind: Array(text[..<cut]))
                pending.append(TokenShapes.Shape(Array(text[cut..<end])))
                #expect(pending.missing == whole.missing)
            }
        }
    }

    @Test func `a code point counts as completable only if tokens for all its bytes exist`() {
        func shapes(_ tokens: [[UInt8]]) -> TokenShapes {
            TokenShapes(vocabularySize: tokens.count) { tokens[Int($0)] }
        }
        let pairs = shapes([[0x61], [0x98, 0x80]])
        #expect(pairs.canComplete(PendingCodePoint(missing: 2)))
        #expect(!pairs.canComplete(PendingCodePoint(missing: 1)))
        #expect(!pairs.canComplete(PendingCodePoint(missing: 3)))
        #expect(pairs.canComplete(.none))
        let low = shapes([[0x80]])
        #expect(!low.canComplete(PendingCodePoint(behind: [0xE0])))
        #expect(low.canComplete(PendingCodePoint(behind: [0xE1])))
    }

    @Test(arguments: [
        ". ", ".\n", "\n", " \n\n", "。", "！", "? ", "!", "word.", "so.\"", "done.) ", "3.\n", ")",
    ])
    func `sentence marks end sentences`(text: String) {
        #expect(shape(text).contains(.sentenceEnd) == (text != ")"))
    }

    @Test(arguments: ["", " ", "a", "3", "3.", ",", "a b", " .5", "。a", "\u{3000}"])
    func `other tokens end none`(text: String) {
        #expect(!shape(text).contains(.sentenceEnd))
    }

    @Test func `white space is known by its code points`() {
        for text in ["", " ", "\n\t", "\u{3000}", "\u{A0} "] {
            #expect(shape(text).contains(.whiteSpace))
        }
        for text in ["a", " a", ".", "あ"] { #expect(!shape(text).contains(.whiteSpace)) }
        #expect(!TokenShapes.Shape([0xE3]).contains(.whiteSpace))
        #expect(shape(".").contains(.fullStop) && shape("12").contains(.digit))
    }
}
