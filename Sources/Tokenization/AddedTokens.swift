/// A token that is found in the text as it stands, before anything is cut or merged.
public struct AddedToken: Sendable, Equatable {
    /// Its text.
    public var content: String
    /// Its id.
    public var id: Int32
    /// Left out of decoded text on request; "control" in GGUF.
    public var isSpecial: Bool
    /// Matches only between characters that are not of words.
    public var isSingleWord: Bool
    /// Swallows white space before it.
    public var stripsLeft: Bool
    /// Swallows white space after it.
    public var stripsRight: Bool
    /// Is looked for in normalised text, otherwise in the text as it came.
    public var isNormalized: Bool

    /// An added token; by default a special one that is looked for in the text as it came.
    public init(
        content: String, id: Int32, isSpecial: Bool = true, isSingleWord: Bool = false,
        stripsLeft: Bool = false, stripsRight: Bool = false, isNormalized: Bool = false
    ) {
        self.content = content
        self.id = id
        self.isSpecial = isSpecial
        self.isSingleWord = isSingleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isNormalized = isNormalized
    }
}

/// Finds added tokens, leftmost first and the longest of those that start together.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text between added tokens, or an added token.
    struct Segment {
        var range: Range<Int>
        /// Index among the tokens, -1 for text.
        var token: Int
    }

    /// Longer added tokens are refused, so that a search costs at most this much per byte.
    static let maximumTokenLength = 4096

    private let tokens: [AddedToken]
    /// A trie: node 0 is the root, whose children stand in a table.
    private var roots = [Int32](repeating: -1, count: 256)
    private var child: [Int32] = [-1]
    private var sibling: [Int32] = [-1]
    private var label: [UInt8] = [0]
    private var token: [Int32] = [-1]
    private let words = ScalarSet(bounds: UnicodeClasses.crateWordRanges)
    private let classes = UnicodeClasses.table

    /// A matcher for the texts in `patterns`, each the form of the token at the same place; empty
    /// ones are left out.
    init(tokens: [AddedToken], patterns: [[UInt8]?]) {
        self.tokens = tokens
        for (index, pattern) in patterns.enumerated() {
            guard let pattern, !pattern.isEmpty else { continue }
            insert(pattern, Int32(index))
        }
    }

    private mutating func insert(_ pattern: [UInt8], _ index: Int32) {
        var node = 0
        for byte in pattern {
            var next = find(node, byte)
            if next < 0 {
                next = child.count
                child.append(-1)
                label.append(byte)
                token.append(-1)
                if node == 0 {
                    sibling.append(-1)
                    roots[Int(byte)] = Int32(next)
                } else {
                    sibling.append(child[node])
                    child[node] = Int32(next)
                }
            }
            node = next
        }
        if token[node] < 0 { token[node] = index }
    }

    private func find(_ node: Int, _ byte: UInt8) -> Int {
        if node == 0 { return Int(roots[Int(byte)]) }
        var next = Int(child[node])
        while next >= 0, label[next] != byte { next = Int(sibling[next]) }
        return next
    }

    private func longest(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> (token: Int, end: Int)? {
        var node = Int(roots[Int(text[start])])
        var found: (Int, Int)?
        var index = start + 1
        while node >= 0 {
            if token[node] >= 0 { found = (Int(token[node]), index) }
            guard index < end else { break }
            node = find(node, text[index])
            index += 1
        }
        return found
    }

    /// Cuts `text[range]` at the added tokens.
    ///
    /// - Parameters:
    ///   - text: Well-formed UTF-8.
    ///   - range: What to look at; nothing outside it is seen.
    ///   - parseSpecial: Whether special tokens count.
    /// - Returns: Segments in text order that together cover the range.
    func segments(_ text: Span<UInt8>, _ range: Range<Int>, parseSpecial: Bool) -> [Segment] {
        var result: [Segment] = []
        var covered = range.lowerBound
        var index = range.lowerBound
        var spacesEnd = 0
        while index < range.upperBound {
            guard roots[Int(text[index])] >= 0,
                let match = longest(text, index, range.upperBound)
            else {
                index += 1
                continue
            }
            var start = index
            var stop = match.end
            index = match.end
            let added = tokens[match.token]
            if added.isSpecial, !parseSpecial { continue }
            if added.isSingleWord, touchesWord(text, range, start, stop) { continue }
            if added.stripsLeft {
                while start > covered {
                    let before = previousScalar(text, start)
                    guard before >= covered, isSpace(text, before) else { break }
                    start = before
                }
                // white space that an earlier token swallowed is not given twice
                start = max(start, covered)
            }
            if added.stripsRight {
                if stop < spacesEnd {
                    stop = spacesEnd
                } else {
                    while stop < range.upperBound, isSpace(text, stop) {
                        stop += decodeScalar(text, stop).length
                    }
                    spacesEnd = stop
                }
            }
            if covered < start { result.append(Segment(range: covered..<start, token: -1)) }
            result.append(Segment(range: min(start, stop)..<stop, token: match.token))
            covered = stop
        }
        if covered < range.upperBound {
            result.append(Segment(range: covered..<range.upperBound, token: -1))
        }
        return result
    }

    private func touchesWord(
        _ text: Span<UInt8>, _ range: Range<Int>, _ start: Int, _ stop: Int
    ) -> Bool {
        if start > range.lowerBound,
            words.contains(decodeScalar(text, previousScalar(text, start)).value)
        {
            return true
        }
        return stop < range.upperBound && words.contains(decodeScalar(text, stop).value)
    }

    private func isSpace(_ text: Span<UInt8>, _ index: Int) -> Bool {
        let category = classes[Int(decodeScalar(text, index).value)] & 31
        return 1 << UInt32(category) & UnicodeClasses.whiteSpace != 0
    }
}
