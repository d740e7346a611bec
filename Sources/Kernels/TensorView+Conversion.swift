import CKernels

extension TensorView {
    /// The same values rounded to another element type, in memory of their own.
    ///
    /// Rounds to nearest, ties to even. Elements that already have the type are not copied.
    ///
    /// - Parameters:
    ///   - type: f32, f16, bf16, or q8_0 where rows fill blocks of 32.
    ///   - pool: Workers to spread the rows over; nil to use this thread alone.
    /// - Returns: A view of new storage with the same shape.
    /// - Throws: `unsupportedConversion`, `partialBlock` or `outOfMemory`.
    public func converted(
        to type: ElementType, using pool: WorkerPool? = nil
    ) throws(KernelError) -> TensorView {
        if type == elementType { return self }
        let count = try byteCount(as: type)
        let storage = try unsafe ByteStorage(count: count) { target in
            guard elementCount > 0, let base = target.baseAddress else { return }
            unsafe convert(to: type, target: base, using: pool)
        }
        return try TensorView(storage: storage, elementType: type, shape: shape)
    }

    /// Bytes of as many elements of a type that can be converted to.
    func byteCount(as type: ElementType) throws(KernelError) -> Int {
        guard [.f32, .f16, .bf16, .q8_0].contains(type) else {
            throw .unsupportedConversion(to: type)
        }
        guard (shape.last ?? 1) % type.elementsPerBlock == 0,
            let count = type.byteCount(elements: elementCount)
        else {
            throw .partialBlock(type: type, columns: shape.last ?? 1)
        }
        return count
    }

    private func convert(
        to type: ElementType, target: UnsafeMutableRawPointer, using pool: WorkerPool?
    ) {
        // pieces that are whole blocks of every type and stay in the first cache
        let piece = 1024
        let pieces = (elementCount + piece - 1) / piece
        let run = min(pieces, 256)
        let isa = InstructionSet.detected.code
        let (from, fromType, total) = (unsafe UncheckedPointer(pointer), elementType, elementCount)
        let to = unsafe UncheckedMutablePointer(target)
        let body: @Sendable (Int, Int) -> Void = { task, _ in
            unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: piece) { buffer in
                guard let floats = buffer.baseAddress else { return }
                for index in task * run..<min((task + 1) * run, pieces) {
                    let start = index * piece
                    let count = min(piece, total - start)
                    let source =
                        unsafe from.pointer
                        + start / fromType.elementsPerBlock * fromType.bytesPerBlock
                    let result =
                        unsafe to.pointer
                        + start / type.elementsPerBlock * type.bytesPerBlock
                    unsafe ck_dequantize(isa, fromType.code, source, count, floats)
                    unsafe ck_quantize(isa, type.code, floats, count, result)
                }
            }
        }
        let tasks = (pieces + run - 1) / run
        if let pool {
            pool.run(tasks: tasks, body)
        } else {
            for task in 0..<tasks { body(task, 0) }
        }
    }

    /// Copies rows into a new tensor, in any order and number.
    ///
    /// - Parameter order: For each row of the result, the row of this tensor to take.
    /// - Returns: A tensor of `order.count` rows with the same element type.
    /// - Throws: `rowsOutOfRange` or `outOfMemory`.
    public func permutedRows(_ order: [Int]) throws(KernelError) -> TensorView {
        for row in order where !(0..<rows).contains(row) {
            throw .rowsOutOfRange(range: row..<row &+ 1, rows: rows)
        }
        let (bytes, overflow) = bytesPerRow.multipliedReportingOverflow(by: order.count)
        guard !overflow else { throw .invalidShape([order.count] + shape.dropFirst()) }
        let storage = try unsafe ByteStorage(count: bytes) { target in
            guard let base = target.baseAddress else { return }
            for (index, row) in order.enumerated() {
                unsafe (base + index * bytesPerRow).copyMemory(
                    from: pointer + row * bytesPerRow, byteCount: bytesPerRow)
            }
        }
        return try TensorView(
            storage: storage, elementType: elementType,
            shape: [order.count] + (shape.count > 1 ? Array(shape.dropFirst()) : shape))
    }
}
