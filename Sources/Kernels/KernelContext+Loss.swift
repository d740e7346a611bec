import CKernels
import Glibc

extension KernelContext {
    /// The log-probability of each row's target, and the entropy of its distribution.
    ///
    /// - Parameters:
    ///   - logits: `[tokens, vocabulary]`.
    ///   - rows: Which rows.
    ///   - targets: `[rows.count]` columns; a row whose target is negative is skipped.
    /// - Returns: `[rows.count]`; ``TargetStatistics/none`` for skipped rows.
    public func targetStatistics(
        _ logits: FloatMatrix, rows: Range<Int>, targets: [Int32]
    ) -> [TargetStatistics] {
        let columns = logits.columns
        Self.check(logits, rows, 0..<columns)
        Self.check(targets, rows: rows, columns: columns)
        let source = unsafe RowPointer(logits, rows.lowerBound, 0)
        let isa = isa
        var statistics = [TargetStatistics](repeating: .none, count: rows.count)
        unsafe statistics.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            let results = unsafe UncheckedMutablePointer(base)
            forRows(rows.count, cost: columns * 4) { share in
                for row in share where targets[row] >= 0 {
                    let x = unsafe source[row]
                    let largest = unsafe ck_max(isa, x, columns)
                    var (sum, moment): (Float, Float) = (0, 0)
                    unsafe ck_exp_moments(isa, x, columns, largest, &sum, &moment)
                    let logarithm = log(Double(sum))
                    let target = unsafe Double(x[Int(targets[row])])
                    unsafe results.pointer.storeBytes(
                        of: TargetStatistics(
                            logSum: Float(Double(largest) + logarithm),
                            logProbability: Float(target - Double(largest) - logarithm),
                            entropy: Float(logarithm - Double(moment) / Double(sum))),
                        toByteOffset: row * MemoryLayout<TargetStatistics>.stride,
                        as: TargetStatistics.self)
                }
            }
        }
        withExtendedLifetime(logits) {}
        return statistics
    }

    /// Turns logits into the gradient of `Σ weight * -log p(target)`, in place.
    ///
    /// Row r becomes `weights[r] * (softmax(logits[r]) - onehot(targets[r]))`.
    ///
    /// - Parameters:
    ///   - logits: `[tokens, vocabulary]`, overwritten in `rows`.
    ///   - rows: Which rows.
    ///   - targets: `[rows.count]` columns; a row whose target is negative becomes zeros.
    ///   - logSums: `[rows.count]`, ``TargetStatistics/logSum`` of the logits.
    ///   - weights: `[rows.count]`; a row whose weight is 0 becomes zeros.
    public func logProbabilityGradient(
        _ logits: FloatMatrix, rows: Range<Int>, targets: [Int32], logSums: [Float],
        weights: [Float]
    ) {
        let columns = logits.columns
        Self.check(logits, rows, 0..<columns)
        Self.check(targets, rows: rows, columns: columns)
        precondition(
            logSums.count == rows.count && weights.count == rows.count,
            "\(logSums.count) sums and \(weights.count) weights for \(rows.count) rows")
        let target = unsafe RowPointer(logits, rows.lowerBound, 0)
        let isa = isa
        forRows(rows.count, cost: columns * 4) { share in
            for row in share {
                if targets[row] < 0 || weights[row] == 0 {
                    unsafe target[row].update(repeating: 0, count: columns)
                } else {
                    unsafe ck_softmax_gradient(
                        isa, target[row], columns, Int(targets[row]), logSums[row], weights[row])
                }
            }
        }
        withExtendedLifetime(logits) {}
    }

    private static func check(_ targets: [Int32], rows: Range<Int>, columns: Int) {
        precondition(
            targets.count == rows.count, "\(targets.count) targets for \(rows.count) rows")
        for target in targets {
            precondition(Int(target) < columns, "target \(target) of \(columns) columns")
        }
    }
}
