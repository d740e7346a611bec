import Glibc

/// A regular file, opened for reading without ever waiting for anybody.
///
/// Opening a FIFO blocks until somebody writes to it, and a device may do anything: the file is
/// opened without blocking, looked at, and refused unless it is a regular one. Symbolic links are
/// followed (a Hugging Face snapshot consists of them); the kernel ends loops with an error.
struct RegularFile: ~Copyable {
    let path: String
    let descriptor: CInt
    let byteCount: Int

    init(path: String) throws(CheckpointError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .unreadable(file: path, reason: "expected a path, found an empty or broken one")
        }
        var opened: CInt = -1
        repeat {
            opened = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        } while opened < 0 && errno == EINTR
        guard opened >= 0 else {
            throw .unreadable(file: path, reason: Self.reason(errno))
        }
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else {
            let code = errno
            close(opened)
            throw .unreadable(file: path, reason: Self.reason(code))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(opened)
            throw .unreadable(
                file: path,
                reason: "expected a regular file, found \(Self.kind(status.st_mode))")
        }
        self.path = path
        descriptor = opened
        byteCount = Int(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// Whether anything stands at `path`; a link counts, wherever it leads.
    ///
    /// So a link to nowhere (a download that was broken off) is reported by whoever opens it, not
    /// taken for a file that was never there.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR)
    }

    /// Whether a directory stands at `path`; links are followed.
    static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Reads the whole file into memory.
    ///
    /// - Parameter limit: The most bytes to read.
    /// - Returns: Its bytes.
    /// - Throws: `CheckpointError` where the file is larger, grows or shrinks meanwhile, or the disk
    ///   fails.
    consuming func contents(limit: Int) throws(CheckpointError) -> [UInt8] {
        guard byteCount <= limit else {
            throw .fileTooLarge(file: path, byteCount: byteCount, limit: limit)
        }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        var filled = 0
        while filled < byteCount {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), byteCount - filled,
                    filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(file: path, reason: Self.reason(errno)) }
            guard count > 0 else {
                throw .unreadable(file: path, reason: "the file became shorter while it was read")
            }
            filled += count
        }
        return bytes
    }

    /// The system's words for an error number.
    static func reason(_ code: CInt) -> String {
        guard let words = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: words)
    }

    private static func kind(_ mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a directory"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "something else"
        }
    }
}
