import TestSupport

@testable import Decoding

/// All 256 bytes as tokens, some words, and pieces of code points as byte-level BPE has them.
enum FakeVocabulary {
    static let stops: [Int32] = [256, 257]
    static let open: Int32 = 258
    static let close: Int32 = 259
    static let words: [[UInt8]] = [
        Array("é".utf8), Array("あ".utf8), [0xE3, 0x81], [0x81, 0x82], [0xF0, 0x9F], [0x98, 0x80],
        [0x82, 0x61], [0x61, 0xC3], Array(" the".utf8), Array(".".utf8), Array(". ".utf8),
        Array("\n\n".utf8), Array("  ".utf8), Array("<t".utf8), Array("hink>".utf8),
        Array("</t".utf8), Array("Time is up".utf8), [0xE0], [0xED], [0xF4, 0x8F, 0xBF],
    ]
    static let count = 260 + words.count

    static func bytes(_ id: Int32) -> [UInt8] {
        switch id {
        case 0..<256: [UInt8(id)]
        case 260..<Int32(count): words[Int(id) - 260]
        default: []
        }
    }

    static let shapes = TokenShapes(vocabularySize: count, bytes: bytes)

    static func id(_ text: String) -> Int32 {
        Int32(260 + (words.firstIndex(of: Array(text.utf8)) ?? 0))
    }

    /// Whether more bytes could make these UTF-8.
    static func canBecomeText(_ bytes: [UInt8]) -> Bool {
        // No code point is longer than 4 bytes, so what precedes these was checked before.
        var recent = bytes.suffix(16)
        while let first = recent.first, first & 0xC0 == 0x80, recent.count > 12 {
            recent.removeFirst()
        }
        let endings: [[UInt8]] = [
            [], [0x80], [0x90], [0xA0], [0x80, 0x80], [0x90, 0x80], [0xA0, 0x80],
            [0x80, 0x80, 0x80], [0x90, 0x80, 0x80],
        ]
        return endings.contains { isText(recent + $0) }
    }

    static func isText(_ bytes: some Sequence<UInt8>) -> Bool {
        String(validating: Array(bytes), as: UTF8.self) != nil
    }

    /// A control of random tags, words and numbers that passes validation.
    static func control(using generator: inout SeededGenerator) -> ThoughtControl {
        let tags: [(open: [Int32], close: [Int32])] = [
            ([open], [close]), ([id("<t"), id("hink>")], [id("</t"), id("hink>")]),
            ([60, 116, id("hink>")], [60, 47, 116]), ([97, 97, 98], [97, 97, 99]),
        ]
        let tag = tags.randomElement(using: &generator) ?? tags[0]
        let farewells: [[Int32]] = [[], [10], [id("Time is up"), 46, 10]]
        let tails: [[Int32]] = [[], [10], [id("\n\n")]]
        let before = farewells.randomElement(using: &generator) ?? []
        let behind = tails.randomElement(using: &generator) ?? []
        var control = ThoughtControl(
            open: tag.open, close: tag.close, closer: before + tag.close + behind, shapes: shapes)
        control.startsOpen = Bool.random(using: &generator)
        control.startsClosed = !control.startsOpen && Bool.random(using: &generator)
        control.closes = Int.random(in: 0..<4, using: &generator) > 0
        control.answerReserve = Int.random(in: 0...6, using: &generator)
        control.grace = [0, 0, 5, 100].randomElement(using: &generator) ?? 0
        if Int.random(in: 0..<4, using: &generator) > 0 {
            let least = control.startsOpen ? (control.closes ? control.closer.count : 1) : 0
            let opening = control.startsOpen ? 0 : control.closer.count + control.open.count
            // Rules break at their edges.
            control.maximumTokens =
                Bool.random(using: &generator)
                ? Int.random(in: least...least + 24, using: &generator)
                : max(least, opening + Int.random(in: -2...2, using: &generator))
        }
        return control
    }
}
