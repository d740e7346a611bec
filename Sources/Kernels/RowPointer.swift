import Glibc

/// Rows of a matrix from some row and column on, for tasks of the pool.
///
/// Safe to send: the operation that made it waits for its tasks, which write disjoint rows.
@unsafe struct RowPointer: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Float>
    private let stride: Int

    init(_ matrix: FloatMatrix, _ row: Int, _ column: Int) {
        unsafe base = matrix.pointer(row: row) + column
        unsafe stride = matrix.stride
    }

    subscript(row: Int) -> UnsafeMutablePointer<Float> {
        unsafe base + row * stride
    }
}

/// The natural logarithm, taken in f64 and rounded once.
func logarithm(_ value: Float) -> Float {
    Float(log(Double(value)))
}
