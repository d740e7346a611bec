import Glibc

/// Memory whose address is a multiple of a cache line.
enum AlignedMemory {
    /// Bytes of a cache line and of the widest register.
    static let alignment = 64

    /// Bytes of a huge page: rows of large matrices lie too far apart for small ones.
    private static let hugeAlignment = 2 << 20

    /// Obtains `byteCount` uninitialised bytes that `free` gives back.
    ///
    /// - Parameter byteCount: How many.
    /// - Returns: The first byte.
    /// - Throws: `outOfMemory`.
    static func allocate(byteCount: Int) throws(KernelError) -> UnsafeMutableRawPointer {
        let isHuge = byteCount >= 2 * hugeAlignment
        let alignment = isHuge ? hugeAlignment : alignment
        let (padded, overflow) = max(byteCount, 1).addingReportingOverflow(alignment - 1)
        guard !overflow, let memory = unsafe aligned_alloc(alignment, padded & ~(alignment - 1))
        else {
            throw .outOfMemory(byteCount: byteCount)
        }
        if isHuge {
            // refused where huge pages are off, which costs speed only
            unsafe madvise(memory, padded & ~(alignment - 1), MADV_HUGEPAGE)
        }
        return unsafe memory
    }
}
