/// The tokens that survive the cuts, chosen without sorting the vocabulary.
///
/// A candidate is one integer: its logit in the upper half, mapped so that integers compare as
/// the logits do, and the complement of its id in the lower half. So keys are distinct, the
/// larger key is the likelier token, and of equals the lower id.
struct CandidateSelection: Sendable {
    /// The candidates, in no order that matters but always the same for the same input.
    private(set) var keys: [UInt64] = []

    /// The key of token `id`, whose logit is no NaN.
    @inline(__always)
    static func key(logit: Float, id: Int) -> UInt64 {
        // Adding 0 makes -0 equal to 0 in its bits too.
        let bits = (logit + 0).bitPattern
        let ordered = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
        return UInt64(ordered) << 32 | UInt64(~UInt32(truncatingIfNeeded: id))
    }

    /// The token of a key.
    @inline(__always)
    static func id(_ key: UInt64) -> Int {
        Int(~UInt32(truncatingIfNeeded: key))
    }

    /// Takes the `count` likeliest tokens of a row, fewer if the row is shorter or holds NaN.
    mutating func takeTop(_ count: Int, of row: Span<Float>) {
        keys.removeAll(keepingCapacity: true)
        guard count > 0 else { return }
        // Room for as many again means that cutting back costs O(1) per token added.
        let room = count > row.count / 2 ? row.count + 1 : 2 * count + 256
        var threshold = -Float.infinity
        var thresholdKey: UInt64 = 0
        for vector in 0..<LogitScan.vectorCount(for: row.count) {
            let lanes = LogitScan.lanes(row, at: vector)
            guard any(lanes .>= threshold) else { continue }
            let start = vector * LogitScan.laneCount
            for offset in 0..<min(LogitScan.laneCount, row.count - start) {
                guard lanes[offset] >= threshold else { continue }
                let key = Self.key(logit: lanes[offset], id: start + offset)
                guard key > thresholdKey else { continue }
                keys.append(key)
            }
            if keys.count >= room {
                cut(reaching: Double(count)) { _ in 1 }
                thresholdKey = keys.min() ?? 0
                threshold = row[Self.id(thresholdKey)]
            }
        }
        cut(reaching: Double(count)) { _ in 1 }
    }

    /// Takes every token whose weight is positive and at least `floor`.
    mutating func takeAll(above floor: Float, weights: [LogitScan.Lanes], of row: Span<Float>) {
        keys.removeAll(keepingCapacity: true)
        let least = max(floor, .leastNonzeroMagnitude)
        for vector in 0..<LogitScan.vectorCount(for: row.count) {
            let lanes = weights[vector]
            guard any(lanes .>= least) else { continue }
            let start = vector * LogitScan.laneCount
            for offset in 0..<min(LogitScan.laneCount, row.count - start)
            where lanes[offset] >= least {
                keys.append(Self.key(logit: row[start + offset], id: start + offset))
            }
        }
    }

    /// Drops the candidates that `isKept` refuses.
    mutating func filter(_ isKept: (Int) -> Bool) {
        keys.removeAll { !isKept(Self.id($0)) }
    }

    /// Keeps the likeliest candidates, as few as reach `target` in weight; all if none do.
    ///
    /// Quickselect by weight instead of rank: linear on average.
    mutating func cut(reaching target: Double, weight: (Int) -> Double) {
        var (low, high) = (0, keys.count)
        var reached = 0.0
        var rounds = 0
        // [0, low) is kept and weighs `reached`; [high, count) is dropped.
        while high - low > 24 && rounds < 96 {
            rounds += 1
            let pivot = Self.median(keys[low], keys[(low + high) / 2], keys[high - 1])
            var middle = low
            var pivotIndex = low
            for index in low..<high {
                if keys[index] > pivot {
                    keys.swapAt(index, middle)
                    if pivotIndex == middle { pivotIndex = index }
                    middle += 1
                } else if keys[index] == pivot {
                    pivotIndex = index
                }
            }
            keys.swapAt(middle, pivotIndex)
            var above = 0.0
            for index in low..<middle { above += weight(Self.id(keys[index])) }
            if reached + above >= target {
                high = middle
            } else {
                reached += above + weight(Self.id(pivot))
                low = middle + 1
                if reached >= target { high = low }
            }
        }
        // A handful is left, or the input defeats the pivots and sorting bounds the damage.
        keys[low..<high].sort(by: >)
        while low < high && reached < target {
            reached += weight(Self.id(keys[low]))
            low += 1
        }
        keys.removeSubrange(low...)
    }

    /// The candidates' tokens, likeliest first.
    func sortedIDs() -> [Int] {
        keys.sorted(by: >).map(Self.id)
    }

    private static func median(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        max(min(a, b), min(max(a, b), c))
    }
}
