import Checkpoints
import Inference

/// A path that a flag names and that this process cannot read, with the component that is why.
struct UnreadablePath: CommandFailure {
    /// The flag, with its dashes.
    let flag: String
    let path: String
    let obstacle: PathObstacle

    var description: String { "\(flag) \(path): cannot be read: \(obstacle)" }

    /// Checks a file or a folder.
    ///
    /// - Throws: `UnreadablePath`.
    static func check(_ flag: String, _ path: String) throws(UnreadablePath) {
        try check(flag, path, PathObstacle(onTheWayTo: path))
    }

    /// Checks a checkpoint and each of its files.
    ///
    /// - Throws: `UnreadablePath`.
    static func check(checkpoint path: String) throws(UnreadablePath) {
        try check("--model", path, PathObstacle(onTheWayToCheckpoint: path))
    }

    /// Checks a family and each file of its members.
    ///
    /// - Throws: `UnreadablePath`.
    static func check(family path: String) throws(UnreadablePath) {
        try check("--family", path, FamilyDirectory.obstacle(onTheWayTo: path))
    }

    private static func check(
        _ flag: String, _ path: String, _ obstacle: PathObstacle?
    ) throws(UnreadablePath) {
        guard let obstacle else { return }
        throw UnreadablePath(flag: flag, path: path, obstacle: obstacle)
    }
}
