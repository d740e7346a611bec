/// How tokens become text again.
enum TextDecoder: Sendable {
    /// Tokens are bytes; the text is their UTF-8, each invalid sequence replaced by U+FFFD.
    case byteLevel
    /// Tokens are strings that go through steps and are joined.
    case steps([Step])
    /// No decoder: tokens joined by spaces.
    case spaced

    /// One step over a list of strings.
    enum Step: Sendable {
        case replace(Splitter, content: String)
        case byteFallback
        case fuse
        case strip(character: Unicode.Scalar, start: Int, stop: Int)
        case metaspace(mark: Unicode.Scalar, dropsFirst: Bool)
        case byteLevel
    }
}

extension TextDecoder.Step {
    /// The strings after this step.
    func apply(_ tokens: [String]) -> [String] {
        switch self {
        case .replace(let splitter, let content):
            let step = Normalizer(steps: [.replace(splitter, content: content)])
            return tokens.map {
                String(decoding: step.normalize(Array($0.utf8)), as: UTF8.self)
            }
        case .byteFallback: return fallBack(tokens)
        case .fuse: return [tokens.joined()]
        case .strip(let character, let start, let stop):
            return tokens.map { strip($0, character, start: start, stop: stop) }
        case .metaspace(let mark, let dropsFirst):
            return tokens.enumerated().map { index, token in
                var result = String.UnicodeScalarView()
                for scalar in token.unicodeScalars {
                    if scalar != mark {
                        result.append(scalar)
                    } else if index > 0 || !dropsFirst {
                        result.append(" ")
                    }
                }
                return String(result)
            }
        case .byteLevel:
            var bytes: [UInt8] = []
            for token in tokens {
                let text = Array(token.utf8)
                ByteAlphabet.appendBytes(
                    of: text.span, 0..<text.count, table: ByteAlphabet.bytes, to: &bytes)
            }
            return [String(decoding: bytes, as: UTF8.self)]
        }
    }

    /// The byte that a token like `<0x41>` stands for.
    static func byte(of token: String) -> UInt8? {
        let text = Array(token.utf8)
        guard text.count == 6, token.hasPrefix("<0x"), token.hasSuffix(">") else { return nil }
        // Rust reads "+5" as a number as well
        if text[3] == UInt8(ascii: "+") { return hexadecimalValue(text[4]) }
        guard let high = hexadecimalValue(text[3]), let low = hexadecimalValue(text[4]) else {
            return nil
        }
        return high << 4 | low
    }

    /// The text of a run of byte tokens: all of it, or one U+FFFD for each byte.
    static func text(ofRun bytes: [UInt8]) -> String {
        isValidUTF8(bytes)
            ? String(decoding: bytes, as: UTF8.self)
            : String(repeating: "\u{FFFD}", count: bytes.count)
    }

    private func fallBack(_ tokens: [String]) -> [String] {
        var result: [String] = []
        var run: [UInt8] = []
        for token in tokens {
            if let byte = Self.byte(of: token) {
                run.append(byte)
                continue
            }
            if !run.isEmpty { result.append(Self.text(ofRun: run)) }
            run.removeAll()
            result.append(token)
        }
        if !run.isEmpty { result.append(Self.text(ofRun: run)) }
        return result
    }

    private func strip(
        _ token: String, _ character: Unicode.Scalar, start: Int, stop: Int
    ) -> String {
        let scalars = Array(token.unicodeScalars)
        var low = 0
        while low < min(start, scalars.count), scalars[low] == character { low += 1 }
        var high = scalars.count
        while high > low, scalars.count - high < stop, scalars[high - 1] == character { high -= 1 }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars[low..<high])
        return String(result)
    }
}
