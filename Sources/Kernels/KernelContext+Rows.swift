import CKernels

extension KernelContext {
    /// `out[i] = table[ids[i]]`: embeddings of tokens.
    ///
    /// - Parameters:
    ///   - table: `[entries, columns]`.
    ///   - ids: Rows of `table`.
    ///   - out: At least `[ids.count, columns]`; its first rows are overwritten.
    public func gatherRows(_ table: FloatMatrix, ids: [Int32], into out: FloatMatrix) {
        let columns = table.columns
        Self.check(ids, in: table)
        Self.check(out, 0..<ids.count, 0..<columns)
        precondition(table !== out, "rows gathered in place")
        let source = unsafe RowPointer(table, 0, 0)
        let target = unsafe RowPointer(out, 0, 0)
        forRows(ids.count, cost: columns) { share in
            for index in share {
                unsafe target[index].update(from: source[Int(ids[index])], count: columns)
            }
        }
        withExtendedLifetime((table, out)) {}
    }

    /// `table[ids[i]] += gradient[i]`, i ascending: what ``gatherRows(_:ids:into:)`` does,
    /// backwards.
    ///
    /// - Parameters:
    ///   - gradient: At least `[ids.count, columns]`.
    ///   - ids: Rows of `table`; those that occur more than once get every addend.
    ///   - table: `[entries, columns]`.
    public func scatterAddRows(_ gradient: FloatMatrix, ids: [Int32], into table: FloatMatrix) {
        Self.check(ids, in: table)
        Self.check(gradient, 0..<ids.count, 0..<table.columns)
        precondition(table !== gradient, "rows scattered in place")
        let source = unsafe RowPointer(gradient, 0, 0)
        let target = unsafe RowPointer(table, 0, 0)
        let isa = isa
        // no two workers write the same columns, whichever rows repeat
        let columnGroup = 16
        let groups = (table.columns + columnGroup - 1) / columnGroup
        let columns = table.columns
        forRows(groups, cost: columnGroup * ids.count) { share in
            let start = share.lowerBound * columnGroup
            let count = min(share.upperBound * columnGroup, columns) - start
            for (index, id) in ids.enumerated() {
                unsafe ck_add(isa, target[Int(id)] + start, source[index] + start, count)
            }
        }
        withExtendedLifetime((table, gradient)) {}
    }

    private static func check(_ ids: [Int32], in table: FloatMatrix) {
        for id in ids {
            precondition(id >= 0 && Int(id) < table.rows, "row \(id) of \(table.rows)")
        }
    }
}
