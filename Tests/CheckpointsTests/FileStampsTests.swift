import Foundation
import Testing

@testable import Checkpoints

/// How files are known again.
@Suite final class FileStampsTests {
    private let root = FileManager.default.temporaryDirectory
        .appendingPathComponent("laconic-\(UUID().uuidString)").path

    init() throws {
        for folder in ["family/alpha_0", "family/alpha_0.1", "blobs", "alone"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        }
        for file in ["family/family.json", "family/alpha_0/w", "blobs/w", "alone/m.gguf"] {
            try Data(file.utf8).write(to: URL(fileURLWithPath: "\(root)/\(file)"))
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/family/alpha_0.1/w", withDestinationPath: "../../blobs/w")
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/current", withDestinationPath: "family")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    private var stamps: FileStamps { FileStamps(checkpoints: ["\(root)/current"]) }

    private func write(_ text: String, _ file: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: "\(root)/\(file)"))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }

    @Test func `files that nobody touched are the same`() {
        #expect(stamps == stamps)
    }

    @Test(arguments: ["family/family.json", "family/alpha_0/w", "blobs/w"])
    func `a byte written in place is seen, behind a link too, with the old time set again`(
        file: String
    ) throws {
        let before = stamps
        let path = "\(root)/\(file)"
        let date = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        // Times of files are as fine as the kernel's tick.
        usleep(20_000)
        try write("X", file)
        try FileManager.default.setAttributes([.modificationDate: date as Any], ofItemAtPath: path)
        #expect(stamps != before)
    }

    @Test func `a file that comes, goes or is replaced is seen`() throws {
        let before = stamps
        let path = "\(root)/family/alpha_0/w"
        try FileManager.default.moveItem(atPath: path, toPath: "\(path).old")
        let moved = stamps
        #expect(moved != before)
        try FileManager.default.removeItem(atPath: "\(path).old")
        #expect(stamps != moved)
        try FileManager.default.removeItem(atPath: "\(root)/blobs/w")
        #expect(stamps == stamps)
    }

    @Test func `a link that turns to another folder is seen`() throws {
        let before = stamps
        try FileManager.default.removeItem(atPath: "\(root)/current")
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/current", withDestinationPath: "alone")
        #expect(stamps != before)
    }

    @Test func `a lone file is known with those beside it`() throws {
        let path = "\(root)/alone/m.gguf"
        let before = FileStamps(checkpoints: [path])
        #expect(before == FileStamps(checkpoints: [path]))
        try Data().write(to: URL(fileURLWithPath: "\(root)/alone/m-00002-of-00002.gguf"))
        #expect(before != FileStamps(checkpoints: [path]))
        #expect(
            FileStamps(checkpoints: ["\(root)/none"]) == FileStamps(checkpoints: ["\(root)/none"]))
    }

    @Test func `a folder that holds itself ends`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/family/alpha_0/again", withDestinationPath: "..")
        #expect(stamps == stamps)
    }
}
