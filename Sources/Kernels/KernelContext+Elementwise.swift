import CKernels

extension KernelContext {
    /// `out = x / sqrt(mean(x²) + epsilon) * weight`, row by row (arXiv 1910.07467).
    ///
    /// - Parameters:
    ///   - x: Inputs.
    ///   - rows: Which rows of `x`, and of `out`.
    ///   - weight: `[columns]`; its count says how many columns count.
    ///   - epsilon: Added to the mean.
    ///   - out: May be `x` itself.
    ///   - outRow: The row of `out` for the first of `rows`; nil for the same row.
    public func rmsNorm(
        _ x: FloatMatrix, rows: Range<Int>, weight: [Float], epsilon: Float,
        into out: FloatMatrix, outRow: Int? = nil
    ) {
        let outRow = outRow ?? rows.lowerBound
        Self.check(x, rows, 0..<weight.count)
        Self.check(out, outRow..<outRow + rows.count, 0..<weight.count)
        let source = unsafe RowPointer(x, rows.lowerBound, 0)
        let target = unsafe RowPointer(out, outRow, 0)
        let isa = isa
        forRows(rows.count, cost: weight.count) { share in
            for row in share {
                unsafe ck_rms_norm(
                    isa, source[row], weight, weight.count, epsilon, target[row])
            }
        }
        withExtendedLifetime((x, out)) {}
        lap(.elementwise)
    }

    /// The same norm over every head of a slice of columns, in place: Qwen3's norm of q and k.
    ///
    /// - Parameters:
    ///   - x: Heads side by side, `[tokens, heads, headDim]` in `columns`.
    ///   - rows: Which rows.
    ///   - columns: A whole number of heads.
    ///   - weight: `[headDim]`.
    ///   - epsilon: Added to the mean.
    public func rmsNormHeads(
        _ x: FloatMatrix, rows: Range<Int>, columns: Range<Int>, weight: [Float], epsilon: Float
    ) {
        Self.check(x, rows, columns)
        precondition(
            !weight.isEmpty && columns.count % weight.count == 0,
            "\(columns.count) columns for heads of \(weight.count)")
        let target = unsafe RowPointer(x, rows.lowerBound, columns.lowerBound)
        let (isa, heads) = (isa, columns.count / weight.count)
        forRows(rows.count, cost: columns.count) { share in
            for row in share {
                for head in 0..<heads {
                    let pointer = unsafe target[row] + head * weight.count
                    unsafe ck_rms_norm(isa, pointer, weight, weight.count, epsilon, pointer)
                }
            }
        }
        withExtendedLifetime(x) {}
        lap(.elementwise)
    }

    /// `out = silu(gate) * up`, element by element.
    ///
    /// - Parameters:
    ///   - x: Gate and up side by side.
    ///   - rows: Which rows of `x`, and of `out`.
    ///   - gate: First column of the gate.
    ///   - up: First column of up.
    ///   - count: Columns of each.
    ///   - out: Receives `count` columns from column 0; may be `x` itself when `gate` is 0.
    public func siluMultiply(
        _ x: FloatMatrix, rows: Range<Int>, gate: Int, up: Int, count: Int, into out: FloatMatrix
    ) {
        Self.check(x, rows, gate..<gate + count)
        Self.check(x, rows, up..<up + count)
        Self.check(out, rows, 0..<count)
        precondition(x !== out || gate == 0, "in place needs the gate in column 0")
        let gates = unsafe RowPointer(x, rows.lowerBound, gate)
        let ups = unsafe RowPointer(x, rows.lowerBound, up)
        let target = unsafe RowPointer(out, rows.lowerBound, 0)
        let isa = isa
        forRows(rows.count, cost: count * 4) { share in
            for row in share {
                unsafe ck_silu_multiply(isa, gates[row], ups[row], count, target[row])
            }
        }
        withExtendedLifetime((x, out)) {}
        lap(.elementwise)
    }

    /// `x += y` over the first `columns` columns of some rows.
    ///
    /// - Parameters:
    ///   - x: Changed.
    ///   - y: Added.
    ///   - rows: Which rows of both.
    ///   - columns: How many columns; nil for all of `x`.
    public func add(
        _ x: FloatMatrix, _ y: FloatMatrix, rows: Range<Int>, columns: Int? = nil
    ) {
        let count = columns ?? x.columns
        Self.check(x, rows, 0..<count)
        Self.check(y, rows, 0..<count)
        let target = unsafe RowPointer(x, rows.lowerBound, 0)
        let source = unsafe RowPointer(y, rows.lowerBound, 0)
        let isa = isa
        forRows(rows.count, cost: count) { share in
            for row in share {
                unsafe ck_add(isa, target[row], source[row], count)
            }
        }
        withExtendedLifetime((x, y)) {}
    }

    /// The index of the first largest element of a row; NaN never wins.
    ///
    /// - Parameters:
    ///   - x: Logits.
    ///   - row: Which row.
    /// - Returns: A column.
    public func argmax(_ x: FloatMatrix, row: Int) -> Int {
        Self.check(x, row..<row + 1, 0..<x.columns)
        return unsafe Int(ck_argmax(isa, x.pointer(row: row), x.columns))
    }

    /// The largest element of a row and the sum of `e^(x - largest)` over it.
    ///
    /// - Parameters:
    ///   - x: Logits.
    ///   - row: Which row.
    /// - Returns: Both; a row without columns gives minus infinity and 0.
    public func softmaxStatistics(
        _ x: FloatMatrix, row: Int
    ) -> (maximum: Float, sumOfExponentials: Float) {
        Self.check(x, row..<row + 1, 0..<x.columns)
        let pointer = unsafe x.pointer(row: row)
        let maximum = unsafe ck_max(isa, pointer, x.columns)
        return unsafe (maximum, ck_sum_exp(isa, pointer, x.columns, maximum))
    }

    /// `log Σ e^x` of a row, what a logit loses to become a log-probability.
    ///
    /// - Parameters:
    ///   - x: Logits.
    ///   - row: Which row.
    /// - Returns: The logarithm.
    public func logSumExp(_ x: FloatMatrix, row: Int) -> Float {
        let statistics = softmaxStatistics(x, row: row)
        return statistics.maximum + logarithm(statistics.sumOfExponentials)
    }
}
