import CKernels

extension KernelContext {
    /// Rows whose part in the gradient of a norm's weight is added up by one task.
    ///
    /// Fixed, so that the order of the sum is, too.
    private static let normBlock = 64

    /// What ``rmsNorm(_:rows:weight:epsilon:into:)`` does, backwards.
    ///
    /// The weight's gradient adds up blocks of 64 rows, each in ascending order, and then the
    /// blocks.
    ///
    /// - Parameters:
    ///   - x: Inputs of the norm.
    ///   - rows: Which rows of all matrices but the weight's.
    ///   - weight: `[1, columns]`.
    ///   - epsilon: As in the forward pass.
    ///   - outGradient: Gradient of the norm's result.
    ///   - gradient: Gradient of `x`; may be `outGradient` itself.
    ///   - accumulate: Whether `gradient` is added to, or overwritten.
    ///   - weightGradient: `[1, columns]`, added to.
    public func rmsNormBackward(
        _ x: FloatMatrix, rows: Range<Int>, weight: FloatMatrix, epsilon: Float,
        outGradient: FloatMatrix, into gradient: FloatMatrix, accumulate: Bool,
        weightGradient: FloatMatrix
    ) {
        rmsNormHeadsBackward(
            x, rows: rows, columns: 0..<weight.columns, weight: weight, epsilon: epsilon,
            outGradient: outGradient, into: gradient, accumulate: accumulate,
            weightGradient: weightGradient)
    }

    /// What ``rmsNormHeads(_:rows:columns:weight:epsilon:into:)`` does, backwards.
    ///
    /// - Parameters:
    ///   - x: Inputs of the norm, `[tokens, heads, headDim]` in `columns`.
    ///   - rows: Which rows of all matrices but the weight's.
    ///   - columns: A whole number of heads, of all matrices but the weight's.
    ///   - weight: `[1, headDim]`.
    ///   - epsilon: As in the forward pass.
    ///   - outGradient: Gradient of the norm's result.
    ///   - gradient: Gradient of `x`; may be `outGradient` itself.
    ///   - accumulate: Whether `gradient` is added to, or overwritten.
    ///   - weightGradient: `[1, headDim]`, added to in the order of
    ///     ``rmsNormBackward(_:rows:weight:epsilon:outGradient:into:accumulate:weightGradient:)``,
    ///     heads of a row ascending.
    public func rmsNormHeadsBackward(
        _ x: FloatMatrix, rows: Range<Int>, columns: Range<Int>, weight: FloatMatrix,
        epsilon: Float, outGradient: FloatMatrix, into gradient: FloatMatrix, accumulate: Bool,
        weightGradient: FloatMatrix
    ) {
        let headDim = weight.columns
        let heads = Self.heads(in: columns, weight: weight)
        for matrix in [x, outGradient, gradient] { Self.check(matrix, rows, columns) }
        Self.check(weightGradient, 0..<1, 0..<headDim)
        let blocks = (rows.count + Self.normBlock - 1) / Self.normBlock
        let partials = FloatMatrix(rows: blocks, columns: headDim)
        let source = unsafe RowPointer(x, rows.lowerBound, columns.lowerBound)
        let arriving = unsafe RowPointer(outGradient, rows.lowerBound, columns.lowerBound)
        let target = unsafe RowPointer(gradient, rows.lowerBound, columns.lowerBound)
        let factors = unsafe RowPointer(weight, 0, 0)
        let sums = unsafe RowPointer(partials, 0, 0)
        let isa = isa
        forRows(blocks, cost: Self.normBlock * columns.count) { share in
            for block in share {
                let start = block * Self.normBlock
                for row in start..<min(start + Self.normBlock, rows.count) {
                    for column in stride(from: 0, to: heads * headDim, by: headDim) {
                        unsafe ck_rms_norm_backward(
                            isa, source[row] + column, factors[0], arriving[row] + column,
                            headDim, epsilon, accumulate, target[row] + column, sums[block])
                    }
                }
            }
        }
        for block in 0..<blocks {
            unsafe ck_add(isa, weightGradient.pointer(row: 0), sums[block], headDim)
        }
        withExtendedLifetime((x, weight, outGradient, gradient, partials)) {}
    }

    /// How many heads lie in `columns`; traps unless it is a whole number.
    static func heads(in columns: Range<Int>, weight: FloatMatrix) -> Int {
        precondition(
            weight.rows == 1 && weight.columns > 0 && columns.count % weight.columns == 0,
            "\(columns.count) columns for heads of [\(weight.rows), \(weight.columns)]")
        return columns.count / weight.columns
    }

    /// What ``siluMultiply(_:rows:gate:up:count:into:)`` does, backwards.
    ///
    /// - Parameters:
    ///   - x: Gate and up side by side.
    ///   - rows: Which rows of all matrices.
    ///   - gate: First column of the gate, in `x` and in `gradient`.
    ///   - up: First column of up, likewise; the two do not overlap.
    ///   - count: Columns of each.
    ///   - outGradient: Gradient of the result, `count` columns from column 0.
    ///   - gradient: Gradient of `x`, overwritten; may be `x` itself.
    public func siluMultiplyBackward(
        _ x: FloatMatrix, rows: Range<Int>, gate: Int, up: Int, count: Int,
        outGradient: FloatMatrix, into gradient: FloatMatrix
    ) {
        for matrix in [x, gradient] {
            Self.check(matrix, rows, gate..<gate + count)
            Self.check(matrix, rows, up..<up + count)
        }
        Self.check(outGradient, rows, 0..<count)
        precondition(abs(gate - up) >= count, "gate \(gate) and up \(up) overlap in \(count)")
        precondition(outGradient !== gradient, "the gradient of x is wider than its result's")
        let gates = unsafe RowPointer(x, rows.lowerBound, gate)
        let ups = unsafe RowPointer(x, rows.lowerBound, up)
        let arriving = unsafe RowPointer(outGradient, rows.lowerBound, 0)
        let gateTarget = unsafe RowPointer(gradient, rows.lowerBound, gate)
        let upTarget = unsafe RowPointer(gradient, rows.lowerBound, up)
        let isa = isa
        forRows(rows.count, cost: count * 4) { share in
            for row in share {
                unsafe ck_silu_multiply_backward(
                    isa, gates[row], ups[row], arriving[row], count, gateTarget[row],
                    upTarget[row])
            }
        }
        withExtendedLifetime((x, outGradient, gradient)) {}
    }
}
