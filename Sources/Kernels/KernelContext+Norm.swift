import CKernels

extension KernelContext {
    /// `out = x / sqrt(mean(x²) + epsilon) * weight`, row by row, the weight being a matrix.
    ///
    /// - Parameters:
    ///   - x: Inputs.
    ///   - rows: Which rows of `x`, and of `out`.
    ///   - weight: `[1, columns]`; its columns say how many columns count.
    ///   - epsilon: Added to the mean.
    ///   - out: May be `x` itself.
    public func rmsNorm(
        _ x: FloatMatrix, rows: Range<Int>, weight: FloatMatrix, epsilon: Float,
        into out: FloatMatrix
    ) {
        rmsNormHeads(
            x, rows: rows, columns: 0..<weight.columns, weight: weight, epsilon: epsilon, into: out)
    }

    /// The same norm over every head of a slice of columns: Qwen3's norm of q and k.
    ///
    /// - Parameters:
    ///   - x: Heads side by side, `[tokens, heads, headDim]` in `columns`.
    ///   - rows: Which rows of `x`, and of `out`.
    ///   - columns: A whole number of heads, the same columns of `x` and of `out`.
    ///   - weight: `[1, headDim]`.
    ///   - epsilon: Added to the mean.
    ///   - out: May be `x` itself.
    public func rmsNormHeads(
        _ x: FloatMatrix, rows: Range<Int>, columns: Range<Int>, weight: FloatMatrix,
        epsilon: Float, into out: FloatMatrix
    ) {
        let headDim = weight.columns
        let heads = Self.heads(in: columns, weight: weight)
        Self.check(x, rows, columns)
        Self.check(out, rows, columns)
        let source = unsafe RowPointer(x, rows.lowerBound, columns.lowerBound)
        let target = unsafe RowPointer(out, rows.lowerBound, columns.lowerBound)
        let factors = unsafe RowPointer(weight, 0, 0)
        let isa = isa
        forRows(rows.count, cost: columns.count) { share in
            for row in share {
                for column in stride(from: 0, to: heads * headDim, by: headDim) {
                    unsafe ck_rms_norm(
                        isa, source[row] + column, factors[0], headDim, epsilon,
                        target[row] + column)
                }
            }
        }
        withExtendedLifetime((x, weight, out)) {}
    }
}
