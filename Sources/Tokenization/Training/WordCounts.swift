/// How often each distinct word occurs, in the order of first occurrence.
///
/// The words lie end to end in one array and are found by an open-addressed table, so that a word
/// seen before costs no allocation.
struct WordCounts: Sendable {
    /// The bytes of all words, end to end.
    private(set) var bytes: [UInt8] = []
    /// Where each word ends in ``bytes``.
    private(set) var ends: [Int] = []
    /// How often each word occurs.
    private(set) var counts: [Int] = []
    /// Indices of words, -1 where free; at most half are taken.
    private var slots = [Int32](repeating: -1, count: 1 << 10)
    private let seed = UInt64.random(in: .min ... .max)

    /// Where a word lies in ``bytes``.
    func range(_ word: Int) -> Range<Int> {
        (word == 0 ? 0 : ends[word - 1])..<ends[word]
    }

    /// Counts the word `text[range]`.
    mutating func add(_ text: Span<UInt8>, _ range: Range<Int>) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash(text, range, seed: seed)) & mask
        while slots[slot] >= 0 {
            let word = Int(slots[slot])
            if matches(word, text, range) {
                counts[word] += 1
                return
            }
            slot = (slot + 1) & mask
        }
        precondition(counts.count < Int(Int32.max) / 2, "words are named by 32-bit integers")
        slots[slot] = Int32(counts.count)
        for index in range { bytes.append(text[index]) }
        ends.append(bytes.count)
        counts.append(1)
        if counts.count * 2 > slots.count { grow() }
    }

    private func matches(_ word: Int, _ text: Span<UInt8>, _ range: Range<Int>) -> Bool {
        let known = self.range(word)
        guard known.count == range.count else { return false }
        for offset in 0..<range.count
        where bytes[known.lowerBound + offset] != text[range.lowerBound + offset] {
            return false
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for word in counts.indices {
            var slot = Int(truncatingIfNeeded: hash(bytes.span, range(word), seed: seed)) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(word)
        }
    }
}
