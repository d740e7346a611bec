/// Turns ids into text one at a time, giving out only what no later id can change.
///
/// All that `append` and the last `flush` return, put together, is what
/// ``Tokenizer/decode(_:skipSpecialTokens:)`` gives for the same ids. A code point is given out
/// whole; U+FFFD only for bytes that cannot become one.
public struct StreamingDetokenizer: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    /// Bytes at the end of the text that may yet become a code point: at most three.
    private var incomplete: [UInt8] = []
    private var steps: StepwiseDecoding?
    private var isFirst = true

    /// A detokenizer at the start of a text.
    ///
    /// - Parameters:
    ///   - tokenizer: Whose ids will come.
    ///   - skipsSpecialTokens: Whether special tokens are left out of the text.
    public init(_ tokenizer: Tokenizer, skipsSpecialTokens: Bool) {
        self.tokenizer = tokenizer
        self.skipsSpecialTokens = skipsSpecialTokens
        if case .steps(let steps) = tokenizer.decoder { self.steps = StepwiseDecoding(steps) }
    }

    /// Takes the next id.
    ///
    /// - Parameter id: Any id; one without a token adds nothing.
    /// - Returns: The text that is now certain, often empty.
    public mutating func append(_ id: Int32) -> String {
        if skipsSpecialTokens, tokenizer.isSpecial(id) { return "" }
        switch tokenizer.decoder {
        case .byteLevel:
            guard let range = tokenizer.pieceRange(id) else { return "" }
            incomplete.append(contentsOf: tokenizer.pieces[range])
            let held = Self.incompleteSuffixLength(incomplete)
            let text = String(
                decoding: incomplete[..<(incomplete.count - held)], as: UTF8.self)
            incomplete.removeFirst(incomplete.count - held)
            return text
        case .spaced:
            guard let text = tokenizer.decoderText(id) else { return "" }
            defer { isFirst = false }
            return isFirst ? text : " " + text
        case .steps:
            guard let text = tokenizer.decoderText(id) else { return "" }
            return steps?.append(text) ?? ""
        }
    }

    /// Ends the text.
    ///
    /// - Returns: What was held back; bytes that stayed incomplete become U+FFFD.
    public mutating func flush() -> String {
        if let text = steps?.flush() { return text }
        defer { incomplete.removeAll() }
        return String(decoding: incomplete, as: UTF8.self)
    }

    /// How many bytes at the end begin a code point that more bytes could complete.
    ///
    /// Table 3-7 of the Unicode Standard: a sequence that no continuation can make well-formed is
    /// not worth waiting for.
    static func incompleteSuffixLength(_ bytes: [UInt8]) -> Int {
        let count = bytes.count
        for length in 1...3 where length <= count {
            let lead = bytes[count - length]
            if lead & 0xC0 == 0x80 { continue }
            let needed: Int
            switch lead {
            case 0xC2...0xDF: needed = 2
            case 0xE0...0xEF: needed = 3
            case 0xF0...0xF4: needed = 4
            default: return 0
            }
            guard length < needed else { return 0 }
            guard length > 1 else { return length }
            let second = bytes[count - length + 1]
            let allowed: ClosedRange<UInt8>
            switch lead {
            case 0xE0: allowed = 0xA0...0xBF
            case 0xED: allowed = 0x80...0x9F
            case 0xF0: allowed = 0x90...0xBF
            case 0xF4: allowed = 0x80...0x8F
            default: allowed = 0x80...0xBF
            }
            return allowed.contains(second) ? length : 0
        }
        return 0
    }
}

/// Decoder steps applied to tokens as they come.
struct StepwiseDecoding: Sendable {
    /// Steps that see each token alone, up to the fuse.
    private let before: [TextDecoder.Step]
    /// Steps that see the whole text.
    private let after: [TextDecoder.Step]
    /// Per step of `before`: the run of byte tokens, and whether anything came yet.
    private var runs: [[UInt8]]
    private var isFirst: [Bool]
    /// Text for `after`, all of it held until the end when a step there may look back.
    private var held = ""
    private var streams: Bool
    /// How much each leading strip in `after` may still take.
    private var leading: [Int]

    init(_ steps: [TextDecoder.Step]) {
        let fuse = steps.firstIndex {
            if case .fuse = $0 { return true }
            if case .byteLevel = $0 { return true }
            return false
        }
        before = Array(steps[..<(fuse ?? steps.count)])
        after = Array(steps[(fuse ?? steps.count)...])
        runs = before.map { _ in [] }
        isFirst = before.map { _ in true }
        leading = after.map { step in
            if case .strip(_, let start, _) = step { return start }
            return 0
        }
        streams = after.allSatisfy { step in
            switch step {
            case .fuse: true
            case .strip(_, _, let stop): stop == 0
            default: false
            }
        }
    }

    mutating func append(_ token: String) -> String {
        finish(pass([token], from: 0, ending: false))
    }

    mutating func flush() -> String {
        let last = pass([], from: 0, ending: true)
        guard !streams else { return finish(last) }
        var tokens = [held + last.joined()]
        held = ""
        for step in after { tokens = step.apply(tokens) }
        return tokens.joined()
    }

    private mutating func pass(_ tokens: [String], from start: Int, ending: Bool) -> [String] {
        var tokens = tokens
        for index in start..<before.count {
            switch before[index] {
            case .byteFallback:
                tokens = fallBack(tokens, index, ending: ending)
            case .metaspace(let mark, let dropsFirst):
                tokens = tokens.flatMap { token in
                    let first = dropsFirst && isFirst[index]
                    isFirst[index] = false
                    return TextDecoder.Step.metaspace(mark: mark, dropsFirst: first).apply([token])
                }
            default:
                tokens = before[index].apply(tokens)
            }
        }
        return tokens
    }

    private mutating func fallBack(_ tokens: [String], _ index: Int, ending: Bool) -> [String] {
        var result: [String] = []
        for token in tokens {
            if let byte = TextDecoder.Step.byte(of: token) {
                runs[index].append(byte)
                continue
            }
            if !runs[index].isEmpty { result.append(TextDecoder.Step.text(ofRun: runs[index])) }
            runs[index].removeAll()
            result.append(token)
        }
        if ending, !runs[index].isEmpty {
            result.append(TextDecoder.Step.text(ofRun: runs[index]))
            runs[index].removeAll()
        }
        return result
    }

    private mutating func finish(_ tokens: [String]) -> String {
        guard streams else {
            held += tokens.joined()
            return ""
        }
        var text = Substring(tokens.joined())
        for (index, step) in after.enumerated() {
            guard case .strip(let character, _, _) = step else { continue }
            while leading[index] > 0, let first = text.unicodeScalars.first {
                guard first == character else {
                    leading[index] = 0
                    break
                }
                text.unicodeScalars.removeFirst()
                leading[index] -= 1
            }
        }
        return String(text)
    }
}
