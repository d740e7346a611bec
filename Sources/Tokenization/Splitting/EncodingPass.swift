/// One text on its way to ids: the stages of the pre-tokenizer run depth first, so that no list
/// of pieces is ever made.
struct EncodingPass: ~Copyable {
    let stages: [PreTokenizer.Stage]
    let encoder: BytePairEncoder
    var ids: [Int32] = []
    var cache: PieceCache
    private var scratch = BytePairEncoder.Scratch()
    private var memories: [Pattern.Memory]

    init(stages: [PreTokenizer.Stage], encoder: BytePairEncoder, cache: consuming PieceCache) {
        self.stages = stages
        self.encoder = encoder
        self.cache = cache
        memories = [Pattern.Memory](repeating: Pattern.Memory(), count: stages.count)
    }

    /// Appends the ids of `text[range]`.
    ///
    /// - Parameters:
    ///   - stage: The first stage still to run.
    ///   - text: Normalised text.
    ///   - range: The piece of it.
    ///   - isFirst: Whether the piece starts the whole input.
    mutating func run(_ stage: Int, _ text: Span<UInt8>, _ range: Range<Int>, isFirst: Bool) {
        guard !range.isEmpty else { return }
        guard stage < stages.count else { return encode(text, range) }
        switch stages[stage] {
        case .prefixSpace:
            if text[range.lowerBound] == 0x20 {
                return run(stage + 1, text, range, isFirst: isFirst)
            }
            var bytes: [UInt8] = [0x20]
            for index in range { bytes.append(text[index]) }
            run(stage + 1, bytes.span, 0..<bytes.count, isFirst: isFirst)
        case .metaspace(let mark, let scheme, let splits):
            metaspace(stage, text, range, isFirst, mark, scheme, splits)
        case .split(let splitter, let behavior, let inverted):
            switch (behavior, inverted) {
            case (.isolated, _):
                isolate(stage, text, range, isFirst, splitter)
            default:
                split(stage, text, range, isFirst, splitter, behavior, inverted)
            }
        }
    }

    /// Matches and what lies between them, each a piece; which is which makes no difference.
    private mutating func isolate(
        _ stage: Int, _ text: Span<UInt8>, _ range: Range<Int>, _ isFirst: Bool,
        _ splitter: Splitter
    ) {
        var matches = MatchWalk(range)
        var start = range.lowerBound
        while let match = matches.next(splitter, text, memory: &memories[stage]) {
            piece(stage, text, range, start..<match.lowerBound, isFirst)
            piece(stage, text, range, match, isFirst)
            start = match.upperBound
        }
        piece(stage, text, range, start..<range.upperBound, isFirst)
    }

    @inline(__always)
    private mutating func piece(
        _ stage: Int, _ text: Span<UInt8>, _ whole: Range<Int>, _ part: Range<Int>, _ isFirst: Bool
    ) {
        guard !part.isEmpty else { return }
        if stage + 1 == stages.count {
            encode(text, part)
        } else {
            run(
                stage + 1, text, part, isFirst: isFirst && part.lowerBound == whole.lowerBound)
        }
    }

    private mutating func split(
        _ stage: Int, _ text: Span<UInt8>, _ range: Range<Int>, _ isFirst: Bool,
        _ splitter: Splitter, _ behavior: PreTokenizer.Behavior, _ inverted: Bool
    ) {
        var parts: [(range: Range<Int>, matches: Bool)] = []
        var matches = MatchWalk(range)
        var start = range.lowerBound
        while let match = matches.next(splitter, text, memory: &memories[stage]) {
            if start < match.lowerBound { parts.append((start..<match.lowerBound, inverted)) }
            parts.append((match, !inverted))
            start = match.upperBound
        }
        if start < range.upperBound { parts.append((start..<range.upperBound, inverted)) }
        for part in behavior.merge(parts) { piece(stage, text, range, part, isFirst) }
    }

    private mutating func metaspace(
        _ stage: Int, _ text: Span<UInt8>, _ range: Range<Int>, _ isFirst: Bool,
        _ mark: String, _ scheme: PreTokenizer.PrependScheme, _ splits: Bool
    ) {
        let mark = Array(mark.utf8)
        var bytes: [UInt8] = []
        for index in range {
            if text[index] == 0x20 {
                bytes.append(contentsOf: mark)
            } else {
                bytes.append(text[index])
            }
        }
        if scheme == .always || scheme == .first && isFirst, !bytes.starts(with: mark) {
            bytes.insert(contentsOf: mark, at: 0)
        }
        guard splits else { return run(stage + 1, bytes.span, 0..<bytes.count, isFirst: isFirst) }
        var parts: [(range: Range<Int>, matches: Bool)] = []
        var start = 0
        var index = 0
        while index + mark.count <= bytes.count {
            guard bytes[index] == mark[0], bytes[index..<index + mark.count].elementsEqual(mark)
            else {
                index += 1
                continue
            }
            if start < index { parts.append((start..<index, false)) }
            index += mark.count
            parts.append((index - mark.count..<index, true))
            start = index
        }
        if start < bytes.count { parts.append((start..<bytes.count, false)) }
        for part in PreTokenizer.Behavior.mergedWithNext.merge(parts) {
            run(stage + 1, bytes.span, part, isFirst: isFirst && part.lowerBound == 0)
        }
    }

    /// The ids of one piece, remembered when it is short.
    private mutating func encode(_ text: Span<UInt8>, _ range: Range<Int>) {
        guard range.count <= PieceCache.maximumPieceLength else {
            return encoder.encode(text, range, scratch: &scratch, into: &ids)
        }
        let hash = cache.hash(text, range)
        if cache.append(text, range, hash: hash, to: &ids) { return }
        let start = ids.count
        encoder.encode(text, range, scratch: &scratch, into: &ids)
        cache.insert(text, range, hash: hash, ids: ids[start...])
    }
}

/// Successive matches, by the reference's rule for empty ones: not right after another match.
struct MatchWalk {
    private let range: Range<Int>
    private var start: Int
    private var lastEnd = -1

    init(_ range: Range<Int>) {
        self.range = range
        start = range.lowerBound
    }

    @inline(__always)
    mutating func next(
        _ splitter: Splitter, _ text: Span<UInt8>, memory: inout Pattern.Memory
    ) -> Range<Int>? {
        while start <= range.upperBound {
            guard
                let match = splitter.nextMatch(
                    text, lower: range.lowerBound, from: start, to: range.upperBound,
                    memory: &memory)
            else { return nil }
            if match.isEmpty, match.upperBound == lastEnd {
                guard start < range.upperBound else { return nil }
                start += decodeScalar(text, start).length
                continue
            }
            start = match.upperBound
            lastEnd = match.upperBound
            return match
        }
        return nil
    }
}

extension PreTokenizer.Behavior {
    /// The pieces that remain of matches and gaps in text order.
    func merge(_ parts: [(range: Range<Int>, matches: Bool)]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var previous = false
        switch self {
        case .isolated:
            result = parts.map(\.range)
        case .removed:
            result = parts.filter { !$0.matches }.map(\.range)
        case .contiguous:
            for part in parts {
                if part.matches == previous, let last = result.last {
                    result[result.count - 1] = last.lowerBound..<part.range.upperBound
                } else {
                    result.append(part.range)
                }
                previous = part.matches
            }
        case .mergedWithPrevious:
            for part in parts {
                if part.matches, !previous, let last = result.last {
                    result[result.count - 1] = last.lowerBound..<part.range.upperBound
                } else {
                    result.append(part.range)
                }
                previous = part.matches
            }
        case .mergedWithNext:
            for part in parts.reversed() {
                if part.matches, !previous, let last = result.last {
                    result[result.count - 1] = part.range.lowerBound..<last.upperBound
                } else {
                    result.append(part.range)
                }
                previous = part.matches
            }
            result.reverse()
        }
        return result
    }
}
