/// A rectangle of a matrix, as it stands or with rows and columns changed: an operand of
/// ``KernelContext/product(_:_:into:accumulate:)``.
public struct MatrixBlock {
    /// The matrix that holds it.
    public let matrix: FloatMatrix
    /// Its rows there.
    public let rows: Range<Int>
    /// Its columns there.
    public let columns: Range<Int>
    /// Whether element (i, j) of the block is (j, i) of the rectangle.
    public private(set) var isTransposed = false

    init(matrix: FloatMatrix, rows: Range<Int>, columns: Range<Int>) {
        KernelContext.check(matrix, rows, columns)
        self.matrix = matrix
        self.rows = rows
        self.columns = columns
    }

    /// The same rectangle with rows and columns changed.
    public var transposed: MatrixBlock {
        var block = self
        block.isTransposed.toggle()
        return block
    }

    /// `[rows, columns]`, after transposing.
    var shape: (rows: Int, columns: Int) {
        isTransposed ? (columns.count, rows.count) : (rows.count, columns.count)
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
