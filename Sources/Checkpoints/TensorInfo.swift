/// What a checkpoint says about one tensor.
public struct TensorInfo: Sendable, Equatable {
    /// The name it is found by.
    public let name: String

    /// How its elements are stored.
    public let type: StoredType

    /// Its dimensions, slowest first: `[rows, columns]` for a matrix in either format.
    public let shape: [Int]

    /// Where its bytes lie, from the start of its file.
    public let byteRange: Range<Int>

    /// How many elements it has.
    public var elementCount: Int {
        // The product was checked for overflow when the byte range was.
        shape.reduce(1, *)
    }
}
