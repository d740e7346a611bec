@testable import Decoding

/// A byte-level vocabulary: 0 to 255 are the bytes, then words, tags and an end.
enum TinyVocabulary {
    static let words: [[UInt8]] =
        ["é", "日本", "the ", "end. ", "\n", "  "].map { Array($0.utf8) } + [
            // Parts of code points: the last byte of one and the first of another.
            [0xA9, 0xE6], [0xE6, 0x97], [0x97, 0xA5], Array("a".utf8) + [0xF0], [0x9F, 0x98],
        ]
    static let open: Int32 = 300
    static let close: Int32 = 301
    static let secondOpen: Int32 = 302
    static let secondClose: Int32 = 303
    static let stop: Int32 = 304
    static let count = 305

    static func bytes(_ id: Int32) -> [UInt8] {
        switch id {
        case 0..<256: [UInt8(id)]
        case 256..<Int32(256 + words.count): words[Int(id) - 256]
        default: []
        }
    }

    static let shapes = TokenShapes(count: count, bytes: bytes)

    /// Whether the bytes of tokens are whole code points.
    static func isWhole(_ ids: some Sequence<Int32>) -> Bool {
        String(validating: ids.flatMap(bytes), as: UTF8.self) != nil
    }
}
