import Glibc
import Testing

@testable import Checkpoints

/// Files and accounts that exist only here.
private struct Machine: FileSystemView {
    /// Facts by path; of a folder in which relative paths begin, by `.`.
    var files: [String: FileFacts]
    var links: [String: String] = [:]
    /// What a mode allows and something else does not.
    var refused: Set<String> = []
    var user = ProcessUser(id: 998, groups: [998, 50], folder: "/work")

    init(_ modes: [(path: String, mode: UInt32, owner: UInt32, group: UInt32)]) {
        files = [
            "/": FileFacts(mode: S_IFDIR | 0o755, owner: 0, group: 0),
            ".": FileFacts(mode: S_IFDIR | 0o755, owner: 0, group: 0),
        ]
        for file in modes {
            files[file.path] = FileFacts(mode: file.mode, owner: file.owner, group: file.group)
        }
    }

    func link(_ path: String, to target: String) -> Machine {
        var machine = self
        machine.files[path] = FileFacts(mode: S_IFLNK | 0o777, owner: 0, group: 0)
        machine.links[path] = target
        return machine
    }

    func facts(at path: String) throws(SystemFailure) -> FileFacts {
        guard let facts = files[path] else { throw SystemFailure(number: ENOENT) }
        return facts
    }

    func target(ofLink path: String) -> String? { links[path] }

    func mayRead(_ path: String) -> Bool { may(path, 4) }

    func maySearch(_ path: String) -> Bool { may(path, 1) }

    func userName(_ id: UInt32) -> String? { [0: "root", 998: "laconic"][id] }

    func groupName(_ id: UInt32) -> String? { [0: "root", 50: "models"][id] }

    func obstacle(_ path: String) -> String? {
        PathObstacle(onTheWayTo: path, for: user, in: self)?.description
    }

    private func may(_ path: String, _ bit: UInt32) -> Bool {
        guard let facts = files[path], !refused.contains(path) else { return false }
        return user.permissions(facts).bits & bit != 0
    }
}

@Suite struct PathObstacleTests {
    /// `/srv/models/a/model.safetensors`, where everybody may go.
    private func open(
        _ path: String? = nil, _ mode: UInt32 = 0, owner: UInt32 = 0, group: UInt32 = 0
    ) -> Machine {
        var machine = Machine([
            ("/srv", S_IFDIR | 0o755, 0, 0), ("/srv/models", S_IFDIR | 0o755, 0, 0),
            ("/srv/models/a", S_IFDIR | 0o755, 0, 0),
            ("/srv/models/a/model.safetensors", S_IFREG | 0o644, 0, 0),
        ])
        if let path {
            let kind = machine.files[path].map { $0.mode & S_IFMT } ?? S_IFREG
            machine.files[path] = FileFacts(mode: kind | mode, owner: owner, group: group)
        }
        return machine
    }

    private let file = "/srv/models/a/model.safetensors"

    @Test func `what can be read has no obstacle`() {
        for path in [file, "/srv/models/a", "/srv/models/a/", "//srv/./models", "/"] {
            #expect(open().obstacle(path) == nil, "\(path)")
        }
    }

    @Test func `the first folder that cannot be searched is named with mode, owner and advice`() {
        #expect(
            open("/srv/models", 0o700).obstacle(file)
                == "/srv/models is not searchable by user laconic (uid 998): "
                + "drwx------ root:root; chmod o+x /srv/models would let it")
    }

    @Test func `advice is for the class of users that counts`() {
        #expect(
            open("/srv/models", 0o605, group: 50).obstacle(file)
                == "/srv/models is not searchable by user laconic (uid 998): "
                + "drw----r-x root:models; chmod g+x /srv/models would let it")
        #expect(
            open("/srv/models", 0o477, owner: 998).obstacle(file)
                == "/srv/models is not searchable by user laconic (uid 998): "
                + "dr--rwxrwx laconic:root; chmod u+x /srv/models would let it")
        #expect(
            open(file, 0o600).obstacle(file)
                == "\(file) is not readable by user laconic (uid 998): "
                + "-rw------- root:root; chmod o+r \(file) would let it")
    }

    @Test func `a folder at the end must be listed and searched`() {
        #expect(
            open("/srv/models/a", 0o711).obstacle("/srv/models/a")
                == "/srv/models/a is not readable by user laconic (uid 998): "
                + "drwx--x--x root:root; chmod o+rx /srv/models/a would let it")
        #expect(open("/srv/models/a", 0o711).obstacle(file) == nil)
        #expect(
            open("/srv/models/a", 0o744).obstacle("/srv/models/a")?.contains("not searchable")
                == true)
    }

    @Test func `the first component that is missing or no folder is named`() {
        #expect(
            open().obstacle("/srv/modls/a/model.safetensors")
                == "/srv/modls does not exist for user laconic (uid 998)")
        #expect(open().obstacle("\(file)/x") == "\(file) is no folder: -rw-r--r-- root:root")
    }

    @Test func `links are followed, and the one that leads astray is named`() {
        let machine = open("/srv/models", 0o700).link("/m", to: "srv/models/a")
        #expect(
            machine.obstacle("/m/model.safetensors")?
                .hasPrefix("/srv/models (by the link /m) is not searchable") == true)
        #expect(
            open().link("/srv/b", to: "gone").obstacle("/srv/b")
                == "/srv/gone (by the link /srv/b) does not exist for user laconic (uid 998)")
        #expect(open().link("/m", to: "/srv/models/a").obstacle("/m/model.safetensors") == nil)
        let loop = open().link("/x", to: "y").link("/y", to: "x")
        #expect(loop.obstacle("/x")?.contains("more than 40 links") == true)
    }

    @Test func `a relative path is told with the folder that it begins in`() {
        var machine = Machine([("models", S_IFDIR | 0o700, 0, 0)])
        #expect(
            machine.obstacle("models/a")
                == "models (in /work) is not searchable by user laconic (uid 998): "
                + "drwx------ root:root; chmod o+x models would let it")
        machine.files["."] = FileFacts(mode: S_IFDIR | 0o700, owner: 0, group: 0)
        #expect(machine.obstacle("./models")?.hasPrefix(". (in /work) is not search") == true)
    }

    @Test func `what the mode allows and the system does not is not blamed on the mode`() {
        var machine = open()
        machine.refused = ["/srv/models"]
        #expect(machine.obstacle(file)?.contains("the mode allows it, so an access list") == true)
    }

    @Test func `a user without a name is told by its number`() {
        var machine = open("/srv/models", 0o700, owner: 7, group: 8)
        machine.user = ProcessUser(id: 61234, groups: [61234])
        #expect(machine.obstacle(file)?.contains("by uid 61234: drwx------ 7:8;") == true)
    }

    @Test func `a unit is told of its own protection, where that may be it`() {
        var machine = open()
        machine.user.isUnit = true
        #expect(
            machine.obstacle("/home/me/m")?.hasSuffix("ProtectHome= of the unit hides it")
                == true)
        #expect(machine.obstacle("/tmp/m")?.contains("PrivateTmp=") == true)
        #expect(machine.obstacle("/homes/m")?.contains("=") == false)
        machine.user.isUnit = false
        #expect(machine.obstacle("/home/me/m")?.contains("ProtectHome") == false)
    }

    @Test func `this machine's own files are seen as they are`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("x", to: "file")
        let link = try directory.link("link", to: "file")
        #expect(PathObstacle(onTheWayTo: file) == nil)
        #expect(PathObstacle(onTheWayTo: link) == nil)
        #expect(PathObstacle(onTheWayTo: ".") == nil)
        let gone = try #require(PathObstacle(onTheWayTo: "\(directory.path)/no/where"))
        #expect(gone.component == "\(directory.path)/no")
        #expect(PathObstacle(onTheWayTo: "\(link)/x")?.component == file)
        let broken = try directory.link("config.json", to: "gone")
        #expect(PathObstacle(onTheWayTo: broken)?.component == "\(directory.path)/gone")
        #expect(
            PathObstacle(onTheWayToCheckpoint: directory.path)?.component
                == "\(directory.path)/gone")
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `this machine's own modes are seen as they are`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("x", to: "file")
        #expect(unsafe chmod(file, 0) == 0)
        let obstacle = try #require(PathObstacle(onTheWayTo: file))
        #expect(obstacle.description.contains("---------- "))
        #expect(obstacle.description.contains("chmod u+r \(file)"))
    }
}
