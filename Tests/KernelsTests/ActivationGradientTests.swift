import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct ActivationGradientTests {
    @Test func `every instruction set and number of threads returns the plain bits`() throws {
        var generator = SeededGenerator(seed: 40)
        for (rows, count) in [(1, 1), (5, 15), (4, 16), (90, 352), (33, 131)] {
            let x = generator.floats(rows * (2 * count + 3)).map { $0 * 20 }
            let arriving = generator.floats(rows * count)
            for inPlace in [false, true] {
                try expectSameBits("\(rows) rows of \(count)") { context in
                    let input = FloatMatrix(x, rows: rows, columns: 2 * count + 3)
                    let gradient =
                        inPlace ? input : FloatMatrix(x, rows: rows, columns: 2 * count + 3)
                    context.siluMultiplyBackward(
                        input, rows: 0..<rows, gate: count + 2, up: 1, count: count,
                        outGradient: FloatMatrix(arriving, rows: rows, columns: count),
                        into: gradient)
                    return gradient.bits
                }
            }
        }
    }

    @Test func `gradients of gate and up are the slopes of their product`() throws {
        var generator = SeededGenerator(seed: 41)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let count = 50
        let x = FloatMatrix(generator.floats(2 * count).map { $0 * 4 }, rows: 1, columns: 2 * count)
        let arriving = generator.matrix(rows: 1, columns: count)
        let gradient = FloatMatrix(rows: 1, columns: 2 * count)
        context.siluMultiplyBackward(
            x, rows: 0..<1, gate: 0, up: count, count: count, outGradient: arriving,
            into: gradient)
        func loss(_ x: [Double]) -> Double {
            var sum = 0.0
            for (index, weight) in arriving.doubles.enumerated() {
                let silu = x[index] / (1 + exp(-x[index]))
                sum += weight * silu * x[count + index]
            }
            return sum
        }
        let expected = slopes(of: loss, at: x.doubles)
        // measured: 2.7e-7
        expectClose(gradient.floats(), expected, tolerance: 1e-6, "gradient")
    }

    @Test func `far from zero the gradient is finite: silu is a line or nothing there`() throws {
        for set in InstructionSet.available {
            let context = try KernelContext(pool: Pools.all.get()[0], instructionSet: set)
            let x = FloatMatrix([500, -500, 3, 3], rows: 1, columns: 4)
            let gradient = FloatMatrix(rows: 1, columns: 4)
            context.siluMultiplyBackward(
                x, rows: 0..<1, gate: 0, up: 2, count: 2,
                outGradient: FloatMatrix([2, 2], rows: 1, columns: 2), into: gradient)
            #expect(gradient.row(0) == [6, 0, 1000, 0], "\(set)")
        }
    }
}
