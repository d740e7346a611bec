import Glibc

/// Memory whose address is a multiple of a cache line.
enum AlignedMemory {
    /// Bytes of a cache line and of the widest register.
    static let alignment = 64

    /// Obtains `byteCount` uninitialised bytes that `free` gives back.
    ///
    /// - Parameter byteCount: How many.
    /// - Returns: The first byte.
    /// - Throws: `outOfMemory`.
    static func allocate(byteCount: Int) throws(KernelError) -> UnsafeMutableRawPointer {
        let (padded, overflow) = max(byteCount, 1).addingReportingOverflow(alignment - 1)
        guard !overflow, let memory = unsafe aligned_alloc(alignment, padded & ~(alignment - 1))
        else {
            throw .outOfMemory(byteCount: byteCount)
        }
        return unsafe memory
    }
}
