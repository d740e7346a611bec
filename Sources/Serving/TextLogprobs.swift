import Inference

/// The `logprobs` of a text completion: parallel lists over its tokens.
struct TextLogprobs {
    /// Where the next token begins, in characters (Unicode scalars) of the text.
    private(set) var offset: Int
    private var tokens: [TokenReport] = []
    private var offsets: [Int] = []

    /// No tokens, the first of which begins at `offset`.
    init(offset: Int = 0) {
        self.offset = offset
    }

    /// Adds tokens, of whose bytes the first `absentBytes` have no place in the text.
    mutating func append(_ more: [TokenReport], absentBytes: Int = 0) {
        var absent = absentBytes
        for token in more {
            tokens.append(token)
            offsets.append(offset)
            let skipped = min(absent, token.bytes.count)
            absent -= skipped
            // A scalar is counted where its first byte is: continuation bytes are 10xxxxxx.
            offset += token.bytes.dropFirst(skipped).count { $0 & 0xC0 != 0x80 }
        }
    }

    /// Writes the four lists; a token whose probability is unknown has `null` in two of them.
    func write(into json: inout JSONWriter) {
        json.object("logprobs") { json in
            json.array("tokens") { for token in tokens { $0.value(TokenText.of(token.bytes)) } }
            json.array("token_logprobs") {
                for token in tokens { $0.value(logprob: token.logprob) }
            }
            json.array("top_logprobs") { json in
                for token in tokens { Self.writeRivals(of: token, into: &json) }
            }
            json.array("text_offset") { for offset in offsets { $0.value(offset) } }
        }
    }

    private static func writeRivals(of token: TokenReport, into json: inout JSONWriter) {
        guard let logprob = token.logprob else { return json.value(nil as String?) }
        json.object {
            // Different tokens may read the same; a member may appear once, the likelier stays.
            var written: Set<[UInt8]> = []
            for rival in token.top {
                let text = TokenText.of(rival.bytes)
                guard written.insert(Array(text.utf8)).inserted else { continue }
                $0.field(text, logprob: rival.logprob)
            }
            let text = TokenText.of(token.bytes)
            if !written.contains(Array(text.utf8)) { $0.field(text, logprob: logprob) }
        }
    }
}
