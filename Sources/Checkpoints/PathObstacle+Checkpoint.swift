import Glibc

extension PathObstacle {
    /// Looks for an obstacle on the way to a checkpoint and to each file of it; there is none (nil)
    /// where all that `Checkpoint.open` and its companions read can be read.
    ///
    /// - Parameter path: A file of weights, or a folder with some.
    public init?(onTheWayToCheckpoint path: String) {
        if let obstacle = PathObstacle(onTheWayTo: path) {
            self = obstacle
            return
        }
        guard RegularFile.isDirectory(path),
            let names = try? DirectoryListing.names(in: path, limit: 1 << 20)
        else { return nil }
        for name in names.sorted() where Self.isRead(name) {
            guard let obstacle = PathObstacle(onTheWayTo: "\(path)/\(name)") else { continue }
            self = obstacle
            return
        }
        return nil
    }

    private static func isRead(_ name: String) -> Bool {
        CompanionFile(rawValue: name) != nil || name == Checkpoint.indexFile
            || name.hasSuffix(".safetensors") || name.hasSuffix(".gguf")
    }
}
