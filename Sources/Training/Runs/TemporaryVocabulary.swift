import Foundation

struct VocabularyTrainer {
    let regex: NSRegularExpression
    let pattern: String
    let specials: [String]
    let size: Int
    let minimum: Int
    var words: [String: Int] = [:]
    init(pattern: String, specialTokens: [String], vocabularySize: Int, minimumFrequency: Int)
        throws
    {
        regex = try NSRegularExpression(pattern: pattern)
        self.pattern = pattern
        specials = specialTokens
        size = vocabularySize
        minimum = minimumFrequency
    }
    mutating func add(_ text: String) {
        var text = text
        for special in specials { text = text.replacingOccurrences(of: special, with: "\u{0}") }
        for part in text.split(separator: "\u{0}").map(String.init) {
            let ns = part as NSString
            var last = 0
            for match in regex.matches(in: part, range: NSRange(location: 0, length: ns.length)) {
                if match.range.location > last {
                    words[
                        ns.substring(
                            with: NSRange(location: last, length: match.range.location - last)),
                        default: 0] += 1
                }
                words[ns.substring(with: match.range), default: 0] += 1
                last = match.range.location + match.range.length
            }
            if last < ns.length { words[ns.substring(from: last), default: 0] += 1 }
        }
    }
    static let alphabet: [String] = {
        var visible = Set<Int>(Array(33...126) + Array(161...172) + Array(174...255))
        var out: [String] = []
        var n = 0
        for b in 0..<256 {
            if visible.contains(b) {
                out.append(String(UnicodeScalar(UInt32(b))!))
            } else {
                out.append(String(UnicodeScalar(UInt32(256 + n))!)); n += 1
            }
        }
        visible = []
        return out
    }()
    func train() -> TrainedVocabulary {
        var tokens = specials
        let letters = Self.alphabet.sorted {
            $0.unicodeScalars.first!.value < $1.unicodeScalars.first!.value
        }
        var ids: [String: Int] = [:]
        for l in letters { ids[l] = tokens.count; tokens.append(l) }
        var list: [(ids: [Int], count: Int)] = words.sorted { $0.key < $1.key }.map { w in
            (w.key.utf8.map { ids[Self.alphabet[Int($0)]]! }, w.value)
        }
        var merges: [(String, String)] = []
        struct Pair: Hashable { var a: Int; var b: Int }
        while tokens.count < size {
            var counts: [Pair: Int] = [:]
            for w in list where w.ids.count > 1 {
                for i in 0..<w.ids.count - 1 {
                    counts[Pair(a: w.ids[i], b: w.ids[i + 1]), default: 0] += w.count
                }
            }
            guard
                let best = counts.max(by: { l, r in
                    (l.value, -l.key.a, -l.key.b) < (r.value, -r.key.a, -r.key.b)
                }), best.value >= minimum
            else { break }
            let (a, b) = (best.key.a, best.key.b)
            let text = tokens[a] + tokens[b]
            let id = ids[text] ?? tokens.count
            if ids[text] == nil { ids[text] = id; tokens.append(text) }
            merges.append((tokens[a], tokens[b]))
            for w in list.indices {
                var new: [Int] = []
                var i = 0
                let old = list[w].ids
                while i < old.count {
                    if i + 1 < old.count, old[i] == a, old[i + 1] == b {
                        new.append(id); i += 2
                    } else {
                        new.append(old[i]); i += 1
                    }
                }
                list[w].ids = new
            }
        }
        return TrainedVocabulary(
            tokens: tokens, merges: merges, specials: specials, pattern: pattern)
    }
}

struct TrainedVocabulary {
    var tokens: [String]
    var merges: [(String, String)]
    var specials: [String]
    var pattern: String
    func tokenizerJSON() -> Data {
        var vocab: [String: Int] = [:]
        for (i, t) in tokens.enumerated() { vocab[t] = i }
        let object: [String: Any] = [
            "version": "1.0",
            "added_tokens": specials.enumerated().map { i, s in
                [
                    "id": i, "content": s, "single_word": false, "lstrip": false, "rstrip": false,
                    "normalized": false, "special": !s.contains("think"),
                ] as [String: Any]
            },
            "normalizer": NSNull(), "truncation": NSNull(), "padding": NSNull(),
            "pre_tokenizer": [
                "type": "Sequence",
                "pretokenizers": [
                    [
                        "type": "Split", "pattern": ["Regex": pattern], "behavior": "Isolated",
                        "invert": false,
                    ] as [String: Any],
                    [
                        "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                        "use_regex": false,
                    ] as [String: Any],
                ],
            ] as [String: Any],
            "post_processor": NSNull(),
            "decoder": [
                "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true,
            ] as [String: Any],
            "model": [
                "type": "BPE", "dropout": NSNull(), "unk_token": NSNull(),
                "continuing_subword_prefix": NSNull(), "end_of_word_suffix": NSNull(),
                "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": vocab,
                "merges": merges.map { [$0.0, $0.1] },
            ] as [String: Any],
        ]
        return try! JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }
    func tokenizerConfigurationJSON(endOfSequence: String, chatTemplate: String, contextLength: Int)
        -> Data
    {
        let object: [String: Any] = [
            "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": contextLength,
            "eos_token": endOfSequence, "pad_token": endOfSequence, "chat_template": chatTemplate,
            "clean_up_tokenization_spaces": false, "add_bos_token": false,
        ]
        return try! JSONSerialization.data(
            withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }
}
