import Kernels
import TestSupport
import Testing

@Suite struct MatMulTests {
    @Test func `a product of known numbers is right`() throws {
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let x = FloatMatrix([1, 2, 3, 4, 5, 6], rows: 2, columns: 3)
        let weights = try TensorView([1, 0, 2, 0, 1, 0], shape: [2, 3])
        let out = FloatMatrix(rows: 2, columns: 2)
        context.matmul(x, rows: 0..<2, weights: weights, bias: [10, 20], into: out)
        #expect(out.floats() == [17, 22, 26, 25])
        context.matmul(x, rows: 1..<2, weights: weights, into: out, outRow: 0, accumulate: true)
        #expect(out.floats() == [33, 27, 26, 25])
    }

    @Test(arguments: ElementType.allCases)
    func `every instruction set returns the bits of the plain one`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 1)
        let pool = try WorkerPool(threadCount: 2)
        let plain = try KernelContext(pool: pool, instructionSet: .ref)
        for _ in 0..<14 {
            let block = type.elementsPerBlock
            let inputs = block * Int.random(in: 1...(block == 1 ? 130 : 4), using: &generator)
            let (outputs, tokens) = (
                Int.random(in: 1...70, using: &generator), Int.random(in: 1...40, using: &generator)
            )
            let weights = try generator.tensor(type, rows: outputs, columns: inputs)
            let x = generator.matrix(rows: tokens, columns: inputs + 3)
            for row in 0..<tokens {
                for column in inputs..<inputs + 3 { x[row, column] = .nan }
            }
            let bias = Bool.random(using: &generator) ? generator.floats(outputs) : nil
            let accumulate = Bool.random(using: &generator)
            let start = generator.matrix(rows: tokens, columns: outputs + 2).floats()
            func product(_ context: KernelContext) -> [UInt32] {
                let out = FloatMatrix(start, rows: tokens, columns: outputs + 2)
                context.matmul(
                    x, rows: 0..<tokens, weights: weights, bias: bias, into: out, columnOffset: 1,
                    accumulate: accumulate)
                return out.bits
            }
            let expected = product(plain)
            for set in fastSets {
                let context = try KernelContext(pool: pool, instructionSet: set)
                #expect(product(context) == expected, "\(set) \(tokens)x\(inputs)x\(outputs)")
            }
        }
    }

    @Test(arguments: [ElementType.f32, .bf16, .q8_0, .q4_1, .q6_K])
    func `a row's result depends on neither batch nor threads`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 2)
        let (inputs, outputs, tokens) = (512, 300, 23)
        let weights = try generator.tensor(type, rows: outputs, columns: inputs)
        let x = generator.matrix(rows: tokens, columns: inputs)
        let whole = FloatMatrix(rows: tokens, columns: outputs)
        try KernelContext(pool: WorkerPool(threadCount: 1))
            .matmul(x, rows: 0..<tokens, weights: weights, into: whole)
        for threads in [1, 2, 5] {
            let context = try KernelContext(pool: WorkerPool(threadCount: threads))
            let out = FloatMatrix(rows: tokens, columns: outputs)
            var first = 0
            while first < tokens {
                let count = min(Int.random(in: 1...9, using: &generator), tokens - first)
                context.matmul(x, rows: first..<first + count, weights: weights, into: out)
                first += count
            }
            #expect(out.bits == whole.bits)
        }
    }

    @Test(arguments: ElementType.allCases)
    func `products agree with double precision`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 3)
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let (inputs, outputs, tokens) = (768, 40, 3)
        let weights = try generator.tensor(type, rows: outputs, columns: inputs)
        let x = generator.matrix(rows: tokens, columns: inputs)
        let out = FloatMatrix(rows: tokens, columns: outputs)
        context.matmul(x, rows: 0..<tokens, weights: weights, into: out)
        for token in 0..<tokens {
            for row in 0..<outputs {
                var (sum, size) = (0.0, 0.0)
                for (left, right) in zip(x.row(token), weights.floats(row: row)) {
                    sum += Double(left) * Double(right)
                    size += abs(Double(left) * Double(right))
                }
                // 768 / 16 roundings per lane, each at most half a unit of the running sum
                #expect(abs(Double(out[token, row]) - sum) <= size * 48 * 0x1p-24)
            }
        }
    }

    @Test(arguments: ElementType.allCases)
    func `gathered rows are the rows' values`(type: ElementType) throws {
        var generator = SeededGenerator(seed: 4)
        let context = try KernelContext(pool: WorkerPool(threadCount: 1))
        let table = try generator.tensor(type, rows: 9, columns: 256)
        let out = FloatMatrix(rows: 3, columns: 256)
        context.gatherRows(.stored(table), ids: [8, 0, 8], into: out)
        #expect(out.row(0) == table.floats(row: 8))
        #expect(out.row(1) == table.floats(row: 0))
        #expect(out.row(2) == table.floats(row: 8))
    }
}
