/// Page numbers in order of arrival, each at most once; any of them leaves in constant time.
struct LinkedPages: Sendable {
    private static let none: Int32 = -1

    private var before: [Int32]
    private var after: [Int32]
    private var first = Self.none
    private var last = Self.none
    private(set) var count = 0

    /// An empty list that can hold the pages `0..<capacity`.
    init(capacity: Int) {
        before = Array(repeating: Self.none, count: capacity)
        after = Array(repeating: Self.none, count: capacity)
    }

    /// Adds a page that is not in the list.
    mutating func append(_ page: Int32) {
        before[Int(page)] = last
        after[Int(page)] = Self.none
        if last == Self.none { first = page } else { after[Int(last)] = page }
        last = page
        count += 1
    }

    /// Removes a page that is in the list.
    mutating func remove(_ page: Int32) {
        let (previous, next) = (before[Int(page)], after[Int(page)])
        if previous == Self.none { first = next } else { after[Int(previous)] = next }
        if next == Self.none { last = previous } else { before[Int(next)] = previous }
        count -= 1
    }

    /// Removes the page that has been in the list longest.
    mutating func removeFirst() -> Int32? {
        guard first != Self.none else { return nil }
        let page = first
        remove(page)
        return page
    }

    /// All pages, oldest first.
    var pages: [Int32] {
        var result: [Int32] = []
        var page = first
        while page != Self.none {
            result.append(page)
            page = after[Int(page)]
        }
        return result
    }
}
