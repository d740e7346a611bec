import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct NormGradientTests {
    @Test func `every instruction set and number of threads returns the plain bits`() throws {
        var generator = SeededGenerator(seed: 30)
        for (rows, heads, headSize) in [
            (1, 1, 1), (3, 1, 15), (64, 2, 16), (65, 1, 17), (130, 3, 33), (200, 1, 352),
            (7, 5, 128),
        ] {
            let columns = heads * headSize
            let x = generator.floats((rows + 2) * (columns + 3))
            let arriving = generator.floats((rows + 2) * (columns + 3))
            let start = generator.floats((rows + 2) * (columns + 3))
            let (weight, slope) = (generator.floats(headSize), generator.floats(headSize))
            let accumulate = Bool.random(using: &generator)
            try expectSameBits("\(rows) rows, \(heads) heads of \(headSize)") { context in
                func matrix(_ values: [Float]) -> FloatMatrix {
                    FloatMatrix(values, rows: rows + 2, columns: columns + 3)
                }
                let (input, out, gradient) = (matrix(x), matrix(start), matrix(start))
                let factors = FloatMatrix(weight, rows: 1, columns: headSize)
                let weightGradient = FloatMatrix(slope, rows: 1, columns: headSize)
                context.rmsNormHeads(
                    input, rows: 1..<rows + 1, columns: 2..<columns + 2, weight: factors,
                    epsilon: 1e-6, into: out)
                context.rmsNormHeadsBackward(
                    input, rows: 1..<rows + 1, columns: 2..<columns + 2, weight: factors,
                    epsilon: 1e-6, outGradient: matrix(arriving), into: gradient,
                    accumulate: accumulate, weightGradient: weightGradient)
                for outside in [gradient.row(0), gradient.row(rows + 1)] {
                    #expect(start.contains(outside[0]))
                }
                return out.bits + gradient.bits + weightGradient.bits
            }
        }
    }

    @Test(arguments: [(1, 19), (3, 8)])
    func `gradients of a norm over heads are its slopes`(heads: Int, headSize: Int) throws {
        var generator = SeededGenerator(seed: 31)
        let (rows, columns, epsilon) = (4, heads * headSize, Float(1e-2))
        let context = try KernelContext(pool: Pools.all.get()[1])
        let x = generator.matrix(rows: rows, columns: columns)
        let weight = generator.matrix(rows: 1, columns: headSize)
        let arriving = generator.matrix(rows: rows, columns: columns)
        let (gradient, start) = (
            generator.matrix(rows: rows, columns: columns), generator.floats(headSize)
        )
        let before = gradient.doubles
        let weightGradient = FloatMatrix(start, rows: 1, columns: headSize)
        context.rmsNormHeadsBackward(
            x, rows: 0..<rows, columns: 0..<columns, weight: weight, epsilon: epsilon,
            outGradient: arriving, into: gradient, accumulate: true,
            weightGradient: weightGradient)

        func loss(_ x: [Double], _ weight: [Double]) -> Double {
            let g = arriving.doubles
            return stride(from: 0, to: x.count, by: headSize).reduce(0) { sum, first in
                let head = x[first..<first + headSize]
                let mean = head.reduce(0) { $0 + $1 * $1 } / Double(headSize)
                return (0..<headSize).reduce(sum) {
                    $0 + x[first + $1] * weight[$1] * g[first + $1] / sqrt(mean + Double(epsilon))
                }
            }
        }
        // measured: 9e-8
        let expected = slopes(of: { loss($0, weight.doubles) }, at: x.doubles)
        expectClose(
            gradient.floats(), zip(before, expected).map(+), tolerance: 1e-6, "gradient of x")
        let pulls = slopes(of: { loss(x.doubles, $0) }, at: weight.doubles)
        expectClose(
            weightGradient.floats(), zip(start, pulls).map { Double($0) + $1 }, tolerance: 1e-6,
            "gradient of the weight")
    }

    @Test func `a norm's gradient may replace the one that arrives`() throws {
        var generator = SeededGenerator(seed: 32)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let x = generator.matrix(rows: 70, columns: 45)
        let weight = generator.matrix(rows: 1, columns: 45)
        let arriving = generator.floats(70 * 45)
        func backward(inPlace: Bool) -> [UInt32] {
            let outGradient = FloatMatrix(arriving, rows: 70, columns: 45)
            let gradient = inPlace ? outGradient : FloatMatrix(rows: 70, columns: 45)
            let weightGradient = FloatMatrix(rows: 1, columns: 45)
            context.rmsNormBackward(
                x, rows: 0..<70, weight: weight, epsilon: 1e-5, outGradient: outGradient,
                into: gradient, accumulate: false, weightGradient: weightGradient)
            return gradient.bits + weightGradient.bits
        }
        #expect(firstDifference(backward(inPlace: true), backward(inPlace: false)) == nil)
    }

    @Test func `a row of NaN spoils its own gradient and the weight's alone`() throws {
        var generator = SeededGenerator(seed: 33)
        for set in InstructionSet.available {
            let context = try KernelContext(pool: Pools.all.get()[1], instructionSet: set)
            let x = generator.matrix(rows: 3, columns: 20)
            x[1, 4] = .nan
            let gradient = FloatMatrix(rows: 3, columns: 20)
            let weightGradient = FloatMatrix(rows: 1, columns: 20)
            context.rmsNormBackward(
                x, rows: 0..<3, weight: generator.matrix(rows: 1, columns: 20), epsilon: 1e-5,
                outGradient: generator.matrix(rows: 3, columns: 20), into: gradient,
                accumulate: false, weightGradient: weightGradient)
            let spoiled = (0..<3).map { gradient.row($0).count(where: \.isNaN) }
            #expect(spoiled == [0, 20, 0])
            #expect(weightGradient.row(0).allSatisfy { $0.isNaN })
        }
    }
}
