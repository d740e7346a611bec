/// The tokens of a vocabulary by their bytes, laid out for one walk over all of them.
///
/// Nodes are in preorder; a walk that leaves a node out goes on at its `end`:
///
///     "a"(end 3) "an"(end 3) … "b"(end 5) …
public struct VocabularyTrie: Sendable {
    struct Node: Sendable {
        let byte: UInt8
        /// Bytes from the root, this one included.
        let depth: UInt16
        /// The node behind everything below this one.
        var end: Int32
        /// The tokens that end here, as positions in `ids`.
        var tokens: Range<Int32>
    }

    private(set) var nodes: [Node] = []
    private(set) var ids: [Int32] = []
    /// Ids are below it.
    public let vocabularySize: Int
    /// Length of the longest token in bytes.
    private(set) var height = 0
    /// Each token's bytes; none for one that no text has.
    private let texts: [[UInt8]]
    /// The bytes that are a token by themselves.
    let singles: Set<UInt8>

    /// Reads every token.
    ///
    /// - Parameters:
    ///   - vocabularySize: Ids are below it.
    ///   - bytes: A token's bytes in a text; none for one that is no part of texts.
    public init(vocabularySize: Int, bytes: (Int32) -> [UInt8]) {
        self.vocabularySize = vocabularySize
        texts = (0..<Int32(vocabularySize)).map(bytes)
        singles = Set(texts.filter { $0.count == 1 }.map { $0[0] })
        let texts = texts
        let sorted = texts.indices.filter { !texts[$0].isEmpty && texts[$0].count < 1 << 12 }
            .sorted { texts[$0].lexicographicallyPrecedes(texts[$1]) }
        var path: [Int] = []
        var previous: [UInt8] = []
        for id in sorted {
            let text = texts[id]
            let shared = zip(text, previous).prefix { $0 == $1 }.count
            while path.count > shared { nodes[path.removeLast()].end = Int32(nodes.count) }
            for (position, byte) in text.enumerated().dropFirst(shared) {
                path.append(nodes.count)
                let start = Int32(ids.count)
                nodes.append(
                    Node(byte: byte, depth: UInt16(position + 1), end: 0, tokens: start..<start))
            }
            ids.append(Int32(id))
            if let last = path.last {
                nodes[last].tokens = nodes[last].tokens.lowerBound..<Int32(ids.count)
            }
            height = max(height, text.count)
            previous = text
        }
        while let last = path.popLast() { nodes[last].end = Int32(nodes.count) }
    }

    /// The bytes of a token.
    func bytes(of id: Int32) -> [UInt8] {
        texts.indices.contains(Int(id)) ? texts[Int(id)] : []
    }

    /// A byte of JSON's that no token is by itself, if there is one: texts could get stuck then.
    ///
    /// The bytes of UTF-8 are among them: a code point that was begun has to be finished.
    public var missingByte: UInt8? {
        let needed = [0x0A] + Array(UInt8(0x20)...0x7E) + Array(UInt8(0x80)...0xBF)
        return needed.first { !singles.contains($0) }
    }
}
