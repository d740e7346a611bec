import Glibc

/// A run of f32 that several matrices may share: all parameters of a model, or their gradients.
///
///     [ embedding | layer 0: norm, query, ... | ... | output norm ]
///       ^ matrix(at: 0, ...)                         ^ each a view into the same memory
///
/// Starts at zero. Confined to whoever made it, like the matrices that look into it and keep it
/// alive.
@safe public final class FloatBuffer {
    /// Floats held.
    public let count: Int
    let base: UnsafeMutablePointer<Float>

    /// Makes a buffer of zeros.
    ///
    /// - Parameter count: At least 0.
    public init(count: Int) {
        precondition(count >= 0, "\(count) floats")
        self.count = count
        let bytes = count * MemoryLayout<Float>.stride
        guard let memory = unsafe try? AlignedMemory.allocate(byteCount: bytes) else {
            fatalError("no memory for \(count) floats")
        }
        unsafe memset(memory, 0, bytes)
        unsafe base = memory.assumingMemoryBound(to: Float.self)
    }

    deinit {
        unsafe free(base)
    }

    /// A matrix over part of the buffer, row-major without gaps.
    ///
    /// - Parameters:
    ///   - offset: Where element (0, 0) is.
    ///   - rows: At least 0.
    ///   - columns: At least 0; `offset + rows * columns` is at most `count`.
    /// - Returns: A view that keeps the buffer alive.
    public func matrix(at offset: Int, rows: Int, columns: Int) -> FloatMatrix {
        FloatMatrix(viewing: self, at: offset, rows: rows, columns: columns)
    }

    /// A copy of some elements.
    ///
    /// - Parameter range: Inside of `0..<count`.
    /// - Returns: The elements in order.
    public func floats(_ range: Range<Int>) -> [Float] {
        check(range)
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Overwrites some elements.
    ///
    /// - Parameters:
    ///   - values: Must fit.
    ///   - offset: Where the first one goes.
    public func set(_ values: [Float], at offset: Int = 0) {
        check(offset..<offset + values.count)
        unsafe values.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe (base + offset).update(from: start, count: values.count)
        }
    }

    /// Makes every element 0.
    public func clear() {
        unsafe memset(base, 0, count * MemoryLayout<Float>.stride)
    }

    /// Traps unless `range` lies inside of the buffer.
    func check(_ range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= count, "\(range) of \(count) floats")
    }
}
