import CSystem

/// What becomes of memory that was freed: models come and go in a process that runs for months.
enum HeapMemory {
    /// Lets whatever is larger than a few matrices go back to the system the moment it is freed.
    ///
    /// By default glibc learns from the first large block that is freed, and keeps the next ones: a
    /// replaced model of gigabytes would stay resident.
    static func returnLargeBlocks() {
        mallopt(M_MMAP_THRESHOLD, 4 << 20)
    }

    /// Gives back the pages of small blocks that were freed, of all threads.
    static func trim() {
        malloc_trim(0)
    }
}
