/// A binary heap of moments: the earliest is found at once, any is added in logarithmic time.
struct TimerQueue<Element> {
    typealias Instant = ContinuousClock.Instant

    private var entries: [(moment: Instant, element: Element)] = []

    /// How many entries wait.
    var count: Int { entries.count }

    /// The earliest moment.
    var next: Instant? { entries.first?.moment }

    /// Adds an entry.
    mutating func insert(_ element: Element, at moment: Instant) {
        entries.append((moment, element))
        siftUp(entries.count - 1)
    }

    /// Takes the earliest entry out if its moment has come.
    mutating func popDue(_ now: Instant) -> Element? {
        guard let first = entries.first, first.moment <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        siftDown(0)
        return first.element
    }

    /// Drops the entries that `isAlive` refuses.
    mutating func prune(where isAlive: (Element) -> Bool) {
        entries = entries.filter { isAlive($0.element) }
        // A sorted array is a heap.
        entries.sort { $0.moment < $1.moment }
    }

    private mutating func siftUp(_ start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard entries[index].moment < entries[parent].moment else { return }
            entries.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var index = start
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < entries.count && entries[child].moment < entries[least].moment {
                least = child
            }
            guard least != index else { return }
            entries.swapAt(index, least)
            index = least
        }
    }
}
