import CKernels

extension KernelContext {
    /// `c[m, n] = Σ_k a[m, k] · b[k, n] (+ c)`: the products of a training pass.
    ///
    /// Each sum is one chain of fused multiply-adds, k ascending, as `ckernels.h` states: the same
    /// bits for every number of threads and instruction set.
    ///
    /// - Parameters:
    ///   - a: `[m, k]`.
    ///   - b: `[k, n]`.
    ///   - c: `[m, n]`, not transposed, of another matrix than `a` and `b`.
    ///   - accumulate: Whether to add to `c` instead of overwriting it.
    public func product(
        _ a: MatrixBlock, _ b: MatrixBlock, into c: MatrixBlock, accumulate: Bool = false
    ) {
        let (m, k) = a.shape
        let (inner, n) = b.shape
        precondition(
            k == inner && m == c.rows.count && n == c.columns.count && !c.isTransposed,
            "[\(m), \(k)] · [\(inner), \(n)] into [\(c.rows.count), \(c.columns.count)]")
        precondition(c.matrix !== a.matrix && c.matrix !== b.matrix, "a product into its operand")
        precondition(k > 0, "a sum of nothing")
        guard m > 0, n > 0 else { return }

        var arguments = unsafe ck_gemm_args()
        unsafe arguments.a = UnsafePointer(a.pointer)
        unsafe arguments.a_row = a.isTransposed ? 1 : a.matrix.stride
        unsafe arguments.a_column = a.isTransposed ? a.matrix.stride : 1
        unsafe arguments.b = UnsafePointer(b.pointer)
        unsafe arguments.b_row = b.isTransposed ? 1 : b.matrix.stride
        unsafe arguments.b_column = b.isTransposed ? b.matrix.stride : 1
        unsafe arguments.c = c.pointer
        unsafe arguments.c_stride = c.matrix.stride
        unsafe arguments.row_end = m
        unsafe arguments.column_end = n
        unsafe arguments.k = k
        unsafe arguments.accumulate = accumulate
        let call = unsafe GemmCall(
            arguments: arguments, isa: isa, scratch: scratch(count: Int(ck_gemm_scratch())))
        if m * n * k < Self.smallWork * 2 {
            call.run(rows: 0..<m, columns: 0..<n, worker: 0)
        } else if m >= n {
            // Shares end at whole tiles, of 6 or 12 rows.
            pool.split(m, grain: 12) { call.run(rows: $0, columns: 0..<n, worker: $1) }
        } else {
            pool.split(n, grain: 32) { call.run(rows: 0..<m, columns: $0, worker: $1) }
        }
        withExtendedLifetime((a.matrix, b.matrix, c.matrix)) {}
    }

    /// Adds a row to every row of a block: a bias.
    ///
    /// - Parameters:
    ///   - row: `[1, n]`.
    ///   - c: `[m, n]`.
    public func addRow(_ row: MatrixBlock, to c: MatrixBlock) {
        precondition(row.rows.count == 1 && row.columns.count == c.columns.count, "one row")
        let (isa, count) = (isa, c.columns.count)
        let source = unsafe RowPointer(row.matrix, row.rows.lowerBound, row.columns.lowerBound)
        let target = unsafe RowPointer(c.matrix, c.rows.lowerBound, c.columns.lowerBound)
        forRows(c.rows.count, cost: count) { share in
            for index in share {
                unsafe ck_add(isa, target[index], source[0], count)
            }
        }
        withExtendedLifetime((row.matrix, c.matrix)) {}
    }

    /// Adds all rows of a block to a row, ascending: a bias's gradient.
    ///
    /// - Parameters:
    ///   - x: `[m, n]`.
    ///   - row: `[1, n]`, added to.
    public func columnSums(of x: MatrixBlock, addingTo row: MatrixBlock) {
        precondition(row.rows.count == 1 && row.columns.count == x.columns.count, "one row")
        let (isa, rows) = (isa, x.rows.count)
        let source = unsafe RowPointer(x.matrix, x.rows.lowerBound, x.columns.lowerBound)
        let target = unsafe RowPointer(row.matrix, row.rows.lowerBound, row.columns.lowerBound)
        pool.split(x.columns.count, grain: 16) { columns, _ in
            for index in 0..<rows {
                unsafe ck_add(
                    isa, target[0] + columns.lowerBound, source[index] + columns.lowerBound,
                    columns.count)
            }
        }
        withExtendedLifetime((x.matrix, row.matrix)) {}
    }
}

extension MatrixBlock {
    /// Where element (0, 0) is.
    fileprivate var pointer: UnsafeMutablePointer<Float> {
        unsafe matrix.pointer(row: rows.lowerBound) + columns.lowerBound
    }
}

/// One product, to be run in shares of its rows or columns.
///
/// Safe to send: `product` keeps every operand alive and waits, and shares write disjoint parts.
@safe private struct GemmCall: @unchecked Sendable {
    let arguments: ck_gemm_args
    let isa: Int32
    let scratch: WorkerScratch

    func run(rows: Range<Int>, columns: Range<Int>, worker: Int) {
        var share = unsafe arguments
        unsafe share.row_begin = rows.lowerBound
        unsafe share.row_end = rows.upperBound
        unsafe share.column_begin = columns.lowerBound
        unsafe share.column_end = columns.upperBound
        unsafe share.scratch = scratch.buffers[worker]
        unsafe ck_gemm(isa, &share)
    }
}
