import Kernels
import TestSupport
import Testing

@Suite struct PackedMatMulTests {
    @Test(arguments: PackedFormat.allCases)
    func `every instruction set, batch and number of threads returns the plain one's bits`(
        format: PackedFormat
    ) throws {
        var generator = SeededGenerator(seed: 11)
        for trial in 0..<12 {
            // more than one slice of columns, for some
            let inputs =
                format.isInteger
                ? 32 * Int.random(in: 1...9, using: &generator)
                : Int.random(in: 1...(trial % 4 == 0 ? 1300 : 90), using: &generator)
                    * format.groupSize
            let (outputs, tokens) = (
                Int.random(in: 1...70, using: &generator), Int.random(in: 1...21, using: &generator)
            )
            let matrix = try generator.packed(format, rows: outputs, columns: inputs)
            let x = generator.matrix(rows: tokens, columns: inputs + 3)
            if trial % 3 == 0 {
                for column in 0..<min(32, inputs) { x[tokens - 1, column] = 0 }
            }
            let bias = Bool.random(using: &generator) ? generator.floats(outputs) : nil
            let accumulate = Bool.random(using: &generator)
            let start = generator.matrix(rows: tokens, columns: outputs + 2).floats()
            var batch = tokens
            try expectSameBits("\(tokens)x\(inputs)x\(outputs)") { context in
                let out = FloatMatrix(start, rows: tokens, columns: outputs + 2)
                var first = 0
                while first < tokens {
                    let count = min(batch, tokens - first)
                    context.matmul(
                        x, rows: first..<first + count, weights: .packed(matrix), bias: bias,
                        into: out, columnOffset: 1, accumulate: accumulate)
                    first += count
                }
                batch = Int.random(in: 1...10, using: &generator)
                return out.bits
            }
        }
    }

    @Test(arguments: PackedFormat.allCases, [768, 1003])
    func `shares of many rows leave none out and do none twice`(
        format: PackedFormat, outputs: Int
    ) throws {
        var generator = SeededGenerator(seed: 19)
        let matrix = try generator.packed(format, rows: outputs, columns: 64)
        for tokens in [1, 3, 14] {
            let x = generator.matrix(rows: tokens, columns: 64)
            // adding shows what is done twice, as overwriting would not
            let start = generator.matrix(rows: tokens, columns: outputs).floats()
            try expectSameBits("\(tokens)x\(outputs)") { context in
                let out = FloatMatrix(start, rows: tokens, columns: outputs)
                context.matmul(
                    x, rows: 0..<tokens, weights: .packed(matrix), into: out, accumulate: true)
                return out.bits
            }
        }
    }

    @Test(
        arguments: [(PackedFormat.int8, Float(127)), (.int4, 15), (.int4centred, -8)],
        [Float(1), -1])
    func `the largest quants and inputs add up without a carry lost`(
        extreme: (format: PackedFormat, quant: Float), sign: Float
    ) throws {
        // scales are 1 where the largest weight is 127 or -8, or the weights reach from 0 to 15
        let columns = 96
        var weights = [Float](repeating: extreme.quant, count: 16 * columns)
        if extreme.format == .int4 {
            for group in stride(from: 0, to: weights.count, by: 32) { weights[group] = 0 }
        }
        let view = try TensorView(weights, shape: [16, columns])
        let matrix = try #require(try PackedMatrix(view, as: extreme.format))
        #expect(matrix.floats(row: 3) == Array(weights[..<columns]))
        let x = FloatMatrix(
            [Float](repeating: sign * 127, count: columns), rows: 1, columns: columns)
        let bits = try expectSameBits("\(extreme)") { context in
            let out = FloatMatrix(rows: 1, columns: 16)
            context.matmul(x, rows: 0..<1, weights: .packed(matrix), into: out)
            return out.bits
        }
        let expected = sign * 127 * weights[..<columns].reduce(0, +)
        #expect(bits.allSatisfy { abs(Float(bitPattern: $0) / expected - 1) < 1e-6 })
    }

    @Test(arguments: [PackedFormat.int8, .int4, .int4centred])
    func `groups of zeros give zeros, never NaN`(format: PackedFormat) throws {
        var generator = SeededGenerator(seed: 12)
        let zeros = try TensorView([Float](repeating: 0, count: 20 * 64), shape: [20, 64])
        let matrix = try #require(try PackedMatrix(zeros, as: format))
        let full = try generator.packed(format, rows: 20, columns: 64)
        let tiny = FloatMatrix(
            [Float](repeating: .leastNonzeroMagnitude, count: 64), rows: 1, columns: 64)
        for (weights, x) in [
            (matrix, generator.matrix(rows: 1, columns: 64)),
            (matrix, FloatMatrix(rows: 1, columns: 64)),
            (full, FloatMatrix(rows: 1, columns: 64)), (full, tiny),
        ] {
            let bits = try expectSameBits("zeros") { context in
                let out = FloatMatrix(rows: 1, columns: 20)
                context.matmul(x, rows: 0..<1, weights: .packed(weights), into: out)
                return out.bits
            }
            #expect(bits.allSatisfy { Float(bitPattern: $0) == 0 })
        }
    }

    @Test(
        arguments: [
            (ElementType.q4_0, PackedFormat.int4centred), (.q4_1, .int4), (.q8_0, .int8),
            (.f32, .f32), (.f16, .f16), (.bf16, .bf16),
        ])
    func `types with a packed format of their own have it`(
        type: ElementType, format: PackedFormat
    ) {
        #expect(type.packedFormat == format)
    }

    @Test(
        arguments: [
            (ElementType.q4_0, PackedFormat.int4centred), (.q4_0, .int4), (.q4_1, .int4),
            (.q8_0, .int8), (.f32, .f32), (.f16, .f16), (.bf16, .bf16),
        ])
    func `formats that can hold every value of a type do`(
        type: ElementType, format: PackedFormat
    ) throws {
        var generator = SeededGenerator(seed: 13)
        let view = try generator.tensor(type, rows: 37, columns: 320)
        for pool in [nil, try WorkerPool(threadCount: 3)] {
            let matrix = try #require(try PackedMatrix(view, as: format, using: pool))
            #expect(matrix.byteCount == format.byteCount(rows: 37, columns: 320))
            for row in 0..<37 { #expect(matrix.floats(row: row) == view.floats(row: row)) }
        }
    }

    @Test(arguments: ElementType.allCases, [ElementType.f32, .f16, .bf16])
    func `plain formats hold what a conversion to their type gives`(
        type: ElementType, plain: ElementType
    ) throws {
        var generator = SeededGenerator(seed: 17)
        let view = try generator.tensor(type, rows: 19, columns: 256)
        let format = try #require(plain.packedFormat)
        let matrix = try #require(try PackedMatrix(view, as: format))
        let converted = try view.converted(to: plain)
        for row in 0..<19 { #expect(matrix.floats(row: row) == converted.floats(row: row)) }
    }

    @Test(arguments: [ElementType.f32, .f16, .bf16])
    func `plain products are the exact ones but for f32's rounding of their sums`(
        type: ElementType
    ) throws {
        var generator = SeededGenerator(seed: 18)
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let (columns, tokens) = (700, 9)
        let view = try generator.tensor(type, rows: 37, columns: columns)
        let format = try #require(type.packedFormat)
        let matrix = try #require(try PackedMatrix(view, as: format))
        let x = generator.matrix(rows: tokens, columns: columns)
        let out = FloatMatrix(rows: tokens, columns: 37)
        context.matmul(x, rows: 0..<tokens, weights: .packed(matrix), into: out)
        for row in 0..<37 {
            let weights = view.floats(row: row)
            for token in 0..<tokens {
                var (exact, size) = (0.0, 0.0)
                for (weight, input) in zip(weights, x.row(token)) {
                    exact += Double(weight) * Double(input)
                    size += abs(Double(weight) * Double(input))
                }
                #expect(abs(Double(out[token, row]) - exact) <= size * Double(columns) * 0x1p-24)
            }
        }
    }

    @Test(arguments: ElementType.allCases, [PackedFormat.int8, .int4, .int4centred])
    func `other types are rounded by half a step at most, or less on the whole`(
        type: ElementType, format: PackedFormat
    ) throws {
        var generator = SeededGenerator(seed: 14)
        let view = try generator.tensor(type, rows: 20, columns: 256)
        let matrix = try #require(try PackedMatrix(view, as: format))
        for row in 0..<20 {
            let (exact, found) = (view.floats(row: row), matrix.floats(row: row))
            for group in stride(from: 0, to: 256, by: 32) {
                let values = exact[group..<group + 32]
                let errors = zip(values, found[group..<group + 32]).map { Double($0) - Double($1) }
                let (least, most) = (values.min() ?? 0, values.max() ?? 0)
                let size = max(abs(least), abs(most))
                let step =
                    switch format {
                    case .int8: Double(size) / 127
                    case .int4centred: Double(size) / 8
                    default: Double(most - least) / 15
                    }
                // besides half a step: f16 scales are off by 2^-11
                let bound = step * 0.5 + Double(size) * 0x1p-10
                if format == .int8 {
                    #expect(errors.allSatisfy { abs($0) <= bound })
                }
                let squares = errors.reduce(0) { $0 + $1 * $1 }
                #expect(squares <= 32 * bound * bound)
            }
        }
    }

    @Test(arguments: [PackedFormat.int8, .int4, .int4centred], [1, 5, 16, 37])
    func `rounding gives the same weights on every instruction set`(
        format: PackedFormat, rows: Int
    ) throws {
        var generator = SeededGenerator(seed: 20)
        var weights = generator.floats(rows * 320)
        for index in 0..<64 { weights[index] = index < 32 ? 0 : 0.5 }
        let view = try TensorView(weights, shape: [rows, 320])
        let plain = try #require(
            try PackedMatrix(view, as: format, instructionSet: .ref))
        for set in InstructionSet.available {
            let matrix = try #require(try PackedMatrix(view, as: format, instructionSet: set))
            for row in 0..<rows { #expect(matrix.floats(row: row) == plain.floats(row: row)) }
        }
    }

    @Test(arguments: [Float.nan, .infinity, 1e9], [PackedFormat.int8, .int4, .int4centred])
    func `what f16 scales cannot hold is not packed`(value: Float, format: PackedFormat) throws {
        var weights = [Float](repeating: 1, count: 17 * 32)
        weights[16 * 32 + 5] = value
        let view = try TensorView(weights, shape: [17, 32])
        #expect(try PackedMatrix(view, as: format) == nil)
        let short = try TensorView([Float](repeating: 1, count: 40), shape: [1, 40])
        #expect(try PackedMatrix(short, as: format) == nil)
    }

    @Test func `q4_K keeps its quants, with scales and minima of f16`() throws {
        var generator = SeededGenerator(seed: 19)
        let view = try generator.tensor(.q4_K, rows: 37, columns: 768)
        let matrix = try #require(try PackedMatrix(view, as: .int4))
        for row in 0..<37 {
            let (exact, found) = (view.floats(row: row), matrix.floats(row: row))
            let size = exact.map(abs).max() ?? 0
            for (value, wanted) in zip(found, exact) {
                #expect(abs(value - wanted) <= size * 0x1p-10)
            }
        }
    }

    @Test(arguments: [ElementType.q4_0, .q4_1, .q8_0, .q4_K])
    func `products come within the rounding of the inputs of the exact ones`(
        type: ElementType
    ) throws {
        var generator = SeededGenerator(seed: 15)
        let context = try KernelContext(pool: WorkerPool(threadCount: 2))
        let view = try generator.tensor(type, rows: 48, columns: 768)
        let format = try #require(type.packedFormat)
        let matrix = try #require(try PackedMatrix(view, as: format))
        let x = generator.matrix(rows: 3, columns: 768)
        let (exact, out) = (FloatMatrix(rows: 3, columns: 48), FloatMatrix(rows: 3, columns: 48))
        context.matmul(x, rows: 0..<3, weights: .stored(view), into: exact)
        context.matmul(x, rows: 0..<3, weights: .packed(matrix), into: out)
        for row in 0..<3 {
            for column in 0..<48 {
                // 768 independent errors of at most half of a 127th of 2, uniform: by 1 / sqrt(3)
                let size = view.floats(row: column).reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
                let deviation = size * (1 / Float(127)) / Float(3).squareRoot()
                #expect(abs(out[row, column] - exact[row, column]) < 5 * deviation)
            }
        }
    }

    @Test(arguments: PackedFormat.allCases)
    func `gathered rows are the packed rows' values`(format: PackedFormat) throws {
        var generator = SeededGenerator(seed: 16)
        let context = try KernelContext(pool: WorkerPool(threadCount: 1))
        let table = try generator.packed(format, rows: 21, columns: 64)
        let out = FloatMatrix(rows: 2, columns: 64)
        context.gatherRows(.packed(table), ids: [20, 3], into: out)
        #expect(out.row(0) == table.floats(row: 20))
        #expect(out.row(1) == table.floats(row: 3))
    }
}

extension SeededGenerator {
    /// A packed matrix of weights of ordinary size.
    fileprivate mutating func packed(
        _ format: PackedFormat, rows: Int, columns: Int
    ) throws -> PackedMatrix {
        let view = try TensorView(floats(rows * columns), shape: [rows, columns])
        return try #require(try PackedMatrix(view, as: format))
    }
}
