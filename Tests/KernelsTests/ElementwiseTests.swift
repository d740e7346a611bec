import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct ElementwiseTests {
    @Test func `exponentials are within 2 units in the last place on every path`() {
        var values: [Float] = [0, -0.0, 1, -1, 88.72, 88.73, -87.4, -103.9, -104, -1000, 1000]
        values += stride(from: Float(-104), through: 89, by: 0.0137)
        values += [.infinity, -.infinity]
        var results = values
        for set in InstructionSet.available {
            unsafe ck_exp(code(of: set), values, values.count, &results)
            for (value, result) in zip(values, results) {
                let exact = exp(Double(value))
                let rounded = Float(exact)
                if rounded.isInfinite || rounded == 0 {
                    #expect(result == rounded, "\(value)")
                } else {
                    let error = abs(Double(result) - exact) / Double(rounded.ulp)
                    #expect(error <= 2, "\(set) e^\(value)")
                }
            }
            var nan = [Float.nan]
            unsafe ck_exp(code(of: set), nan, 1, &nan)
            #expect(nan[0].isNaN)
        }
    }

    @Test func `every instruction set returns the bits of the plain one`() throws {
        var generator = SeededGenerator(seed: 20)
        let pool = try WorkerPool(threadCount: 2)
        for _ in 0..<60 {
            let count = Int.random(in: 1...300, using: &generator)
            let rows = Int.random(in: 1...5, using: &generator)
            let pairs = Int.random(in: 0...40, using: &generator)
            let headDim = 2 * pairs + Int.random(in: 1...9, using: &generator)
            let x = generator.matrix(rows: rows, columns: 2 * count).floats()
            let heads = generator.matrix(rows: rows, columns: 3 * headDim).floats()
            let weight = generator.floats(count)
            let headWeight = generator.floats(headDim)
            let table = RotaryTable(
                cosine: generator.matrix(rows: 9, columns: pairs),
                sine: generator.matrix(rows: 9, columns: pairs))
            let positions = (0..<rows).map { _ in Int32.random(in: 0..<9, using: &generator) }
            let style = Bool.random(using: &generator) ? RotaryStyle.halves : .interleaved

            func results(_ set: InstructionSet) throws -> [UInt32] {
                let context = try KernelContext(pool: pool, instructionSet: set)
                let input = FloatMatrix(x, rows: rows, columns: 2 * count)
                let out = FloatMatrix(rows: rows, columns: count)
                var bits: [UInt32] = []
                context.rmsNorm(input, rows: 0..<rows, weight: weight, epsilon: 1e-5, into: out)
                bits += out.bits
                context.siluMultiply(
                    input, rows: 0..<rows, gate: 0, up: count, count: count, into: out)
                bits += out.bits
                context.add(out, input, rows: 0..<rows, columns: count)
                bits += out.bits
                let rotated = FloatMatrix(heads, rows: rows, columns: 3 * headDim)
                context.rope(
                    rotated, rows: 0..<rows, columns: headDim..<3 * headDim, headDim: headDim,
                    positions: positions, table: table, style: style)
                context.rmsNormHeads(
                    rotated, rows: 0..<rows, columns: 0..<2 * headDim, weight: headWeight,
                    epsilon: 1e-6)
                bits += rotated.bits
                let statistics = context.softmaxStatistics(input, row: rows - 1)
                bits += [statistics.maximum, statistics.sumOfExponentials].map(\.bitPattern)
                bits.append(UInt32(context.argmax(input, row: 0)))
                return bits
            }
            let expected = try results(.ref)
            for set in fastSets { #expect(try results(set) == expected, "\(set)") }
        }
    }

    @Test func `norm, gate and rotation agree with their definitions`() throws {
        var generator = SeededGenerator(seed: 21)
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let x = generator.matrix(rows: 3, columns: 200)
        let weight = generator.floats(100)
        let out = FloatMatrix(rows: 3, columns: 100)
        context.rmsNorm(x, rows: 0..<3, weight: weight, epsilon: 0.01, into: out)
        for row in 0..<3 {
            let mean = x.row(row)[..<100].reduce(0.0) { $0 + Double($1) * Double($1) } / 100
            for column in 0..<100 {
                let exact =
                    Double(x[row, column]) / (mean + 0.01).squareRoot()
                    * Double(weight[column])
                #expect(abs(Double(out[row, column]) - exact) <= 1e-6 * max(1, abs(exact)))
            }
        }
        context.siluMultiply(x, rows: 0..<3, gate: 0, up: 100, count: 100, into: out)
        for row in 0..<3 {
            for column in 0..<100 {
                let gate = Double(x[row, column])
                let exact = gate / (1 + exp(-gate)) * Double(x[row, column + 100])
                #expect(abs(Double(out[row, column]) - exact) <= 1e-6 * max(1, abs(exact)))
            }
        }
    }

    @Test func `both rotations turn their pairs and leave the rest`() throws {
        let context = try KernelContext(pool: WorkerPool(threadCount: 1))
        let table = RotaryTable(
            cosine: FloatMatrix([1, 1, 0, 0.6], rows: 2, columns: 2),
            sine: FloatMatrix([0, 0, 1, 0.8], rows: 2, columns: 2))
        func rotated(_ style: RotaryStyle) -> [Float] {
            let x = FloatMatrix([9, 1, 2, 3, 4, 5], rows: 1, columns: 6)
            context.rope(
                x, rows: 0..<1, columns: 1..<6, headDim: 5, positions: [1], table: table,
                style: style)
            return x.row(0)
        }
        let fourth: [Float] = [2 * 0.6 - 4 * 0.8, 4 * 0.6 + 2 * 0.8]
        #expect(rotated(.halves) == [9, -3, fourth[0], 1, fourth[1], 5])
        let last: [Float] = [3 * 0.6 - 4 * 0.8, 4 * 0.6 + 3 * 0.8]
        #expect(rotated(.interleaved) == [9, -2, 1, last[0], last[1], 5])
    }

    @Test func `the first largest logit wins and NaN never does`() throws {
        let context = try KernelContext(pool: WorkerPool(threadCount: 1))
        var values = [Float](repeating: -1, count: 200)
        values[0] = .nan
        values[77] = 3
        values[150] = 3
        #expect(context.argmax(FloatMatrix(values, rows: 1, columns: 200), row: 0) == 77)
        let hopeless = [Float](repeating: .nan, count: 40)
        #expect(context.argmax(FloatMatrix(hopeless, rows: 1, columns: 40), row: 0) == 0)
    }

    @Test func `logSumExp turns logits to log-probabilities that sum to one`() throws {
        var generator = SeededGenerator(seed: 22)
        let context = try KernelContext(pool: WorkerPool(threadCount: 1))
        let x = generator.matrix(rows: 1, columns: 1003)
        let normalizer = context.logSumExp(x, row: 0)
        let sum = x.row(0).reduce(0.0) { $0 + exp(Double($1 - normalizer)) }
        #expect(abs(sum - 1) < 1e-5)
    }

    private func code(of set: InstructionSet) -> Int32 {
        Int32(InstructionSet.allCases.firstIndex(of: set) ?? 0)
    }
}
