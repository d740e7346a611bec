/// Numbers that follow from a seed alone, the same in every release of the language.
///
/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). The
/// draws are written out here because the standard library may change how it maps bits to ranges,
/// and problem sets and samples must not change with it.
public struct RandomSource: Sendable {
    private var state: UInt64

    /// The sequence of a seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// The sequence of one item among the many of a seed, independent of the other items'.
    ///
    /// - Parameters:
    ///   - seed: What all items follow from.
    ///   - purpose: What the items are: two kinds of one seed have nothing in common.
    ///   - index: Which of them.
    public init(seed: UInt64, purpose: String, index: UInt64) {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(purpose)
        hash.combine(index)
        state = hash.value
    }

    /// The next 64 bits.
    public mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A uniform number of a range.
    public mutating func number(in range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        // Bits beyond the last whole multiple of the width would favour small numbers.
        let limit = UInt64.max - UInt64.max % width
        var drawn = bits()
        while drawn >= limit { drawn = bits() }
        return range.lowerBound + Int(drawn % width)
    }

    /// A uniform element; the list must not be empty.
    public mutating func element<Element>(of list: [Element]) -> Element {
        list[number(in: 0...(list.count - 1))]
    }

    /// True so many times in a hundred.
    public mutating func happens(percent: Int) -> Bool {
        number(in: 0...99) < percent
    }

    /// The list in a random order (Fisher and Yates).
    public mutating func shuffled<Element>(_ list: [Element]) -> [Element] {
        var list = list
        for index in list.indices.dropFirst().reversed() {
            list.swapAt(index, number(in: 0...index))
        }
        return list
    }

    /// The finaliser of SplitMix64.
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
