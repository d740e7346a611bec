import Kernels
import TestSupport
import Testing

@Suite struct ProductTests {
    /// Sizes around the tiles' and the blocks' edges: 6, 12, 16 and 32, 192, 256.
    static let sizes = [1, 2, 5, 6, 7, 11, 12, 13, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 100]

    /// An operand of a product: a block inside of a matrix of NaN, stored across or not.
    struct Operand {
        let block: MatrixBlock

        init(rows: Int, columns: Int, across: Bool, _ generator: inout SeededGenerator) {
            let (height, width) = across ? (columns, rows) : (rows, columns)
            let matrix = FloatMatrix(
                [Float](repeating: .nan, count: (height + 2) * (width + 5)), rows: height + 2,
                columns: width + 5)
            for row in 1...height {
                for column in 3..<width + 3 { matrix[row, column] = generator.float() }
            }
            let block = matrix.block(rows: 1..<height + 1, columns: 3..<width + 3)
            self.block = across ? block.transposed : block
        }

        subscript(row: Int, column: Int) -> Float {
            block.isTransposed
                ? block.matrix[column + 1, row + 3] : block.matrix[row + 1, column + 3]
        }
    }

    static func expectSameBits(
        m: Int, n: Int, k: Int, across: (Bool, Bool), _ generator: inout SeededGenerator
    ) throws {
        let a = Operand(rows: m, columns: k, across: across.0, &generator)
        let b = Operand(rows: k, columns: n, across: across.1, &generator)
        let accumulate = Bool.random(using: &generator)
        let start = generator.floats((m + 2) * (n + 3))
        let bits = try KernelsTests.expectSameBits("[\(m), \(k)] [\(k), \(n)] \(across)") {
            context in
            let c = FloatMatrix(start, rows: m + 2, columns: n + 3)
            context.product(
                a.block, b.block, into: c.block(rows: 1..<m + 1, columns: 2..<n + 2),
                accumulate: accumulate)
            return c.bits
        }
        let untouched = FloatMatrix(start, rows: m + 2, columns: n + 3).bits
        for index in bits.indices {
            let (row, column) = (index / (n + 3), index % (n + 3))
            guard !(1..<m + 1).contains(row) || !(2..<n + 2).contains(column) else { continue }
            #expect(bits[index] == untouched[index], "outside of the block")
        }
    }

    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func `every instruction set and number of threads returns the plain bits`(
        across: (Bool, Bool)
    ) throws {
        var generator = SeededGenerator(seed: across.0 ? 1 : across.1 ? 2 : 3)
        for _ in 0..<30 {
            let shape = (0..<3).map { _ in Self.sizes.randomElement(using: &generator) ?? 1 }
            try Self.expectSameBits(
                m: shape[0], n: shape[1], k: shape[2], across: across, &generator)
        }
        for (m, n, k) in [(1, 1, 1), (1, 300, 2), (300, 1, 2), (1, 1, 600)] {
            try Self.expectSameBits(m: m, n: n, k: k, across: across, &generator)
        }
        // beyond one block of rows, one of k, and one share of a worker
        for (m, n, k) in [(193, 33, 257), (31, 70, 513), (385, 17, 20), (13, 500, 300)] {
            try Self.expectSameBits(m: m, n: n, k: k, across: across, &generator)
        }
    }

    @Test(arguments: [false, true])
    func `an element is one chain of fused multiply-adds, k ascending`(accumulate: Bool) throws {
        var generator = SeededGenerator(seed: 4)
        let (m, n, k) = (14, 35, 270)
        let a = Operand(rows: m, columns: k, across: true, &generator)
        let b = Operand(rows: k, columns: n, across: false, &generator)
        let start = generator.floats(m * n)
        let c = FloatMatrix(start, rows: m, columns: n)
        let context = try KernelContext(pool: Pools.all.get()[1])
        context.product(a.block, b.block, into: c.block(), accumulate: accumulate)
        for row in 0..<m {
            for column in 0..<n {
                var sum = accumulate ? start[row * n + column] : 0
                for index in 0..<k { sum.addProduct(a[row, index], b[index, column]) }
                #expect(c[row, column].bitPattern == sum.bitPattern)
            }
        }
    }

    @Test func `a part of a product has the bits of the whole`() throws {
        var generator = SeededGenerator(seed: 5)
        let (m, n, k) = (150, 90, 70)
        let (a, b) = (generator.matrix(rows: m, columns: k), generator.matrix(rows: k, columns: n))
        let context = try KernelContext(pool: Pools.all.get()[1])
        let whole = FloatMatrix(rows: m, columns: n)
        context.product(a.block(), b.block(), into: whole.block())
        let parts = FloatMatrix(rows: m, columns: n)
        for (rows, columns) in [
            (0..<1, 0..<n), (1..<77, 0..<41), (1..<77, 41..<n), (77..<m, 0..<n),
        ] {
            context.product(
                a.block(rows: rows), b.block(columns: columns),
                into: parts.block(rows: rows, columns: columns))
        }
        #expect(firstDifference(parts.bits, whole.bits) == nil)
    }

    @Test func `NaN and infinity spoil their own row or column and no other`() throws {
        var generator = SeededGenerator(seed: 6)
        let (m, n, k) = (20, 40, 30)
        for set in InstructionSet.available {
            let a = generator.matrix(rows: m, columns: k)
            let b = generator.matrix(rows: k, columns: n)
            (a[7, 29], b[3, 38]) = (.nan, .infinity)
            for row in 0..<m where row != 7 { a[row, 3] = 0 }
            let c = FloatMatrix(rows: m, columns: n)
            let context = try KernelContext(pool: Pools.all.get()[1], instructionSet: set)
            context.product(a.block(), b.block(), into: c.block())
            for row in 0..<m {
                for column in 0..<n {
                    // 0 times infinity is NaN: zeros are not skipped
                    #expect(c[row, column].isNaN == (row == 7 || column == 38))
                }
            }
        }
    }

    @Test func `a row is added to every row, and rows are summed, on every set alike`() throws {
        var generator = SeededGenerator(seed: 7)
        for (m, n) in [(1, 1), (3, 17), (70, 33), (200, 130), (1000, 20)] {
            let (x, row) = (generator.floats(m * n), generator.floats(n + 2))
            let bits = try KernelsTests.expectSameBits("[\(m), \(n)]") { context in
                let matrix = FloatMatrix(x, rows: m, columns: n)
                let sums = FloatMatrix(row, rows: 1, columns: n + 2)
                context.columnSums(of: matrix.block(), addingTo: sums.block(columns: 1..<n + 1))
                context.addRow(sums.block(columns: 1..<n + 1), to: matrix.block())
                return sums.bits + matrix.bits
            }
            var sums = row
            for index in 0..<m * n { sums[1 + index % n] += x[index] }
            let added = (0..<m * n).map { x[$0] + sums[1 + $0 % n] }
            #expect(firstDifference(bits, (sums + added).map(\.bitPattern)) == nil)
        }
    }
}
