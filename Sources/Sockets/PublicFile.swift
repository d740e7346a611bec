import CSystem
import Glibc

/// A folder from which files are given to anybody: nothing outside of it can be reached.
public struct PublicFolder: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// Opens the folder.
    ///
    /// - Parameter path: Where it lies; symbolic links on the way to it are followed.
    /// - Throws: `system` where it cannot be opened or is no folder.
    public init(path: String) throws(SocketError) {
        let number = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw SocketError(operation: "open \(path)", number: errno) }
        descriptor = FileDescriptor(owning: number)
    }

    /// Opens a regular file for reading, or looks at a folder.
    ///
    /// The kernel resolves the whole path below the folder (`openat2`, `RESOLVE_BENEATH`): neither
    /// `..` nor a symbolic link leads out. Kernels that do not have the call get no links at all.
    ///
    /// - Parameter components: Names, none of them empty or with a slash or a NUL.
    /// - Returns: What is there, or nil where there is nothing that may be shown: no such name, no
    ///   permission, a link that leads out, a pipe, a socket or a device.
    public func entry(at components: some BidirectionalCollection<String>) -> PublicEntry? {
        let number = unsafe laconic_open_beneath(
            descriptor.number, components.isEmpty ? "." : components.joined(separator: "/"))
        if number < 0, errno == ENOSYS || errno == EPERM { return entryByNames(at: components) }
        return Self.entry(opened: number)
    }

    /// As `entry`, one name after the other and without following any link.
    func entryByNames(at components: some BidirectionalCollection<String>) -> PublicEntry? {
        Self.entry(opened: walk(components))
    }

    private static func entry(opened number: Int32) -> PublicEntry? {
        guard number >= 0 else { return nil }
        let opened = FileDescriptor(owning: number)
        var information = stat()
        guard unsafe fstat(number, &information) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG: return .file(PublicFile(opened, information))
        default: return nil
        }
    }

    private func walk(_ components: some BidirectionalCollection<String>) -> Int32 {
        // Not to wait for the writer of a pipe, nor to become a terminal's process.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        guard !components.contains("..") else { return -1 }
        guard let last = components.last else {
            return unsafe openat(descriptor.number, ".", flags)
        }
        var parents: [Int32] = []
        defer { for parent in parents { _ = close(parent) } }
        for name in components.dropLast() {
            let parent = unsafe openat(
                parents.last ?? descriptor.number, name,
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard parent >= 0 else { return -1 }
            parents.append(parent)
        }
        return unsafe openat(parents.last ?? descriptor.number, last, flags)
    }
}

/// What a name in a public folder stands for.
public enum PublicEntry: Sendable {
    /// Another folder.
    case folder
    /// A regular file, open.
    case file(PublicFile)
}

/// A regular file that is open for reading.
public final class PublicFile: Sendable {
    /// How many bytes it had when it was opened.
    public let byteCount: Int
    /// When it was last written: seconds since 1970.
    public let modifiedSeconds: Int
    /// The nanoseconds of that second.
    public let modifiedNanoseconds: Int
    private let descriptor: FileDescriptor

    fileprivate init(_ descriptor: consuming FileDescriptor, _ information: stat) {
        self.descriptor = descriptor
        byteCount = Int(information.st_size)
        modifiedSeconds = information.st_mtim.tv_sec
        modifiedNanoseconds = information.st_mtim.tv_nsec
    }

    /// Reads some bytes.
    ///
    /// - Parameter range: Where they lie.
    /// - Returns: They, fewer only where the file has become shorter.
    /// - Throws: `system` where the disk fails.
    public func bytes(in range: Range<Int>) throws(SocketError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { target, count in
            while count < range.count {
                let got = unsafe pread(
                    descriptor.number, target.baseAddress.map { unsafe $0 + count },
                    range.count - count, range.lowerBound + count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { return }
                count += got
            }
        }
        guard failure == 0 else { throw SocketError(operation: "pread", number: failure) }
        return bytes
    }
}
