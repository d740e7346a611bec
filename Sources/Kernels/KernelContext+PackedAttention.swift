import CKernels

/// Packed sequences whose queries, keys and values lie in one matrix, side by side.
///
///     row:  [ queries: headCount heads | keys: keyValueHeadCount heads | values: as many ]
public struct PackedAttention: Sendable {
    /// The rows of each sequence, disjoint.
    public var sequences: [Range<Int>]
    /// Query heads, a multiple of `keyValueHeadCount`.
    public var headCount: Int
    /// Key heads, and value heads.
    public var keyValueHeadCount: Int
    /// Elements of a head.
    public var headSize: Int
    /// What scores are multiplied by.
    public var scale: Float
    /// Keys that a position sees, its own included; nil for all before it.
    public var window: Int?

    /// Describes sequences and heads.
    public init(
        sequences: [Range<Int>], headCount: Int, keyValueHeadCount: Int, headSize: Int,
        scale: Float, window: Int? = nil
    ) {
        precondition(
            keyValueHeadCount > 0 && headCount % keyValueHeadCount == 0,
            "\(headCount) heads over \(keyValueHeadCount)")
        self.sequences = sequences
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.scale = scale
        self.window = window
    }

    var queryWidth: Int { headCount * headSize }
    var width: Int { queryWidth + 2 * keyValueHeadCount * headSize }
}

extension KernelContext {
    /// Causal attention within each sequence, keeping what its gradient needs.
    ///
    /// The sums of a row are fixed by its sequence alone; `ckernels.h` states their order.
    ///
    /// - Parameters:
    ///   - projected: `[rows, width]`: queries, keys, values, rotated.
    ///   - shape: Sequences and heads.
    ///   - out: `[rows, headCount * headSize]`, what every head gathered.
    ///   - logSums: `[rows, headCount]`, log Σ e^score.
    public func attention(
        _ projected: FloatMatrix, _ shape: PackedAttention, into out: FloatMatrix,
        logSums: FloatMatrix
    ) {
        let call = packedCall(projected, shape, out: out, logSums: logSums)
        call.run(on: pool)
        withExtendedLifetime((projected, out, logSums)) {}
    }

    /// The gradient of ``attention(_:_:into:logSums:)``.
    ///
    /// - Parameters:
    ///   - projected: As it was given.
    ///   - shape: As it was given.
    ///   - out: As it was returned.
    ///   - logSums: As it was returned.
    ///   - outGradient: The gradient of `out`, of the same columns.
    ///   - gradient: The gradient of `projected`, of the same columns; overwritten in the rows of
    ///     the sequences.
    public func attentionBackward(
        _ projected: FloatMatrix, _ shape: PackedAttention, out: FloatMatrix, logSums: FloatMatrix,
        outGradient: FloatMatrix, into gradient: FloatMatrix
    ) {
        precondition(
            outGradient.stride == out.stride && gradient.stride == projected.stride
                && gradient !== projected, "gradients as wide as what they belong to")
        for rows in shape.sequences {
            Self.check(outGradient, rows, 0..<shape.queryWidth)
            Self.check(gradient, rows, 0..<shape.width)
        }
        var call = packedCall(projected, shape, out: out, logSums: logSums)
        unsafe call.outGradient = RowPointer(outGradient, 0, 0)
        unsafe call.gradient = RowPointer(gradient, 0, 0)
        call.run(on: pool)
        withExtendedLifetime((projected, out, logSums, outGradient, gradient)) {}
    }

    private func packedCall(
        _ projected: FloatMatrix, _ shape: PackedAttention, out: FloatMatrix, logSums: FloatMatrix
    ) -> PackedAttentionCall {
        for rows in shape.sequences {
            Self.check(projected, rows, 0..<shape.width)
            Self.check(out, rows, 0..<shape.queryWidth)
            Self.check(logSums, rows, 0..<shape.headCount)
        }
        let longest = shape.sequences.map(\.count).max() ?? 0
        let floats = Int(ck_packed_attention_scratch(longest, shape.headSize))
        return unsafe PackedAttentionCall(
            shape: shape, isa: isa, scratch: scratch(count: floats),
            projected: RowPointer(projected, 0, 0), stride: projected.stride,
            out: RowPointer(out, 0, 0), outStride: out.stride, logSums: RowPointer(logSums, 0, 0),
            logSumStride: logSums.stride)
    }
}

/// One attention, to be run by sequence and key-value head.
///
/// Safe to send: the operation that made it keeps every matrix alive and waits, and tasks write
/// disjoint rows or heads.
@safe private struct PackedAttentionCall: @unchecked Sendable {
    let shape: PackedAttention
    let isa: Int32
    let scratch: WorkerScratch
    let projected: RowPointer
    let stride: Int
    let out: RowPointer
    let outStride: Int
    let logSums: RowPointer
    let logSumStride: Int
    var outGradient: RowPointer?
    var gradient: RowPointer?

    func run(on pool: WorkerPool) {
        // The longest first, so that none is left for one thread alone at the end.
        let order = shape.sequences.sorted { $0.count > $1.count }
        let heads = shape.keyValueHeadCount
        pool.run(tasks: order.count * heads) { [self] task, worker in
            run(order[task / heads], head: task % heads, worker: worker)
        }
    }

    private func run(_ rows: Range<Int>, head: Int, worker: Int) {
        guard !rows.isEmpty else { return }
        let group = shape.headCount / shape.keyValueHeadCount
        let query = head * group * shape.headSize
        let key = shape.queryWidth + head * shape.headSize
        let value = key + shape.keyValueHeadCount * shape.headSize
        let start = unsafe projected[rows.lowerBound]
        var arguments = unsafe ck_packed_attention_args()
        unsafe arguments.queries = UnsafePointer(start + query)
        unsafe arguments.keys = UnsafePointer(start + key)
        unsafe arguments.values = UnsafePointer(start + value)
        unsafe arguments.stride = stride
        unsafe arguments.out = out[rows.lowerBound] + query
        unsafe arguments.out_stride = outStride
        unsafe arguments.log_sums = logSums[rows.lowerBound] + head * group
        unsafe arguments.log_sum_stride = logSumStride
        unsafe arguments.count = rows.count
        unsafe arguments.group = group
        unsafe arguments.head_dim = shape.headSize
        unsafe arguments.window = shape.window ?? 0
        unsafe arguments.scale = shape.scale
        unsafe arguments.scratch = scratch.buffers[worker]
        guard let outGradient = unsafe outGradient, let gradient = unsafe gradient else {
            unsafe ck_packed_attention(isa, &arguments)
            return
        }
        let slope = unsafe gradient[rows.lowerBound]
        unsafe arguments.out_gradient = UnsafePointer(outGradient[rows.lowerBound] + query)
        unsafe arguments.query_gradient = slope + query
        unsafe arguments.key_gradient = slope + key
        unsafe arguments.value_gradient = slope + value
        unsafe ck_packed_attention_backward(isa, &arguments)
    }
}
