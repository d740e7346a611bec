/// A rectangle of a matrix, as an operand of ``KernelContext/product(_:transposed:_:transposed:into:accumulate:)``.
public struct MatrixBlock {
    /// The matrix that holds it.
    public let matrix: FloatMatrix
    /// Its rows there.
    public let rows: Range<Int>
    /// Its columns there.
    public let columns: Range<Int>

    init(matrix: FloatMatrix, rows: Range<Int>, columns: Range<Int>) {
        KernelContext.check(matrix, rows, columns)
        self.matrix = matrix
        self.rows = rows
        self.columns = columns
    }
}

extension FloatMatrix {
    /// A rectangle of this matrix.
    ///
    /// - Parameters:
    ///   - rows: Which rows; nil for all.
    ///   - columns: Which columns; nil for all.
    /// - Returns: A view, with shape `[rows, columns]`.
    public func block(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> MatrixBlock {
        MatrixBlock(
            matrix: self, rows: rows ?? 0..<self.rows, columns: columns ?? 0..<self.columns)
    }
}
