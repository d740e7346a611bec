/// Pairs waiting to be merged: the most frequent first, of equally frequent ones the one with the
/// smallest ids.
///
/// A binary heap. Entries are not corrected when a count falls: whoever takes one compares its
/// count with the count of the day and puts it back when they differ.
struct PairQueue {
    /// Two ids in one integer, so that pairs are in the order of their left, then their right ids.
    struct Pair: Hashable {
        private let key: UInt64

        init(_ left: Int32, _ right: Int32) {
            key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        }

        var left: Int32 { Int32(truncatingIfNeeded: key >> 32) }
        var right: Int32 { Int32(truncatingIfNeeded: key) }

        static func < (one: Pair, other: Pair) -> Bool { one.key < other.key }
    }

    /// A pair, how often it occurred when it was put here, and what its owner calls it.
    struct Entry {
        var pair: Pair
        var count: Int
        var number: Int

        func goesBefore(_ other: Entry) -> Bool {
            count == other.count ? pair < other.pair : count > other.count
        }
    }

    private var entries: [Entry] = []

    mutating func insert(_ entry: Entry) {
        var index = entries.count
        entries.append(entry)
        while index > 0 {
            let parent = (index - 1) / 2
            guard entry.goesBefore(entries[parent]) else { break }
            entries[index] = entries[parent]
            index = parent
        }
        entries[index] = entry
    }

    mutating func removeFirst() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        var index = 0
        while true {
            var child = index * 2 + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].goesBefore(entries[child]) {
                child += 1
            }
            guard entries[child].goesBefore(last) else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = last
        return first
    }
}
