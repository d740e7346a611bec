import CKernels

extension KernelContext {
    /// `out[t] = x[t] · weightsᵀ + bias`, the linear layer.
    ///
    /// Each weight is turned into its exact f32 value; sums follow the order that `ckernels.h`
    /// states.
    ///
    /// - Parameters:
    ///   - x: Inputs; the first `inFeatures` columns of `rows` are read.
    ///   - rows: Which rows of `x`.
    ///   - weights: `[outFeatures, inFeatures]`, any element type.
    ///   - bias: `[outFeatures]`, or nil.
    ///   - out: Receives `outFeatures` columns for each row; not the matrix `x`.
    ///   - outRow: The row of `out` for the first of `rows`; nil for the same row.
    ///   - columnOffset: The column of `out` for feature 0.
    ///   - accumulate: Whether to add to `out` instead of overwriting it.
    public func matmul(
        _ x: FloatMatrix, rows: Range<Int>, weights: TensorView, bias: [Float]? = nil,
        into out: FloatMatrix, outRow: Int? = nil, columnOffset: Int = 0, accumulate: Bool = false
    ) {
        let (features, inputs) = (weights.rows, weights.columns)
        let outRow = outRow ?? rows.lowerBound
        Self.check(x, rows, 0..<inputs)
        Self.check(out, outRow..<outRow + rows.count, columnOffset..<columnOffset + features)
        precondition(x !== out, "a product cannot overwrite its input")
        precondition(bias.map { $0.count == features } ?? true, "bias of \(features)")
        guard !rows.isEmpty, features > 0 else { return }

        let scratchCount = Int(ck_matmul_scratch(inputs))
        let scratch = unsafe scratch(count: scratchCount)
        var arguments = unsafe ck_matmul_args()
        unsafe arguments.x = UnsafePointer(x.pointer(row: rows.lowerBound))
        unsafe arguments.x_stride = x.stride
        unsafe arguments.tokens = rows.count
        unsafe arguments.k = inputs
        unsafe arguments.w = weights.pointer
        unsafe arguments.row_bytes = weights.bytesPerRow
        unsafe arguments.out = out.pointer(row: outRow) + columnOffset
        unsafe arguments.out_stride = out.stride
        unsafe arguments.scratch_floats = scratchCount
        unsafe arguments.type = weights.elementType.code
        unsafe arguments.accumulate = accumulate
        let call = unsafe MatMulCall(arguments: arguments, isa: isa, scratch: scratch)
        let work = features * inputs * rows.count
        unsafe withOptionalPointer(bias) { pointer in
            let call = unsafe call.with(bias: pointer)
            if work < Self.smallWork * 2 {
                unsafe call.run(0..<features, worker: 0)
                return
            }
            // several shares per worker even out what other programs take away; 16 rows fill a
            // cache line of the output
            let blocks = (features + 15) / 16
            let shares = min(blocks, pool.threadCount == 1 ? 1 : pool.threadCount * 4)
            pool.run(tasks: shares) { share, worker in
                let start = blocks * share / shares * 16
                let end = min(blocks * (share + 1) / shares * 16, features)
                unsafe call.run(start..<end, worker: worker)
            }
        }
        withExtendedLifetime((x, out, weights)) {}
    }

    /// Copies rows of an embedding table, as f32.
    ///
    /// - Parameters:
    ///   - embedding: `[vocabulary, columns]`, any element type.
    ///   - ids: Row numbers, each below the vocabulary's size.
    ///   - out: Receives row `ids[i]` in row i.
    public func gatherRows(_ embedding: TensorView, ids: [Int32], into out: FloatMatrix) {
        Self.check(out, 0..<ids.count, 0..<embedding.columns)
        for (row, id) in ids.enumerated() {
            precondition(
                id >= 0 && Int(id) < embedding.rows, "id \(id) of \(embedding.rows) rows")
            unsafe ck_dequantize(
                isa, embedding.elementType.code,
                embedding.pointer + Int(id) * embedding.bytesPerRow, embedding.columns,
                out.pointer(row: row))
        }
        withExtendedLifetime(embedding) {}
    }
}

/// Lends the elements of an optional array as a pointer.
private func withOptionalPointer(
    _ values: [Float]?, _ body: (UnsafePointer<Float>?) -> Void
) {
    guard let values else {
        body(nil)
        return
    }
    unsafe values.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}

/// One product, to be run in shares of its output features.
///
/// Safe to send: `matmul` keeps every operand alive and waits, and shares write disjoint columns.
@unsafe private struct MatMulCall: @unchecked Sendable {
    var arguments: ck_matmul_args
    let isa: Int32
    let scratch: WorkerScratch

    func with(bias: UnsafePointer<Float>?) -> MatMulCall {
        var call = unsafe self
        unsafe call.arguments.bias = bias
        return unsafe call
    }

    func run(_ features: Range<Int>, worker: Int) {
        var share = unsafe arguments
        unsafe share.row_begin = features.lowerBound
        unsafe share.row_end = features.upperBound
        unsafe share.scratch = scratch.buffers[worker]
        unsafe ck_matmul(isa, &share)
    }
}
