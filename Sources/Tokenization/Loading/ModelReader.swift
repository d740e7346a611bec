/// The `model` part of `tokenizer.json`, read straight from the bytes.
///
/// Its two large members, a vocabulary and a list of merges, may come in either order and before
/// the model's type, so merges are kept as text until the end.
struct ModelReader {
    private(set) var type: String?
    private(set) var vocabulary: Vocabulary?
    private(set) var options: [(String, JSONNode)] = []
    /// The texts of all merges end to end, and where the left and the right part of each end.
    private var mergeTexts: [UInt8] = []
    private var mergeEnds: [(left: Int32, right: Int32)] = []
    private var hasMerges = false

    /// Merges accepted; more than ten times the most in use.
    static let maximumMergeCount = 1 << 22

    /// Reads the object that the reader stands at.
    mutating func read(_ reader: inout JSONReader) throws(TokenizationError) {
        guard reader.peek() == UInt8(ascii: "{") else {
            throw reader.malformed("an object for model")
        }
        let file = reader.file
        try reader.readObject { (reader, key) throws(TokenizationError) in
            switch (key, reader.peek()) {
            case ("vocab", UInt8(ascii: "{")):
                guard vocabulary == nil else {
                    throw .duplicate(
                        file: file, field: "model", first: "vocab", second: "vocab")
                }
                try readVocabulary(&reader)
            case ("merges", UInt8(ascii: "[")):
                guard !hasMerges else {
                    throw .duplicate(
                        file: file, field: "model", first: "merges", second: "merges")
                }
                hasMerges = true
                try readMerges(&reader)
            case ("type", _):
                let node = JSONField(file: file, name: "model.type", node: try reader.readNode())
                type = try node.string()
            default:
                options.append((key, try reader.readNode()))
            }
        }
    }

    private mutating func readVocabulary(_ reader: inout JSONReader) throws(TokenizationError) {
        // about 28 bytes stand in the file for each token
        var vocabulary = Vocabulary(capacity: min(reader.bytes.count / 24, 1 << 20))
        let file = reader.file
        try reader.expect(UInt8(ascii: "{"))
        if !reader.take(UInt8(ascii: "}")) {
            repeat {
                let start = try vocabulary.appendTail { (arena) throws(TokenizationError) in
                    try reader.appendString(to: &arena)
                }
                try reader.expect(UInt8(ascii: ":"))
                let id = try reader.readInteger("model.vocab")
                try vocabulary.insertTail(from: start, id: id, file: file)
            } while reader.take(UInt8(ascii: ","))
            try reader.expect(UInt8(ascii: "}"))
        }
        self.vocabulary = vocabulary
    }

    private mutating func readMerges(_ reader: inout JSONReader) throws(TokenizationError) {
        try reader.expect(UInt8(ascii: "["))
        if reader.take(UInt8(ascii: "]")) { return }
        var index = 0
        repeat {
            if reader.peek() == UInt8(ascii: "[") {
                try reader.expect(UInt8(ascii: "["))
                try reader.appendString(to: &mergeTexts)
                let middle = mergeTexts.count
                try reader.expect(UInt8(ascii: ","))
                try reader.appendString(to: &mergeTexts)
                try reader.expect(UInt8(ascii: "]"))
                try appendMerge(middle, file: reader.file)
            } else {
                let start = mergeTexts.count
                try reader.appendString(to: &mergeTexts)
                try splitMerge(start, index, file: reader.file)
            }
            index += 1
        } while reader.take(UInt8(ascii: ","))
        try reader.expect(UInt8(ascii: "]"))
    }

    private mutating func appendMerge(_ middle: Int, file: String) throws(TokenizationError) {
        guard mergeEnds.count < Self.maximumMergeCount, mergeTexts.count < Int(Int32.max) else {
            throw .limitExceeded(
                file: file, field: "model.merges", limit: Self.maximumMergeCount,
                found: mergeEnds.count + 1)
        }
        mergeEnds.append((Int32(middle), Int32(mergeTexts.count)))
    }

    /// Takes the space out of a merge in the older form "left right".
    private mutating func splitMerge(
        _ start: Int, _ index: Int, file: String
    ) throws(TokenizationError) {
        // no slice may be held here: removing from a shared array would copy all of it
        var space = -1
        var spaceCount = 0
        for place in start..<mergeTexts.count where mergeTexts[place] == 0x20 {
            space = place
            spaceCount += 1
        }
        if mergeTexts[start...].starts(with: "#version".utf8) {
            mergeTexts.removeSubrange(start...)
            return
        }
        guard spaceCount == 1 else {
            throw .invalidField(
                file: file, field: "model.merges[\(index)]", expected: "two parts and a space",
                found: String(decoding: mergeTexts[start...], as: UTF8.self).quoted)
        }
        mergeTexts.remove(at: space)
        try appendMerge(space, file: file)
    }

    /// Adds merges given as "left right".
    mutating func addMerges(_ merges: [String], file: String) throws(TokenizationError) {
        for (index, merge) in merges.enumerated() {
            let start = mergeTexts.count
            mergeTexts.append(contentsOf: merge.utf8)
            try splitMerge(start, index, file: file)
        }
    }

    /// The table of merges over a vocabulary that must hold every part and every result.
    func mergeTable(_ vocabulary: Vocabulary, file: String) throws(TokenizationError) -> MergeTable
    {
        var table = MergeTable(capacity: mergeEnds.count + 1)
        var start = 0
        let texts = mergeTexts.span
        for (rank, ends) in mergeEnds.enumerated() {
            let middle = Int(ends.left)
            let end = Int(ends.right)
            let left = vocabulary.id(of: texts, start..<middle)
            let right = vocabulary.id(of: texts, middle..<end)
            let result = vocabulary.id(of: texts, start..<end)
            guard left >= 0, right >= 0, result >= 0 else {
                let missing = left < 0 ? start..<middle : right < 0 ? middle..<end : start..<end
                throw .unknownMergeToken(
                    file: file, merge: rank,
                    token: String(decoding: mergeTexts[missing], as: UTF8.self).quoted)
            }
            table.insert(left: left, right: right, rank: rank, result: result)
            start = end
        }
        return table
    }
}
