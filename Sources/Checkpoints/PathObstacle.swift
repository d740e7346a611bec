import Glibc

/// What keeps this process from reading a path: the first component that stands in the way.
///
/// "Permission denied" for `/srv/models/a/model.safetensors` may be about any of four things, and
/// the user that a service runs as is rarely the one who looks. So the path is walked as the kernel
/// walks it (path_resolution(7)), links included.
public struct PathObstacle: Sendable, Equatable, CustomStringConvertible {
    /// The component, as a path from where the given one begins.
    public let component: String

    /// One line: the component, what is wrong with it, for which user, and what would help.
    public let description: String

    /// Looks for an obstacle now; there is none (nil) where the path can be read.
    ///
    /// - Parameter path: A file or a folder, which must be searchable too; relative paths begin in
    ///   the process's folder. What kind of file it is does not matter.
    public init?(onTheWayTo path: String) {
        self.init(onTheWayTo: path, for: .current, in: SystemFiles())
    }

    init?(onTheWayTo path: String, for user: ProcessUser, in files: some FileSystemView) {
        // No path at all; who opens it says so.
        guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
        var walk = PathWalk(path, in: files)
        guard let problem = walk.firstProblem() else { return nil }
        component = walk.place
        var words = PathObstacleWords(user: user, files: files)
        words.place = walk.place
        words.link = walk.lastLink
        description = printable(words.line(for: problem), maximumCount: 1000)
    }
}

/// What can be wrong with one component.
enum PathProblem {
    case missing
    case notAFolder(FileFacts)
    case notSearchable(FileFacts)
    case notReadable(FileFacts)
    case tooManyLinks
    case refused(SystemFailure)
}
