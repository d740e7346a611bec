/// Which two neighbouring tokens become which token, and how soon.
///
/// An open-addressed table of pairs; the key of a pair is its left id above its right id.
struct MergeTable: Sendable {
    /// Answer for a pair that never merges; above every rank.
    static let none = UInt64.max

    /// Key and value of each slot, side by side so that a look-up touches one cache line.
    private var slots: [UInt64]
    private var mask: Int
    private(set) var count = 0
    private let seed = UInt64.random(in: .min ... .max)

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt64](repeating: Self.none, count: size * 2)
        mask = size - 1
    }

    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        let product = (key ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: product.high ^ product.low) & mask
    }

    /// Sets what `left` and `right` become; the last setting of a pair holds.
    mutating func insert(left: Int32, right: Int32, rank: Int, result: Int32) {
        precondition(left >= 0 && right >= 0 && result >= 0, "ids come from a vocabulary")
        precondition((count + 1) * 2 <= mask + 1, "the table was sized for its merges")
        let key = UInt64(UInt32(left)) << 32 | UInt64(UInt32(right))
        var index = slot(key)
        while slots[index * 2] != Self.none, slots[index * 2] != key { index = (index + 1) & mask }
        if slots[index * 2] == Self.none { count += 1 }
        slots[index * 2] = key
        slots[index * 2 + 1] = UInt64(rank) << 32 | UInt64(UInt32(result))
    }

    /// Rank in the upper and result in the lower half, ``none`` when the pair never merges.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> UInt64 {
        let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        var index = slot(key)
        while true {
            let found = slots[index * 2]
            if found == key { return slots[index * 2 + 1] }
            if found == Self.none { return Self.none }
            index = (index + 1) & mask
        }
    }
}
