import CKernels

extension TensorView {
    /// The values on the line from these to those of another tensor, in memory of their own.
    ///
    /// Products and sum are in f64; the result is rounded to f32, and from there to `type`.
    ///
    /// - Parameters:
    ///   - other: What a share of 1 is; of this shape and any element type.
    ///   - share: How far from this tensor to the other.
    ///   - type: f32, f16, bf16, or q8_0 where rows fill blocks of 32.
    /// - Returns: A view of new storage with the same shape.
    /// - Throws: `unsupportedConversion`, `partialBlock` or `outOfMemory`.
    public func mixed(
        with other: TensorView, share: Double, as type: ElementType
    ) throws(KernelError) -> TensorView {
        precondition(shape == other.shape, "\(shape) and \(other.shape)")
        let storage = try unsafe ByteStorage(count: try byteCount(as: type)) { target in
            guard elementCount > 0, let base = target.baseAddress else { return }
            unsafe mix(with: other, share: share, as: type, target: base)
        }
        return try TensorView(storage: storage, elementType: type, shape: shape)
    }

    private func mix(
        with other: TensorView, share: Double, as type: ElementType,
        target: UnsafeMutableRawPointer
    ) {
        // whole blocks of every type, two of them in the first cache
        let piece = 1024
        let isa = InstructionSet.detected.code
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * piece) { buffer in
            guard let values = buffer.baseAddress else { return }
            let others = unsafe values + piece
            for start in stride(from: 0, to: elementCount, by: piece) {
                let count = min(piece, elementCount - start)
                unsafe ck_dequantize(isa, elementType.code, address(of: start), count, values)
                unsafe ck_dequantize(
                    isa, other.elementType.code, other.address(of: start), count, others)
                for index in 0..<count {
                    unsafe values[index] = Float(
                        Double(values[index]) * (1 - share) + Double(others[index]) * share)
                }
                let result =
                    unsafe target + start / type.elementsPerBlock * type.bytesPerBlock
                unsafe ck_quantize(isa, type.code, values, count, result)
            }
        }
    }

    /// The first byte of the block that begins with an element.
    private func address(of element: Int) -> UnsafeRawPointer {
        unsafe pointer + element / elementType.elementsPerBlock * elementType.bytesPerBlock
    }
}
