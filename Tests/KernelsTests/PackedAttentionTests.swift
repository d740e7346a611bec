import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct PackedAttentionTests {
    /// Everything that an attention and its gradient write.
    struct Results {
        let out: FloatMatrix
        let logSums: FloatMatrix
        let gradient: FloatMatrix

        /// Runs both; rows of no sequence keep a mark.
        init(
            _ context: KernelContext, _ shape: PackedAttention, rows: Int, projected: [Float],
            outGradient: [Float]
        ) {
            let queryWidth = shape.headCount * shape.headSize
            let width = queryWidth + 2 * shape.keyValueHeadCount * shape.headSize
            func marked(_ columns: Int) -> FloatMatrix {
                FloatMatrix(
                    [Float](repeating: 77, count: rows * columns), rows: rows, columns: columns)
            }
            let input = FloatMatrix(projected, rows: rows, columns: width)
            (out, logSums, gradient) = (marked(queryWidth), marked(shape.headCount), marked(width))
            context.attention(input, shape, into: out, logSums: logSums)
            context.attentionBackward(
                input, shape, out: out, logSums: logSums,
                outGradient: FloatMatrix(outGradient, rows: rows, columns: queryWidth),
                into: gradient)
        }

        var bits: [UInt32] { out.bits + logSums.bits + gradient.bits }
    }

    static func shape(
        lengths: [Int], heads: (Int, Int), headSize: Int, window: Int?, gap: Int = 0
    ) -> (shape: PackedAttention, rows: Int) {
        var (sequences, end) = ([Range<Int>](), gap)
        for length in lengths {
            sequences.append(end..<end + length)
            end += length + gap
        }
        let shape = PackedAttention(
            sequences: sequences, headCount: heads.0, keyValueHeadCount: heads.1,
            headSize: headSize, scale: 1 / Float(headSize).squareRoot(), window: window)
        return (shape, end)
    }

    @Test(arguments: [16, 32, 64, 128, 1, 12])
    func `every instruction set and number of threads returns the plain bits`(
        headSize: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(headSize))
        for (lengths, heads, window) in [
            ([1], (1, 1), nil), ([1, 2, 3], (2, 1), 1), ([15, 16, 17], (4, 2), nil),
            ([23, 24, 25], (3, 1), 7), ([49, 1, 48], (2, 2), 16), ([73], (2, 1), 24),
            ([100], (1, 1), 1000), ([33, 64], (6, 2), 33),
        ] as [([Int], (Int, Int), Int?)] {
            let (shape, rows) = Self.shape(
                lengths: lengths, heads: heads, headSize: headSize, window: window, gap: 1)
            let width = (heads.0 + 2 * heads.1) * headSize
            let projected = generator.floats(rows * width)
            let outGradient = generator.floats(rows * heads.0 * headSize)
            try expectSameBits("\(lengths), \(heads), window \(window ?? 0)") { context in
                let results = Results(
                    context, shape, rows: rows, projected: projected, outGradient: outGradient)
                #expect(results.gradient.row(0).allSatisfy { $0 == 77 }, "between sequences")
                return results.bits
            }
        }
    }

    @Test func `a sequence's result does not depend on its neighbours`() throws {
        var generator = SeededGenerator(seed: 20)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let (lengths, width, queryWidth) = ([40, 1, 61], 6 * 16, 4 * 16)
        let (packed, rows) = Self.shape(
            lengths: lengths, heads: (4, 1), headSize: 16, window: 19)
        let projected = generator.floats(rows * width)
        let outGradient = generator.floats(rows * queryWidth)
        let whole = Results(
            context, packed, rows: rows, projected: projected, outGradient: outGradient)
        for sequence in packed.sequences {
            let (alone, count) = Self.shape(
                lengths: [sequence.count], heads: (4, 1), headSize: 16, window: 19)
            let part = Results(
                context, alone, rows: count,
                projected: Array(
                    projected[sequence.lowerBound * width..<sequence.upperBound * width]),
                outGradient: Array(
                    outGradient[
                        sequence.lowerBound * queryWidth..<sequence.upperBound * queryWidth]))
            for row in sequence {
                let local = row - sequence.lowerBound
                #expect(whole.out.row(row) == part.out.row(local))
                #expect(whole.gradient.row(row) == part.gradient.row(local))
            }
        }
    }

    @Test func `what a position gathers ignores later keys and keys outside of the window`() throws
    {
        var generator = SeededGenerator(seed: 21)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let (shape, rows) = Self.shape(lengths: [60], heads: (1, 1), headSize: 16, window: 9)
        var projected = generator.floats(rows * 48)
        let outGradient = generator.floats(rows * 16)
        let before = Results(
            context, shape, rows: rows, projected: projected, outGradient: outGradient)
        for column in 16..<48 { projected[30 * 48 + column] += 3 }
        let after = Results(
            context, shape, rows: rows, projected: projected, outGradient: outGradient)
        for row in 0..<rows {
            let sees = row >= 30 && row < 39
            #expect((before.out.row(row) != after.out.row(row)) == sees, "row \(row)")
        }
    }

    @Test(arguments: [nil, 3])
    func `the gradient is the slope of attention in double precision`(window: Int?) throws {
        var generator = SeededGenerator(seed: 22)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let (shape, rows) = Self.shape(
            lengths: [9, 1, 4], heads: (4, 2), headSize: 2, window: window)
        let projected = generator.floats(rows * 16)
        let outGradient = generator.floats(rows * 8)
        let results = Results(
            context, shape, rows: rows, projected: projected, outGradient: outGradient)
        let exact = Self.attention(projected.map(Double.init), shape)
        // measured: 2.2e-7 and 3.3e-7
        expectClose(results.out.floats(), exact, tolerance: 1e-6, "values")
        let expected = slopes(
            of: { point in
                zip(Self.attention(point, shape), outGradient).reduce(0) {
                    $0 + $1.0 * Double($1.1)
                }
            }, at: projected.map(Double.init))
        expectClose(results.gradient.floats(), expected, tolerance: 1e-6, "gradient")
    }

    /// What attention gathers, `[rows, headCount * headSize]`, written as its definition reads.
    static func attention(_ x: [Double], _ shape: PackedAttention) -> [Double] {
        let (heads, groups, size) = (shape.headCount, shape.keyValueHeadCount, shape.headSize)
        let width = (heads + 2 * groups) * size
        var out: [Double] = []
        for sequence in shape.sequences {
            for row in sequence {
                for head in 0..<heads {
                    let (query, group) = (row * width + head * size, head / (heads / groups))
                    let start = max(sequence.lowerBound, row + 1 - (shape.window ?? row + 1))
                    let scores = (start...row).map { key in
                        let at = key * width + (heads + group) * size
                        return exp(
                            Double(shape.scale)
                                * (0..<size).reduce(0) { $0 + x[query + $1] * x[at + $1] })
                    }
                    let sum = scores.reduce(0, +)
                    for d in 0..<size {
                        let at = (heads + groups + group) * size + d
                        out.append(
                            zip(start...row, scores).reduce(0) { $0 + x[$1.0 * width + at] * $1.1 }
                                / sum)
                    }
                }
            }
        }
        return out
    }
}
