/// A set of Unicode code points that texts have: surrogates are never among them.
struct CodePointSet: Sendable, Hashable {
    /// Its code points, in order, with a gap between any two ranges.
    private(set) var ranges: [ClosedRange<UInt32>]

    /// Every code point of a text.
    static let all = CodePointSet([0...0x10FFFF])

    /// The code points of `ranges`, which may overlap and come in any order.
    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.flatMap(Self.withoutSurrogates).sorted(by: Self.precedes) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// The characters of `text`.
    init(of text: String) {
        self.init(text.unicodeScalars.map { $0.value...$0.value })
    }

    var isEmpty: Bool { ranges.isEmpty }

    /// All others.
    var inverted: CodePointSet {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if next < range.lowerBound { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return CodePointSet(gaps)
    }

    /// Those of either set.
    func union(_ other: CodePointSet) -> CodePointSet { CodePointSet(ranges + other.ranges) }

    /// Those of both sets.
    func intersection(_ other: CodePointSet) -> CodePointSet {
        var common: [ClosedRange<UInt32>] = []
        var (mine, theirs) = (ranges[...], other.ranges[...])
        while let one = mine.first, let two = theirs.first {
            if one.overlaps(two) { common.append(one.clamped(to: two)) }
            if one.upperBound < two.upperBound { mine.removeFirst() } else { theirs.removeFirst() }
        }
        return CodePointSet(common)
    }

    private static func precedes(
        _ one: ClosedRange<UInt32>, _ other: ClosedRange<UInt32>
    ) -> Bool {
        one.lowerBound < other.lowerBound
    }

    private static func withoutSurrogates(
        _ range: ClosedRange<UInt32>
    ) -> [ClosedRange<UInt32>] {
        [0...0xD7FF, 0xE000...0x10FFFF].filter(range.overlaps).map { range.clamped(to: $0) }
    }
}
