import Glibc

/// Bytes that never change, with one owner and one way to give them back.
@safe public final class ByteStorage: Sendable {
    /// How many bytes.
    public let count: Int

    // Nothing writes through `base` after initialisation, and only `deinit`, which no other use can
    // overlap, frees it.
    private nonisolated(unsafe) let base: UnsafeRawPointer
    private let release: @Sendable (UnsafeRawPointer, Int) -> Void

    /// Takes over memory that someone else obtained.
    ///
    /// - Parameters:
    ///   - pointer: The first byte; nobody may write to the memory any more.
    ///   - count: How many bytes are readable.
    ///   - onRelease: Gives the memory back; called once, on any thread.
    @unsafe public init(
        pointer: UnsafeRawPointer, count: Int,
        onRelease: @escaping @Sendable (UnsafeRawPointer, Int) -> Void
    ) {
        precondition(count >= 0)
        unsafe base = pointer
        self.count = count
        unsafe release = onRelease
    }

    /// Allocates `count` bytes, 64-byte aligned, and lets `fill` write all of them.
    ///
    /// - Parameters:
    ///   - count: How many bytes.
    ///   - isZeroed: Whether they are zeros at first; else whoever writes them first is also who
    ///     has the system find them.
    ///   - fill: Receives them.
    /// - Throws: `outOfMemory`.
    init(
        count: Int, isZeroed: Bool = true, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(KernelError) {
        let memory = try unsafe AlignedMemory.allocate(byteCount: count)
        if isZeroed { unsafe memset(memory, 0, count) }
        unsafe fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
        unsafe base = UnsafeRawPointer(memory)
        self.count = count
        unsafe release = { pointer, _ in unsafe free(UnsafeMutableRawPointer(mutating: pointer)) }
    }

    /// Copies `bytes` to memory that is 64-byte aligned.
    ///
    /// - Parameter bytes: What to hold.
    /// - Throws: `outOfMemory`.
    public convenience init(_ bytes: [UInt8]) throws(KernelError) {
        try unsafe self.init(count: bytes.count) { target in
            unsafe target.copyBytes(from: bytes)
        }
    }

    /// Copies the bytes of `floats`, in this machine's order, to aligned memory.
    ///
    /// - Parameter floats: What to hold.
    /// - Throws: `outOfMemory`.
    public convenience init(floats: [Float]) throws(KernelError) {
        try unsafe self.init(count: floats.count * MemoryLayout<Float>.stride) { target in
            unsafe floats.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
    }

    deinit {
        unsafe release(base, count)
    }

    /// Lends the bytes to `body`.
    ///
    /// - Parameter body: Must not keep the pointer.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The first byte, for the operations of this module, which keep `self` alive while they run.
    var pointer: UnsafeRawPointer { unsafe base }
}
