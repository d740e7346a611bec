import CKernels

/// How the elements of a head pair up for rotation.
public enum RotaryStyle: Sendable {
    /// Element i with element i + pairs, as in GPT-NeoX and Hugging Face's layouts.
    case halves
    /// Element 2i with element 2i + 1, as in the original paper and GGUF's Llama files.
    case interleaved
}

/// Cosines and sines of every position, `[positions, pairs]` each.
public struct RotaryTable {
    /// Cosines, scaled as the model wants them.
    public let cosine: FloatMatrix
    /// Sines, likewise.
    public let sine: FloatMatrix

    /// Joins tables of one shape.
    public init(cosine: FloatMatrix, sine: FloatMatrix) {
        precondition(cosine.rows == sine.rows && cosine.columns == sine.columns)
        self.cosine = cosine
        self.sine = sine
    }

    /// Positions held.
    public var positionCount: Int { cosine.rows }
    /// Pairs that are rotated in each head; further elements stay.
    public var pairCount: Int { cosine.columns }
}

extension KernelContext {
    /// Rotates heads by their positions, in place (arXiv 2104.09864).
    ///
    /// `(a, b)` becomes `(a cos - b sin, b cos + a sin)`, each product rounded on its own.
    ///
    /// - Parameters:
    ///   - x: Heads side by side, `[tokens, heads, headDim]` in `columns`.
    ///   - rows: Which rows.
    ///   - columns: A whole number of heads.
    ///   - headDim: Elements of a head, at least twice the table's pairs.
    ///   - positions: The position of each row, each below the table's count.
    ///   - table: Cosines and sines.
    ///   - style: Which elements form a pair.
    public func rope(
        _ x: FloatMatrix, rows: Range<Int>, columns: Range<Int>, headDim: Int,
        positions: [Int32], table: RotaryTable, style: RotaryStyle
    ) {
        Self.check(x, rows, columns)
        precondition(headDim > 0 && columns.count % headDim == 0, "heads of \(headDim)")
        precondition(2 * table.pairCount <= headDim, "\(table.pairCount) pairs in \(headDim)")
        precondition(positions.count == rows.count, "\(positions.count) positions")
        for position in positions {
            precondition(
                position >= 0 && Int(position) < table.positionCount,
                "position \(position) of \(table.positionCount)")
        }
        let target = unsafe RowPointer(x, rows.lowerBound, columns.lowerBound)
        let cosine = unsafe RowPointer(table.cosine, 0, 0)
        let sine = unsafe RowPointer(table.sine, 0, 0)
        let (isa, heads, pairs) = (isa, columns.count / headDim, table.pairCount)
        forRows(rows.count, cost: columns.count) { share in
            for row in share {
                let position = Int(positions[row])
                unsafe ck_rope(
                    isa, target[row], heads, headDim, cosine[position], sine[position], pairs,
                    style == .interleaved)
            }
        }
        withExtendedLifetime((x, table.cosine, table.sine)) {}
        lap(.elementwise)
    }
}
