import ArgumentParser
import Checkpoints
import Glibc

/// Looks whether what flags name can be reached, before anything is made of it.
enum ReadablePath {
    /// Refuses a path whose way is barred, by the part that bars it.
    ///
    /// What is wrong with the last part itself, other than its mode, is told by whoever reads it.
    ///
    /// - Parameters:
    ///   - path: A file or folder; nil names none.
    ///   - flag: What named it.
    /// - Throws: `ValidationError` with the part, the user that it stops and what would let it in.
    static func check(_ path: String?, for flag: String) throws {
        guard let path, unsafe access(path, R_OK) != 0,
            let obstacle = PathObstacle.first(on: path)
        else { return }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard obstacle.problem != .missing || !obstacle.part.hasSuffix("/" + name) else { return }
        throw ValidationError("\(flag) \(path): \(obstacle)")
    }
}
