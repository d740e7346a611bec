/// What the bytes of each token of a vocabulary mean for where a text may be cut.
///
/// Made once for a model. A byte-level vocabulary has tokens that are parts of a code point:
///
///     "é" = C3 A9     token C3: one byte missing behind it     token A9: continues and completes
public struct TokenShapes: Sendable {
    /// Bytes missing behind each token for its last code point to be whole, 0 to 3.
    private let missing: [UInt8]
    /// The count of bytes of a token that only continues a code point, 1 to 3; else 0.
    private let continuation: [UInt8]
    private let flags: [UInt8]
    /// Tokens of one, two and three continuing bytes at most: what may complete a code point.
    private let completions: [[Int32]]
    /// Tokens that leave more than 0, 1 and 2 bytes missing.
    private let unfinished: [[Int32]]

    private static let blank: UInt8 = 1
    private static let sentenceEnd: UInt8 = 2

    /// The shapes of a vocabulary.
    ///
    /// - Parameters:
    ///   - count: Its size.
    ///   - bytes: What each token adds to the text; none for a token without text.
    public init(count: Int, bytes: (Int32) -> [UInt8]) {
        var (missing, continuation) = ([UInt8](), [UInt8]())
        var flags: [UInt8] = []
        for id in 0..<Int32(count) {
            let bytes = bytes(id)
            missing.append(UInt8(Self.missing(behind: bytes)))
            let isContinuation =
                !bytes.isEmpty && bytes.count < 4
                && bytes.allSatisfy { $0 & 0xC0 == 0x80 }
            continuation.append(isContinuation ? UInt8(bytes.count) : 0)
            flags.append(Self.flags(of: bytes))
        }
        completions = (1...3).map { most in
            continuation.indices.filter { (1...most).contains(Int(continuation[$0])) }.map(
                Int32.init)
        }
        unfinished = (0...2).map { most in
            missing.indices.filter { missing[$0] > most }.map(Int32.init)
        }
        (self.missing, self.continuation, self.flags) = (missing, continuation, flags)
    }

    /// Bytes missing after a token, given how many were before it.
    func missing(after id: Int32, before: Int) -> Int {
        guard missing.indices.contains(Int(id)) else { return 0 }
        let continued = Int(continuation[Int(id)])
        // What continues nothing is broken already and keeps nobody waiting.
        return continued > 0 ? max(0, before - continued) : Int(missing[Int(id)])
    }

    /// The tokens that bring a code point that lacks so many bytes nearer to its end.
    func completions(of missing: Int) -> [Int32] {
        (1...3).contains(missing) ? completions[missing - 1] : []
    }

    /// The tokens that leave more bytes missing than so many further tokens can bring.
    func unfinished(within tokens: Int) -> [Int32] {
        (0...2).contains(tokens) ? unfinished[tokens] : []
    }

    /// Whether a token shows nothing: white space, or no text.
    func isBlank(_ id: Int32) -> Bool { has(Self.blank, id) }

    /// Whether a token ends a sentence or a line.
    func endsSentence(_ id: Int32) -> Bool { has(Self.sentenceEnd, id) }

    private func has(_ flag: UInt8, _ id: Int32) -> Bool {
        flags.indices.contains(Int(id)) && flags[Int(id)] & flag != 0
    }

    private static func missing(behind bytes: [UInt8]) -> Int {
        for (back, byte) in bytes.reversed().prefix(4).enumerated() where byte & 0xC0 != 0x80 {
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return max(0, length - 1 - back)
        }
        return 0
    }

    private static func flags(of bytes: [UInt8]) -> UInt8 {
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        var flags: UInt8 = bytes.allSatisfy(isSpace) ? blank : 0
        let text = bytes.reversed().drop { $0 == 0x20 }
        let ends = [UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "\n")]
        // U+3002, the full stop of Chinese and Japanese.
        let isIdeographicStop = Array(text.prefix(3)) == [0x82, 0x80, 0xE3]
        if let last = text.first, ends.contains(last) || isIdeographicStop { flags |= sentenceEnd }
        return flags
    }
}
