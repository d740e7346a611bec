import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct OptimizerStepTests {
    @Test(arguments: [1, 15, 16, 100, 20_000])
    func `every instruction set and number of threads returns the plain bits`(count: Int) throws {
        var generator = SeededGenerator(seed: UInt64(count))
        let start = (0..<4).map { _ in generator.floats(count + 5) }
        let range = 2..<count + 2
        try expectSameBits("\(count)") { context in
            let buffers = start.map(FloatBuffer.init)
            context.scale(buffers[3], by: 0.5, range: range)
            let squares = FloatBuffer(start[3].map { $0 * $0 })
            context.adamStep(
                parameters: buffers[0], gradients: buffers[1], firstMoments: buffers[2],
                secondMoments: squares, range: range,
                settings: AdamStep(
                    learningRate: 0.01, weightDecay: 0.1, step: 7, gradientScale: 0.3))
            context.blend(buffers[1], toward: buffers[0], by: 0.25, range: range)
            context.add(buffers[2], buffers[1], range: range)
            let copied = FloatBuffer(count: count + 5)
            context.copy(from: buffers[2], to: copied)
            return (buffers + [squares, copied]).flatMap(\.bits)
        }
    }

    @Test func `what lies outside of the range stays`() throws {
        let context = try KernelContext(pool: Pools.all.get()[1])
        let buffers = [1, 2, 1, 1].map { FloatBuffer([Float](repeating: $0, count: 40)) }
        let settings = AdamStep(learningRate: 0.5, step: 1)
        context.adamStep(
            parameters: buffers[0], gradients: buffers[1], firstMoments: buffers[2],
            secondMoments: buffers[3], range: 3..<37, settings: settings)
        for buffer in [buffers[0], buffers[3]] {
            let values = buffer.floats(0..<40)
            #expect((0..<40).allSatisfy { (values[$0] == 1) != (3..<37).contains($0) })
        }
    }

    @Test func `the sum of squares has its order fixed and its value that of double precision`()
        throws
    {
        var generator = SeededGenerator(seed: 60)
        for count in [1, 17, 1000, 140_000] {
            let values = generator.floats(count + 3)
            let buffer = FloatBuffer(values)
            var found = 0.0
            try expectSameBits("\(count)") { context in
                found = context.sumOfSquares(buffer, range: 3..<count + 3)
                let bits = found.bitPattern
                return [UInt32(truncatingIfNeeded: bits), UInt32(bits >> 32)]
            }
            let expected = values.dropFirst(3).reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(found - expected) <= 1e-12 * expected)
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `one bad gradient shows in the sum of squares`(bad: Float) throws {
        for set in InstructionSet.available {
            let context = try KernelContext(pool: Pools.all.get()[1], instructionSet: set)
            let buffer = FloatBuffer(count: 70_000)
            buffer.set([bad], at: 69_999)
            #expect(!context.sumOfSquares(buffer, range: 0..<70_000).isFinite)
        }
    }

    @Test func `large values do not overflow the sum of squares`() throws {
        let context = try KernelContext(pool: Pools.all.get()[0])
        let sum = context.sumOfSquares(FloatBuffer([1e30, 1e30]), range: 0..<2)
        #expect(abs(sum / 2e60 - 1) < 1e-6)
    }

    @Test func `rows are gathered, and scattered in the order of their ids, on every set alike`()
        throws
    {
        var generator = SeededGenerator(seed: 61)
        for (entries, columns, count) in [(1, 1, 3), (9, 17, 40), (30, 128, 500)] {
            let table = generator.floats(entries * columns)
            let gradient = generator.floats(count * columns)
            let ids = (0..<count).map { _ in
                Int32.random(in: 0..<Int32(entries), using: &generator)
            }
            let bits = try expectSameBits("\(entries) rows, \(count) ids") { context in
                let (rows, slopes) = (
                    FloatMatrix(table, rows: entries, columns: columns),
                    FloatMatrix(gradient, rows: count, columns: columns)
                )
                context.scatterAddRows(slopes, ids: ids, into: rows)
                context.gatherRows(rows, ids: ids, into: slopes)
                return rows.bits + slopes.bits
            }
            var sums = table
            for (index, id) in ids.enumerated() {
                for column in 0..<columns {
                    sums[Int(id) * columns + column] += gradient[index * columns + column]
                }
            }
            let gathered = ids.flatMap { sums[Int($0) * columns..<(Int($0) + 1) * columns] }
            #expect(firstDifference(bits, (sums + gathered).map(\.bitPattern)) == nil)
        }
    }
}
