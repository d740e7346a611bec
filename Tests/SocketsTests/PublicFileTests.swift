import Foundation
import Testing

@testable import Sockets

@Suite struct PublicFileTests {
    /// Both ways in which a path is resolved: by the kernel, and name by name where it cannot.
    @Test(arguments: [false, true])
    func `only regular files below the folder are opened`(byNames: Bool) throws {
        let path = NSTemporaryDirectory() + "laconic-public-\(UUID().uuidString)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: "\(path)/in/sub", withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: path) }
        for name in ["outside", "in/a", "in/sub/b"] {
            try Data(name.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }
        try manager.createSymbolicLink(atPath: "\(path)/in/link", withDestinationPath: "../outside")
        try manager.createSymbolicLink(atPath: "\(path)/in/up", withDestinationPath: "..")
        try #require(unsafe mkfifo("\(path)/in/pipe", 0o600) == 0)
        let folder = try PublicFolder(path: "\(path)/in")
        func entry(_ names: [String]) -> PublicEntry? {
            byNames ? folder.entryByNames(at: names) : folder.entry(at: names)
        }
        guard case .file(let file)? = entry(["sub", "b"]) else {
            Issue.record("sub/b is a file")
            return
        }
        #expect(file.byteCount == 8)
        #expect(try file.bytes(in: 3..<8) == Array("sub/b".utf8))
        #expect(try file.bytes(in: 6..<20) == Array("/b".utf8))
        guard case .folder? = entry(["sub"]), case .folder? = entry([]) else {
            Issue.record("folders are known as such")
            return
        }
        for names in [
            ["link"], ["up", "outside"], ["..", "outside"], ["sub", "..", "..", "outside"],
            ["pipe"], ["nothing"], ["a", "b"],
        ] {
            if entry(names) != nil { Issue.record("\(names) was opened") }
        }
    }
}
