import Glibc
public import Kernels

/// A regular file mapped for reading; its pages come from the disk when they are first touched.
///
/// The file must not be truncated while it is mapped: touching a page that is gone ends the process
/// (SIGBUS; the program says why), unless `Checkpoint.load` has met it first. Replacing the file by another (`rename`) is
/// harmless.
public struct MappedFile: Sendable {
    /// The path it was opened by.
    public let path: String

    /// Its bytes; unmapped when the last holder lets go.
    public let storage: ByteStorage

    /// Maps the file at `path`; links are followed.
    ///
    /// - Parameter path: A regular file; a pipe, device, socket or directory is refused, unopened
    ///   pipes without waiting.
    /// - Throws: `CheckpointError.unreadable`.
    public init(path: String) throws(CheckpointError) {
        let file = try RegularFile(path: path)
        self.path = path
        guard file.byteCount > 0 else {
            // A mapping of no bytes is an error to the kernel.
            storage = try Self.emptyStorage(path)
            return
        }
        let start = unsafe mmap(nil, file.byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else {
            throw .unreadable(file: path, reason: RegularFile.reason(errno))
        }
        storage = unsafe ByteStorage(pointer: start, count: file.byteCount) { pointer, count in
            unsafe munmap(UnsafeMutableRawPointer(mutating: pointer), count)
        }
    }

    private static func emptyStorage(_ path: String) throws(CheckpointError) -> ByteStorage {
        do throws(KernelError) {
            return try ByteStorage([])
        } catch {
            throw .unreadable(file: path, reason: error.description)
        }
    }
}

extension ByteStorage {
    /// Lends the bytes as a span.
    func withSpan<Result>(
        _ body: (Span<UInt8>) throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        try unsafe withUnsafeBytes { bytes throws(CheckpointError) in
            try body(unsafe Span<UInt8>(_unsafeBytes: bytes))
        }
    }

    /// Lets the kernel take back the pages that lie wholly in `range`; touching them reads anew.
    ///
    /// Meant for mapped files only: there, the pages of a private mapping that nobody wrote to hold
    /// nothing but the file's own bytes.
    func discardMappedPages(in range: Range<Int>) {
        advise(MADV_DONTNEED, range)
    }

    /// Asks the kernel to read the pages that hold `range`, without waiting for them.
    ///
    /// Page faults alone read a disk in small pieces and only when somebody waits for each.
    func prefetchMappedPages(in range: Range<Int>) {
        advise(MADV_WILLNEED, range)
    }

    /// Reads the pages that hold `range` now; false where the file no longer has them.
    ///
    /// A file that was truncated after it was mapped, or a disk that fails, ends a process that
    /// touches the page (SIGBUS); here it is an answer.
    func loadMappedPages(in range: Range<Int>) -> Bool {
        // MADV_POPULATE_READ, since Linux 5.14; older kernels do not know it and say EINVAL.
        advise(22, range) == 0 || errno == EINVAL
    }

    @discardableResult
    private func advise(_ advice: CInt, _ range: Range<Int>) -> CInt {
        let pageByteCount = sysconf(Int32(_SC_PAGESIZE))
        guard pageByteCount > 0, !range.isEmpty else { return 0 }
        // Only what must not touch the neighbours' pages stays inside; reading may go beyond.
        let isDiscard = advice == MADV_DONTNEED
        let first =
            (range.lowerBound + (isDiscard ? pageByteCount - 1 : 0)) / pageByteCount * pageByteCount
        let end = isDiscard ? range.upperBound / pageByteCount * pageByteCount : range.upperBound
        guard first < end else { return 0 }
        return unsafe withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe madvise(
                UnsafeMutableRawPointer(mutating: start + first), end - first, advice)
        }
    }
}
