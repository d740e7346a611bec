import CKernels

/// An immutable tensor inside of somebody's bytes, row-major.
///
/// For a weight matrix the shape is `[outFeatures, inFeatures]`. Views are cheap to copy and keep
/// their storage alive.
public struct TensorView: Sendable {
    /// The bytes that hold the elements.
    public let storage: ByteStorage
    /// Where element 0 starts; no alignment is asked for.
    public let byteOffset: Int
    /// How elements lie in memory.
    public let elementType: ElementType
    /// Dimensions, outermost first; no dimension means one element.
    public let shape: [Int]
    /// The product of the shape.
    public let elementCount: Int
    /// Bytes from the first element to behind the last.
    public let byteCount: Int

    /// Describes a tensor and checks that it lies inside of its storage.
    ///
    /// - Parameters:
    ///   - storage: Where the elements are.
    ///   - byteOffset: Where they start.
    ///   - elementType: What they are.
    ///   - shape: Dimensions, outermost first; the last must fill whole blocks.
    /// - Throws: `invalidShape`, `partialBlock` or `outOfRange`.
    public init(
        storage: ByteStorage, byteOffset: Int = 0, elementType: ElementType, shape: [Int]
    ) throws(KernelError) {
        // innermost first, so that a zero in front cannot hide an overflow behind it
        var count = 1
        for dimension in shape.reversed() {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { throw .invalidShape(shape) }
            count = product
        }
        let columns = shape.last ?? 1
        guard columns % elementType.elementsPerBlock == 0 else {
            throw .partialBlock(type: elementType, columns: columns)
        }
        guard let bytes = elementType.byteCount(elements: count) else {
            throw .invalidShape(shape)
        }
        guard byteOffset >= 0, byteOffset <= storage.count, bytes <= storage.count - byteOffset
        else {
            throw .outOfRange(byteOffset: byteOffset, byteCount: bytes, storage: storage.count)
        }
        self.storage = storage
        self.byteOffset = byteOffset
        self.elementType = elementType
        self.shape = shape
        elementCount = count
        byteCount = bytes
    }

    /// An f32 tensor that holds a copy of `values`.
    ///
    /// - Parameters:
    ///   - values: Row-major, as many as the shape says.
    ///   - shape: Dimensions, outermost first.
    /// - Throws: `invalidShape`, `outOfRange` or `outOfMemory`.
    public init(_ values: [Float], shape: [Int]) throws(KernelError) {
        try self.init(
            storage: try ByteStorage(floats: values), elementType: .f32, shape: shape)
    }

    /// Dimension 0; 1 for a tensor without dimensions.
    public var rows: Int { shape.count > 1 ? shape[0] : 1 }

    /// Elements of a row: the product of all dimensions but the first.
    public var columns: Int { shape.count > 1 ? shape.dropFirst().reduce(1, *) : elementCount }

    /// Bytes from one row to the next.
    public var bytesPerRow: Int {
        columns / elementType.elementsPerBlock * elementType.bytesPerBlock
    }

    /// All elements as f32, row-major.
    public func floats() -> [Float] {
        floats(blocks: 0..<elementCount / elementType.elementsPerBlock)
    }

    /// The elements of one row as f32, `[columns]`.
    ///
    /// - Parameter row: Below `rows`.
    /// - Returns: A copy.
    public func floats(row: Int) -> [Float] {
        precondition((0..<rows).contains(row), "row \(row) of \(rows)")
        let blocks = columns / elementType.elementsPerBlock
        return floats(blocks: row * blocks..<(row + 1) * blocks)
    }

    private func floats(blocks: Range<Int>) -> [Float] {
        let count = blocks.count * elementType.elementsPerBlock
        return unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let target = buffer.baseAddress {
                let source = unsafe pointer + blocks.lowerBound * elementType.bytesPerBlock
                unsafe ck_dequantize(
                    InstructionSet.detected.code, elementType.code, source, count, target)
            }
            initialized = count
        }
    }

    /// The first byte, valid while `storage` lives.
    var pointer: UnsafeRawPointer { unsafe storage.pointer + byteOffset }

    /// The index of the first element that is NaN or infinite, scales of blocks included.
    ///
    /// - Returns: nil when every element is finite.
    public func firstNonFinite() -> Int? {
        let index = unsafe ck_first_non_finite(
            InstructionSet.detected.code, elementType.code, pointer, elementCount)
        return index < elementCount ? index : nil
    }

    /// The same elements under another shape.
    ///
    /// - Parameter shape: Has the same product.
    /// - Returns: A view of the same storage.
    /// - Throws: `invalidShape` or `partialBlock`.
    public func reshaped(_ shape: [Int]) throws(KernelError) -> TensorView {
        let view = try TensorView(
            storage: storage, byteOffset: byteOffset, elementType: elementType, shape: shape)
        guard view.elementCount == elementCount else { throw .invalidShape(shape) }
        return view
    }

    /// The rows in `range`, without copying.
    ///
    /// - Parameter range: Inside of `0..<rows`, of a tensor with two or more dimensions.
    /// - Returns: A view of the same storage.
    /// - Throws: `rowsOutOfRange`.
    public func rowSlice(_ range: Range<Int>) throws(KernelError) -> TensorView {
        guard shape.count > 1, range.lowerBound >= 0, range.upperBound <= rows else {
            throw .rowsOutOfRange(range: range, rows: rows)
        }
        return try TensorView(
            storage: storage, byteOffset: byteOffset + range.lowerBound * bytesPerRow,
            elementType: elementType, shape: [range.count] + shape.dropFirst())
    }
}
