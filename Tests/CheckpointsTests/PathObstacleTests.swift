import Checkpoints
import Foundation
import Glibc
import Testing

@Suite struct PathObstacleTests {
    /// Nobody's file lies here, and nobody is in no group of its owner.
    private let nobody = PathObstacle.Reader(user: 65534, groups: [65534])

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = try TemporaryDirectory()
        // Folders of temporary files are often closed to others.
        #expect(unsafe chmod(folder.path, 0o755) == 0)
        try body(URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path)
    }

    @Test func `a path's first closed folder is named, with its mode, its owner and the reader`()
        throws
    {
        try withFolder { folder in
            let models = "\(folder)/models"
            let member = "\(models)/family/alpha_0"
            try FileManager.default.createDirectory(
                atPath: member, withIntermediateDirectories: true)
            for (mode, problem) in [
                (0o700, PathObstacle.Problem.notSearchable), (0o744, .notSearchable),
            ] {
                #expect(unsafe chmod(models, mode_t(mode)) == 0)
                let obstacle = try #require(PathObstacle.first(on: member, for: nobody))
                #expect(obstacle.part == models && obstacle.problem == problem)
                let text = obstacle.description
                #expect(text.contains("(uid 65534)") && text.contains("chmod o+x \(models)"))
                #expect(text.contains(mode == 0o700 ? "drwx------" : "drwxr--r--"))
            }
            #expect(unsafe chmod(models, 0o711) == 0)
            #expect(PathObstacle.first(on: member, for: nobody) == nil)
            // To be listed it must be read too.
            #expect(PathObstacle.first(on: models, for: nobody)?.problem == .notReadable)
            #expect(PathObstacle.first(on: models, for: .init(user: 0, groups: [0])) == nil)
            let owner = PathObstacle.Reader(user: geteuid(), groups: [])
            #expect(PathObstacle.first(on: models, for: owner) == nil)
        }
    }

    @Test func `missing parts, files in the way and links are told apart`() throws {
        try withFolder { folder in
            let file = "\(folder)/file"
            #expect(FileManager.default.createFile(atPath: file, contents: Data()))
            #expect(unsafe chmod(file, 0o600) == 0)
            #expect(PathObstacle.first(on: file, for: nobody)?.problem == .notReadable)
            let below = try #require(PathObstacle.first(on: "\(file)/x", for: nobody))
            #expect(below.part == file && below.problem == .notAFolder)
            let missing = try #require(PathObstacle.first(on: "\(folder)/a/b/c", for: nobody))
            #expect(missing.part == "\(folder)/a" && missing.problem == .missing)
            let links = [("to-file", "file"), ("one", "two"), ("two", "one"), ("gone", "../gone")]
            for (link, target) in links {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/\(link)", withDestinationPath: target)
            }
            #expect(PathObstacle.first(on: "\(folder)/to-file", for: nobody)?.part == file)
            #expect(PathObstacle.first(on: "\(folder)/one", for: nobody)?.problem == .linkLoop)
            let gone = try #require(PathObstacle.first(on: "\(folder)/gone/x", for: nobody))
            #expect(gone.problem == .missing && gone.part.hasSuffix("/../gone"))
        }
    }
}
