import Synchronization

/// The ids of pieces met before, so that frequent words are merged once.
///
/// Bounded: when it is full it forgets everything and begins anew.
struct PieceCache {
    /// Longer pieces are rare, and not kept.
    static let maximumPieceLength = 48
    private static let maximumSlotCount = 1 << 16

    private struct Slot {
        var hash: UInt64 = 0
        var key: Int32 = 0
        var ids: Int32 = 0
        var keyLength: UInt16 = 0
        var idCount: UInt16 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 1 << 12)
    private var keys: [UInt8] = []
    private var values: [Int32] = []
    private var count = 0
    private let seed = UInt64.random(in: .min ... .max)

    /// The keyed hash of a piece, never 0.
    @inline(__always)
    func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        Tokenization.hash(text, range, seed: seed) | 1
    }

    /// Appends the ids of a known piece and says whether it was known.
    @inline(__always)
    func append(
        _ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64, to ids: inout [Int32]
    ) -> Bool {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: hash >> 1) & mask
        while slots[index].hash != 0 {
            let slot = slots[index]
            if slot.hash == hash, Int(slot.keyLength) == range.count,
                matches(text, range.lowerBound, Int(slot.key), range.count)
            {
                for offset in 0..<Int(slot.idCount) { ids.append(values[Int(slot.ids) + offset]) }
                return true
            }
            index = (index + 1) & mask
        }
        return false
    }

    @inline(__always)
    private func matches(_ text: Span<UInt8>, _ start: Int, _ key: Int, _ count: Int) -> Bool {
        for index in 0..<count where text[start + index] != keys[key + index] { return false }
        return true
    }

    /// Keeps the ids of a piece that was not known.
    mutating func insert(
        _ text: Span<UInt8>, _ range: Range<Int>, hash: UInt64, ids: ArraySlice<Int32>
    ) {
        if (count + 1) * 2 > slots.count { grow() }
        var slot = Slot()
        slot.hash = hash
        slot.key = Int32(keys.count)
        slot.keyLength = UInt16(range.count)
        slot.ids = Int32(values.count)
        slot.idCount = UInt16(ids.count)
        for index in range { keys.append(text[index]) }
        values.append(contentsOf: ids)
        place(slot)
        count += 1
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: slot.hash >> 1) & mask
        while slots[index].hash != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    private mutating func grow() {
        let old = slots
        if old.count == Self.maximumSlotCount {
            slots = [Slot](repeating: Slot(), count: old.count)
            keys.removeAll(keepingCapacity: true)
            values.removeAll(keepingCapacity: true)
            count = 0
            return
        }
        slots = [Slot](repeating: Slot(), count: old.count * 2)
        for slot in old where slot.hash != 0 { place(slot) }
    }
}

/// Lends one cache at a time: concurrent encodings never wait for each other, a second one just
/// starts with an empty cache.
final class PieceCacheShelf: Sendable {
    private let cache = Mutex<PieceCache?>(nil)

    func take() -> PieceCache {
        cache.withLock { cache in
            defer { cache = nil }
            return cache ?? PieceCache()
        }
    }

    func put(_ used: consuming PieceCache) {
        let used = used
        cache.withLock { $0 = used }
    }
}
