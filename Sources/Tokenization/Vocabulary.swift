/// The tokens of a model as text, each with its id: one arena of UTF-8 and a hash index into it.
///
/// Ids may leave holes; two tokens never share an id nor two ids a token.
struct Vocabulary: Sendable {
    /// One past the largest id accepted; twelve times the largest vocabulary in use.
    static let maximumIDCount = 1 << 22
    /// Bytes accepted in one token.
    static let maximumTokenLength = 1 << 16

    private(set) var arena: [UInt8] = []
    /// Where the token of each id starts in the arena; -1 in a hole.
    private var starts: [Int32] = []
    private var lengths: [Int32] = []
    /// Ids in an open-addressed table of power-of-two size, -1 where empty.
    private var slots: [Int32] = []
    private(set) var count = 0
    private let seed = UInt64.random(in: .min ... .max)

    /// One past the largest id.
    var idCount: Int { starts.count }

    init(capacity: Int = 1024) {
        var size = 1024
        while size < capacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
    }

    /// Appends text to the arena without naming it yet; finish with ``insertTail(from:id:file:)``.
    mutating func appendTail(
        _ write: (inout [UInt8]) throws(TokenizationError) -> Void
    ) throws(TokenizationError) -> Int {
        let start = arena.count
        try write(&arena)
        return start
    }

    /// Gives the arena's bytes from `start` on the id `id`.
    mutating func insertTail(from start: Int, id: Int, file: String) throws(TokenizationError) {
        guard id >= 0, id < Self.maximumIDCount else {
            throw .invalidField(
                file: file, field: "id of token \(text(start..<arena.count).quoted)",
                expected: "an integer from 0 to \(Self.maximumIDCount - 1)", found: "\(id)")
        }
        guard arena.count - start <= Self.maximumTokenLength, arena.count < Int(Int32.max) else {
            throw .limitExceeded(
                file: file, field: "length of token \(id)", limit: Self.maximumTokenLength,
                found: arena.count - start)
        }
        if id >= starts.count {
            let missing = id + 1 - starts.count
            starts.append(contentsOf: repeatElement(-1, count: missing))
            lengths.append(contentsOf: repeatElement(0, count: missing))
        }
        guard starts[id] < 0 else {
            throw .duplicate(
                file: file, field: "vocabulary",
                first: "id \(id) of \((token(Int32(id)) ?? "").quoted)",
                second: "id \(id) of \(text(start..<arena.count).quoted)")
        }
        if (count + 1) * 2 > slots.count { grow() }
        let slot = find(arena.span, start..<arena.count)
        guard slots[slot] < 0 else {
            throw .duplicate(
                file: file, field: "vocabulary",
                first: "token \(text(start..<arena.count).quoted) with id \(slots[slot])",
                second: "the same with id \(id)")
        }
        slots[slot] = Int32(id)
        starts[id] = Int32(start)
        lengths[id] = Int32(arena.count - start)
        count += 1
    }

    mutating func insert(_ token: String, id: Int, file: String) throws(TokenizationError) {
        let start = arena.count
        arena.append(contentsOf: token.utf8)
        try insertTail(from: start, id: id, file: file)
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for id in starts.indices where starts[id] >= 0 {
            slots[find(arena.span, range(id))] = Int32(id)
        }
    }

    private func range(_ id: Int) -> Range<Int> {
        Int(starts[id])..<Int(starts[id]) + Int(lengths[id])
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: arena[range], as: UTF8.self)
    }

    /// The slot that holds the token with these bytes, or the empty one where it belongs.
    private func find(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash(bytes, range, seed: seed)) & mask
        while true {
            let id = slots[slot]
            if id < 0 { return slot }
            if Int(lengths[Int(id)]) == range.count,
                matches(bytes, range.lowerBound, Int(starts[Int(id)]), range.count)
            {
                return slot
            }
            slot = (slot + 1) & mask
        }
    }

    private func matches(_ bytes: Span<UInt8>, _ start: Int, _ other: Int, _ count: Int) -> Bool {
        for index in 0..<count where bytes[start + index] != arena[other + index] { return false }
        return true
    }

    /// The id of the token with exactly these bytes, -1 when there is none.
    func id(of bytes: Span<UInt8>, _ range: Range<Int>) -> Int32 {
        slots[find(bytes, range)]
    }

    /// The id of a token, `nil` when the vocabulary has none such.
    func id(of token: String) -> Int32? {
        let bytes = Array(token.utf8)
        let found = id(of: bytes.span, 0..<bytes.count)
        return found < 0 ? nil : found
    }

    /// Where the bytes of a token lie in the arena; `nil` outside the vocabulary and in holes.
    func bytesRange(of id: Int32) -> Range<Int>? {
        guard id >= 0, Int(id) < starts.count, starts[Int(id)] >= 0 else { return nil }
        return range(Int(id))
    }

    /// The text of a token; `nil` outside the vocabulary and in holes.
    func token(_ id: Int32) -> String? {
        bytesRange(of: id).map(text)
    }
}

/// A keyed hash of bytes; the key keeps hostile vocabularies and texts from choosing collisions.
@inline(__always)
func hash(_ bytes: Span<UInt8>, _ range: Range<Int>, seed: UInt64) -> UInt64 {
    var state = seed ^ UInt64(truncatingIfNeeded: range.count)
    var index = range.lowerBound
    let end = range.upperBound
    while index + 8 <= end {
        var word: UInt64 = 0
        for shift in 0..<8 { word |= UInt64(bytes[index + shift]) << UInt64(shift * 8) }
        state = fold(state ^ word)
        index += 8
    }
    var word: UInt64 = 0
    while index < end {
        word = word << 8 | UInt64(bytes[index])
        index += 1
    }
    return fold(state ^ word)
}

@inline(__always)
private func fold(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
}
