/// Passes over a row of logits, eight lanes at a time.
///
/// Every pass treats NaN as minus infinity, so that a broken model yields a bad token and not a
/// broken server: comparisons are written so that NaN fails them. Every sum has a fixed order.
enum LogitScan {
    typealias Lanes = SIMD8<Float>
    static let laneCount = 8

    /// Vectors that cover `count` values.
    static func vectorCount(for count: Int) -> Int {
        (count + laneCount - 1) / laneCount
    }

    /// Values `[index * 8, index * 8 + 8)`, those past the end being minus infinity.
    @inline(__always)
    static func lanes(_ row: Span<Float>, at index: Int) -> Lanes {
        let start = index * laneCount
        var lanes = Lanes(repeating: -.infinity)
        if start + laneCount <= row.count {
            // Unaligned and checked against the row's end; any bit pattern is a Float.
            lanes = unsafe row.bytes.unsafeLoadUnaligned(
                fromByteOffset: start * MemoryLayout<Float>.size, as: Lanes.self)
        } else {
            for offset in 0..<(row.count - start) { lanes[offset] = row[start + offset] }
        }
        return lanes
    }

    /// The largest value; minus infinity if there is none above.
    static func maximum(_ row: Span<Float>) -> Float {
        var best = Lanes(repeating: -.infinity)
        for index in 0..<vectorCount(for: row.count) {
            let lanes = lanes(row, at: index)
            best.replace(with: lanes, where: lanes .> best)
        }
        return best.max()
    }

    /// The lowest index of the largest value; 0 if nothing is above minus infinity.
    static func indexOfMaximum(_ row: Span<Float>) -> Int {
        // One pass finds the maximum of each stretch; only the winner's stretch is read again.
        let stretch = 128
        let vectors = vectorCount(for: row.count)
        var best = -Float.infinity
        var bestStart = 0
        var start = 0
        while start < vectors {
            var lanesBest = Lanes(repeating: -.infinity)
            for index in start..<min(start + stretch, vectors) {
                let lanes = lanes(row, at: index)
                lanesBest.replace(with: lanes, where: lanes .> lanesBest)
            }
            let stretchBest = lanesBest.max()
            if stretchBest > best { (best, bestStart) = (stretchBest, start) }
            start += stretch
        }
        for index in (bestStart * laneCount)..<row.count where row[index] == best {
            return index
        }
        return 0
    }

    /// e to the power of `x`, for `x <= 0`, within 3e-7 of itself; 0 below -87 and for NaN.
    ///
    /// Cody and Waite's reduction and the Cephes polynomial, written out so that every platform
    /// draws the same tokens.
    @inline(__always)
    static func exp(_ x: Lanes) -> Lanes {
        let floor = Lanes(repeating: -87)
        let bounded = x.replacing(with: floor, where: x .< floor)
        // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
        let shift = Lanes(repeating: 12_582_912)
        let shifted = bounded * 1.442_695_04 + shift
        let n = shifted - shift
        let r = bounded - n * 0.693_359_375 + n * 2.121_944_4e-4
        var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
        p = p * r + 8.333_451_9e-3
        p = p * r + 4.166_579_6e-2
        p = p * r + 1.666_666_55e-1
        p = p * r + 5.000_000_1e-1
        let mantissa = p * (r * r) + r + 1
        // The same 32 bytes, read as integers and back.
        let bits = unsafe unsafeBitCast(shifted, to: SIMD8<Int32>.self)
        let scaleBits = (bits &<< 23) &+ SIMD8<Int32>(repeating: 0x3f80_0000)
        let scale = unsafe unsafeBitCast(scaleBits, to: Lanes.self)
        // Asked this way round, NaN gives 0 too.
        return Lanes(repeating: 0).replacing(with: mantissa * scale, where: x .>= floor)
    }

    /// What each value weighs beside the largest: `exp((value - maximum) / temperature)`.
    ///
    /// An infinite maximum leaves no room for others: its equals weigh 1, the rest nothing.
    @inline(__always)
    static func weights(_ lanes: Lanes, maximum: Float, temperature: Float) -> Lanes {
        guard maximum.isFinite else {
            return Lanes(repeating: 0).replacing(with: 1, where: lanes .== maximum)
        }
        return exp((lanes - maximum) / temperature)
    }
}
