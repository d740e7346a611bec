import Glibc

/// What tells whether files are the ones that were read before, without reading them.
///
/// A file is stamped by device, inode, size and the times at which its bytes and its entry changed;
/// of folders all files in them count, whatever links they hang by. Whoever writes into a file,
/// puts another in its place or turns a link to another folder changes the stamps.
public struct FileStamps: Sendable, Equatable {
    /// Of one file; an absent or unreadable one has the reason alone.
    private struct Stamp: Sendable, Equatable {
        var device: UInt = 0
        var inode: UInt = 0
        var size = 0
        var modified = Instant()
        var changed = Instant()
        var error: Int32 = 0
    }

    private struct Instant: Sendable, Equatable {
        var seconds = 0
        var nanoseconds = 0
    }

    /// Members lie in their family's folder, and caches hang their files by links two folders away.
    private static let depthLimit = 4
    private static let entryLimit = 20_000

    private var stamps: [String: Stamp] = [:]

    /// The stamps of checkpoints as they are now.
    ///
    /// - Parameter paths: Folders, with all that is in them, and files, with those beside them: the
    ///   other parts of a split checkpoint.
    public init(checkpoints paths: [String]) {
        for path in paths {
            if isFolder(path) {
                take(folder: path, depth: 0)
            } else {
                take(folder: Checkpoint.directory(of: path), depth: Self.depthLimit)
                take(path)
            }
        }
    }

    private mutating func take(folder: String, depth: Int) {
        guard let names = try? DirectoryListing.names(in: folder, limit: Self.entryLimit) else {
            return take(folder)
        }
        for name in names where stamps.count < Self.entryLimit {
            let path = "\(folder)/\(name)"
            if !isFolder(path) {
                take(path)
            } else if depth < Self.depthLimit {
                take(folder: path, depth: depth + 1)
            }
        }
    }

    private mutating func take(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            stamps[path] = Stamp(error: errno)
            return
        }
        stamps[path] = Stamp(
            device: status.st_dev, inode: status.st_ino, size: status.st_size,
            modified: Instant(
                seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec),
            changed: Instant(
                seconds: status.st_ctim.tv_sec, nanoseconds: status.st_ctim.tv_nsec))
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
