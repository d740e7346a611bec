import CKernels

/// A linear layer's weights, and the columns of the output that it fills.
public struct LinearProduct: Sendable {
    /// `[outFeatures, inFeatures]`.
    public var weights: WeightMatrix
    /// `[outFeatures]`, or nil.
    public var bias: [Float]?
    /// The column of the output for feature 0.
    public var column: Int

    /// Describes the layer.
    public init(weights: WeightMatrix, bias: [Float]? = nil, column: Int = 0) {
        self.weights = weights
        self.bias = bias
        self.column = column
    }
}

extension KernelContext {
    /// `out[t] = x[t] · weightsᵀ + bias`, the linear layer.
    ///
    /// Weights count with their exact values; ``WeightMatrix`` says which inputs are rounded. Sums
    /// follow the orders that `ckernels.h` states.
    ///
    /// - Parameters:
    ///   - x: Inputs; the first `inFeatures` columns of `rows` are read.
    ///   - rows: Which rows of `x`.
    ///   - weights: `[outFeatures, inFeatures]`.
    ///   - bias: `[outFeatures]`, or nil.
    ///   - out: Receives `outFeatures` columns for each row; not the matrix `x`.
    ///   - outRow: The row of `out` for the first of `rows`; nil for the same row.
    ///   - columnOffset: The column of `out` for feature 0.
    ///   - accumulate: Whether to add to `out` instead of overwriting it.
    public func matmul(
        _ x: FloatMatrix, rows: Range<Int>, weights: WeightMatrix, bias: [Float]? = nil,
        into out: FloatMatrix, outRow: Int? = nil, columnOffset: Int = 0, accumulate: Bool = false
    ) {
        let product = LinearProduct(weights: weights, bias: bias, column: columnOffset)
        matmul(x, rows: rows, [product], into: out, outRow: outRow, accumulate: accumulate)
    }

    /// The same for weights in their stored type.
    public func matmul(
        _ x: FloatMatrix, rows: Range<Int>, weights: TensorView, bias: [Float]? = nil,
        into out: FloatMatrix, outRow: Int? = nil, columnOffset: Int = 0, accumulate: Bool = false
    ) {
        matmul(
            x, rows: rows, weights: .stored(weights), bias: bias, into: out, outRow: outRow,
            columnOffset: columnOffset, accumulate: accumulate)
    }

    /// Several linear layers of the same inputs, in one parallel region.
    ///
    /// - Parameters:
    ///   - x: Inputs; the first `inFeatures` columns of `rows` are read.
    ///   - rows: Which rows of `x`.
    ///   - products: The layers; their columns of `out` do not overlap.
    ///   - out: Receives every product's columns for each row; not the matrix `x`.
    ///   - outRow: The row of `out` for the first of `rows`; nil for the same row.
    ///   - accumulate: Whether to add to `out` instead of overwriting it.
    public func matmul(
        _ x: FloatMatrix, rows: Range<Int>, _ products: [LinearProduct], into out: FloatMatrix,
        outRow: Int? = nil, accumulate: Bool = false
    ) {
        let outRow = outRow ?? rows.lowerBound
        precondition(x !== out, "a product cannot overwrite its input")
        var scratchCount = 0
        for product in products {
            let (features, inputs) = (product.weights.rows, product.weights.columns)
            Self.check(x, rows, 0..<inputs)
            Self.check(
                out, outRow..<outRow + rows.count, product.column..<product.column + features)
            precondition(
                product.bias.map { $0.count == features } ?? true, "bias of \(features)")
            scratchCount = max(scratchCount, Int(ck_matmul_scratch(inputs)))
        }
        guard !rows.isEmpty, !products.isEmpty else { return }

        let scratch = unsafe scratch(count: scratchCount)
        var calls: [MatMulCall] = []
        var biases: [Float] = []
        var work = 0
        let groups = unsafe roundedInputs(x, rows: rows, of: products) { $0.isInteger }
        let words = unsafe roundedInputs(x, rows: rows, of: products) { $0 == .bf16dot }
        lap(.rounding)
        for product in products where product.weights.rows > 0 {
            let weights = product.weights
            let target = unsafe out.pointer(row: outRow) + product.column
            let operation: MatMulCall.Operation
            switch weights {
            case .stored(let view):
                var arguments = unsafe ck_matmul_args()
                unsafe arguments.x = UnsafePointer(x.pointer(row: rows.lowerBound))
                unsafe arguments.x_stride = x.stride
                unsafe arguments.tokens = rows.count
                unsafe arguments.k = view.columns
                unsafe arguments.w = view.pointer
                unsafe arguments.row_bytes = view.bytesPerRow
                unsafe arguments.out = target
                unsafe arguments.out_stride = out.stride
                unsafe arguments.scratch_floats = Int(ck_matmul_scratch(view.columns))
                unsafe arguments.type = view.elementType.code
                unsafe arguments.accumulate = accumulate
                unsafe operation = .stored(arguments)
            case .packed(let matrix):
                var arguments = unsafe ck_packed_matmul_args()
                unsafe arguments.x = UnsafePointer(x.pointer(row: rows.lowerBound))
                unsafe arguments.x_stride = x.stride
                unsafe arguments.inputs = matrix.format.isInteger ? groups : words
                unsafe arguments.tokens = rows.count
                unsafe arguments.k = matrix.columns
                unsafe arguments.w = matrix.pointer
                unsafe arguments.panel_bytes = matrix.format.panelByteCount(matrix.columns)
                unsafe arguments.rows = matrix.rows
                unsafe arguments.out = target
                unsafe arguments.out_stride = out.stride
                unsafe arguments.format = matrix.format.code
                unsafe arguments.accumulate = accumulate
                unsafe operation = .packed(arguments)
            }
            let shares = shareCount(
                features: weights.rows, inputs: weights.columns, tokens: rows.count)
            calls.append(
                unsafe MatMulCall(
                    operation: operation, bias: product.bias.map { _ in biases.count }, isa: isa,
                    features: weights.rows, shares: shares))
            biases += product.bias ?? []
            work += weights.rows * weights.columns * rows.count
        }
        // Tasks read the arrays through their pointers: counting references to them from several
        // threads takes a twentieth of a small model's step.
        unsafe calls.withUnsafeBufferPointer { calls in
            unsafe biases.withUnsafeBufferPointer { biases in
                unsafe scratch.buffers.withUnsafeBufferPointer { scratch in
                    let region = unsafe MatMulRegion(
                        calls: calls, biases: biases, scratch: scratch)
                    if work >= Self.smallWork * 2 {
                        pool.run(tasks: unsafe region.taskCount) { task, worker in
                            unsafe region.run(task, worker: worker)
                        }
                    } else {
                        unsafe region.runAll()
                    }
                }
            }
        }
        withExtendedLifetime((x, out, products)) {}
        lap(.products)
    }

    /// Rounds the inputs of products with some formats, once for all of them.
    ///
    /// - Parameters:
    ///   - x: Inputs.
    ///   - rows: Which rows of `x`.
    ///   - products: All of the products.
    ///   - isChosen: Formats whose inputs are rounded alike.
    /// - Returns: `[rows, columns]`, as the formats want them; nil where no product has one.
    private func roundedInputs(
        _ x: FloatMatrix, rows: Range<Int>, of products: [LinearProduct],
        where isChosen: (PackedFormat) -> Bool
    ) -> UnsafeRawPointer? {
        func counts(_ product: LinearProduct) -> Bool {
            product.weights.packedFormat.map(isChosen) ?? false
        }
        guard let first = products.first(where: counts)?.weights, let format = first.packedFormat
        else { return nil }
        let columns = first.columns
        precondition(
            products.allSatisfy { $0.weights.columns == columns || !counts($0) },
            "packed products of one input differ in columns")
        let rowBytes =
            format.isInteger
            ? columns / format.groupSize * MemoryLayout<ck_input_group>.stride : 2 * columns
        let memory = unsafe inputMemory(
            byteCount: rows.count * rowBytes, ofIntegers: format.isInteger)
        let target = unsafe UncheckedMutablePointer(memory)
        let source = unsafe RowPointer(x, rows.lowerBound, 0)
        let isa = isa
        forRows(rows.count, cost: columns) { share in
            for row in share {
                let start = unsafe target.pointer + row * rowBytes
                if format.isInteger {
                    unsafe ck_quantize_input(
                        isa, source[row], columns,
                        start.assumingMemoryBound(to: ck_input_group.self))
                } else {
                    unsafe ck_quantize(isa, Int32(CK_BF16), source[row], columns, start)
                }
            }
        }
        return UnsafeRawPointer(memory)
    }

    /// How many shares a product is cut into.
    ///
    /// Several per worker even out what other programs take away. Many tokens want shares of whole
    /// panels, or they would be read for few rows at a time; few want runs of memory that are long
    /// enough to be fetched ahead.
    private func shareCount(features: Int, inputs: Int, tokens: Int) -> Int {
        guard pool.threadCount > 1 else { return 1 }
        let panels = PackedMatrix.panelCount(rows: features)
        let rows = max(tokens > 12 ? 64 : 16, 65536 / max(1, inputs))
        let useful = max(pool.threadCount, features / rows)
        return max(1, min(panels, useful, pool.threadCount * 16))
    }

    /// Copies rows of an embedding table, as f32.
    ///
    /// - Parameters:
    ///   - embedding: `[vocabulary, columns]`.
    ///   - ids: Row numbers, each below the vocabulary's size.
    ///   - out: Receives row `ids[i]` in row i.
    public func gatherRows(_ embedding: WeightMatrix, ids: [Int32], into out: FloatMatrix) {
        Self.check(out, 0..<ids.count, 0..<embedding.columns)
        for (row, id) in ids.enumerated() {
            precondition(
                id >= 0 && Int(id) < embedding.rows, "id \(id) of \(embedding.rows) rows")
            switch embedding {
            case .stored(let view):
                unsafe ck_dequantize(
                    isa, view.elementType.code, view.pointer + Int(id) * view.bytesPerRow,
                    view.columns, out.pointer(row: row))
            case .packed(let matrix):
                unsafe matrix.unpack(row: Int(id), to: out.pointer(row: row))
            }
        }
        withExtendedLifetime(embedding) {}
        lap(.elementwise)
    }
}

/// One product, to be run in shares of its output features: a plain value without references.
///
/// Safe: its pointers are used by `MatMulRegion` alone.
@safe private struct MatMulCall {
    @unsafe enum Operation {
        case stored(ck_matmul_args)
        case packed(ck_packed_matmul_args)
    }

    let operation: Operation
    /// Where its bias begins among those of all products.
    let bias: Int?
    let isa: Int32
    let features: Int
    let shares: Int

    /// The features of a share: whole panels, which fill cache lines of the output too.
    func features(of share: Int) -> Range<Int> {
        let rows = PackedMatrix.panelRows
        let panels = PackedMatrix.panelCount(rows: features)
        let start = panels * share / shares * rows
        return start..<min(panels * (share + 1) / shares * rows, features)
    }
}

/// Some products of the same inputs, to be run task by task.
///
/// Safe to send: `matmul` keeps every operand alive and waits, and tasks write disjoint columns.
@unsafe private struct MatMulRegion: @unchecked Sendable {
    let calls: UnsafeBufferPointer<MatMulCall>
    let biases: UnsafeBufferPointer<Float>
    let scratch: UnsafeBufferPointer<UnsafeMutablePointer<Float>>

    /// Shares of all products.
    var taskCount: Int { unsafe calls.reduce(0) { $0 + $1.shares } }

    func run(_ task: Int, worker: Int) {
        var share = task
        for index in unsafe calls.indices {
            let call = unsafe calls[index]
            guard share >= call.shares else {
                return unsafe run(call, call.features(of: share), worker: worker)
            }
            share -= call.shares
        }
    }

    func runAll() {
        for index in unsafe calls.indices {
            let call = unsafe calls[index]
            unsafe run(call, 0..<call.features, worker: 0)
        }
    }

    /// Runs some features, the first a multiple of 16.
    private func run(_ call: MatMulCall, _ features: Range<Int>, worker: Int) {
        let bias = unsafe call.bias.flatMap { start in
            unsafe biases.baseAddress.map { unsafe $0 + start }
        }
        switch unsafe call.operation {
        case .stored(let arguments):
            var share = unsafe arguments
            unsafe share.row_begin = features.lowerBound
            unsafe share.row_end = features.upperBound
            unsafe share.scratch = scratch[worker]
            unsafe share.bias = bias
            unsafe ck_matmul(call.isa, &share)
        case .packed(let arguments):
            var share = unsafe arguments
            unsafe share.panel_begin = features.lowerBound / PackedMatrix.panelRows
            unsafe share.panel_end = PackedMatrix.panelCount(rows: features.upperBound)
            unsafe share.bias = bias
            unsafe ck_packed_matmul(call.isa, &share)
        }
    }
}
