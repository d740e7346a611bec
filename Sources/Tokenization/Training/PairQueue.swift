/// Pairs waiting to be merged: the most frequent first, of equally frequent ones the one with the
/// smallest ids.
///
/// A binary heap. Entries are not corrected when a count falls: whoever takes one compares its
/// count with the count of the day and puts it back when they differ.
struct PairQueue {
    /// A pair, how often it occurred when it was put here, and in which words to look for it.
    struct Entry {
        var pair: UInt64
        var count: Int
        /// Names a list that the owner of the queue keeps.
        var place: Int
    }

    private var entries: [Entry] = []

    mutating func insert(_ entry: Entry) {
        var index = entries.count
        entries.append(entry)
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.goesFirst(entry, before: entries[parent]) else { break }
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
            if child + 1 < entries.count,
                Self.goesFirst(entries[child + 1], before: entries[child])
            {
                child += 1
            }
            guard Self.goesFirst(entries[child], before: last) else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = last
        return first
    }

    /// One pair may wait twice, with different words; the older list names the earlier one, so
    /// that the order never depends on the shape of the heap.
    private static func goesFirst(_ one: Entry, before other: Entry) -> Bool {
        if one.count != other.count { return one.count > other.count }
        if one.pair != other.pair { return one.pair < other.pair }
        return one.place < other.place
    }
}
