import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct LossTests {
    /// Rows, targets and weights of a loss.
    struct Sample {
        let logits: [Float]
        let targets: [Int32]
        let weights: [Float]
        let rows: Int
        let columns: Int

        init(rows: Int, columns: Int, _ generator: inout SeededGenerator) {
            (self.rows, self.columns) = (rows, columns)
            logits = generator.floats(rows * columns).map { $0 * 5 }
            targets = (0..<rows).map { row in
                row % 5 == 3 ? -1 : Int32.random(in: 0..<Int32(columns), using: &generator)
            }
            weights = (0..<rows).map { $0 % 7 == 4 ? 0 : generator.float() }
        }

        func gradient(
            _ context: KernelContext
        ) -> (statistics: [TargetStatistics], matrix: FloatMatrix) {
            let matrix = FloatMatrix(
                [Float](repeating: 9, count: columns) + logits, rows: rows + 1, columns: columns)
            let statistics = context.targetStatistics(
                matrix, rows: 1..<rows + 1, targets: targets)
            context.logProbabilityGradient(
                matrix, rows: 1..<rows + 1, targets: targets, logSums: statistics.map(\.logSum),
                weights: weights)
            return (statistics, matrix)
        }

        /// log Σ e^x of a row.
        func logSum(_ x: [Double], _ row: Int) -> Double {
            log(x[row * columns..<(row + 1) * columns].reduce(0) { $0 + exp($1) })
        }
    }

    @Test func `every instruction set and number of threads returns the plain bits`() throws {
        var generator = SeededGenerator(seed: 50)
        for (rows, columns) in [(1, 1), (9, 15), (8, 16), (40, 768), (31, 257)] {
            let sample = Sample(rows: rows, columns: columns, &generator)
            try expectSameBits("[\(rows), \(columns)]") { context in
                let (statistics, matrix) = sample.gradient(context)
                #expect(matrix.row(0).allSatisfy { $0 == 9 })
                return matrix.bits
                    + statistics.flatMap {
                        [$0.logSum, $0.logProbability, $0.entropy].map(\.bitPattern)
                    }
            }
        }
    }

    @Test func `statistics agree with double precision`() throws {
        var generator = SeededGenerator(seed: 51)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let sample = Sample(rows: 30, columns: 300, &generator)
        let x = sample.logits.map(Double.init)
        for (row, found) in sample.gradient(context).statistics.enumerated() {
            guard sample.targets[row] >= 0 else {
                #expect(found == .none)
                continue
            }
            let logSum = sample.logSum(x, row)
            let logs = x[row * 300..<(row + 1) * 300].map { $0 - logSum }
            let entropy = logs.reduce(0) { $0 - exp($1) * $1 }
            #expect(abs(Double(found.logSum) - logSum) <= 2e-6)
            #expect(abs(Double(found.logProbability) - logs[Int(sample.targets[row])]) <= 2e-6)
            #expect(abs(Double(found.entropy) - entropy) <= 2e-5)
        }
    }

    @Test func `the gradient is the slope of the weighed loss`() throws {
        var generator = SeededGenerator(seed: 52)
        let context = try KernelContext(pool: Pools.all.get()[1])
        let sample = Sample(rows: 9, columns: 21, &generator)
        let expected = slopes(
            of: { x in
                (0..<9).reduce(0) { sum, row in
                    guard sample.targets[row] >= 0 else { return sum }
                    let target = x[row * 21 + Int(sample.targets[row])]
                    return sum + Double(sample.weights[row]) * (sample.logSum(x, row) - target)
                }
            }, at: sample.logits.map(Double.init))
        let found = sample.gradient(context).matrix.floats().dropFirst(21)
        // measured: 2.7e-7
        expectClose(Array(found), expected, tolerance: 1e-6, "gradient")
    }

    @Test func `rows without a target or a weight become zeros whatever they held`() throws {
        for set in InstructionSet.available {
            let context = try KernelContext(pool: Pools.all.get()[0], instructionSet: set)
            let logits = FloatMatrix([Float](repeating: .nan, count: 40), rows: 2, columns: 20)
            context.logProbabilityGradient(
                logits, rows: 0..<2, targets: [-1, 5], logSums: [0, .nan], weights: [3, 0])
            #expect(logits.bits.allSatisfy { $0 == 0 })
        }
    }

    @Test func `a sure prediction has entropy and loss 0 beside logits of minus infinity`() throws {
        for set in InstructionSet.available {
            let context = try KernelContext(pool: Pools.all.get()[0], instructionSet: set)
            var row = [Float](repeating: -.infinity, count: 19)
            row[18] = 1e4
            let logits = FloatMatrix(row + row, rows: 2, columns: 19)
            let found = context.targetStatistics(logits, rows: 0..<2, targets: [18, 2])
            #expect(found[0].logSum == 1e4 && found[0].logProbability == 0)
            #expect(abs(found[0].entropy) < 1e-30)
            #expect(found[1].logProbability == -.infinity)
        }
    }
}
