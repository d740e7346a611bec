import Foundation
import Kernels
import Testing

@testable import Checkpoints

@Suite struct RegularFileTests {
    private func reason(_ path: String) -> String {
        let error = SafetensorsBuilder.error { () throws(CheckpointError) in
            _ = try MappedFile(path: path)
        }
        guard case .unreadable(path, let reason) = error else {
            return "\(String(describing: error))"
        }
        return reason
    }

    @Test func mappedFilesHoldTheBytesOfTheFile() throws {
        let directory = try TemporaryDirectory()
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = try MappedFile(path: directory.write(bytes, to: "a"))
        #expect(file.storage.count == bytes.count)
        #expect(
            try file.storage.withSpan { span in span.indices.allSatisfy { span[$0] == bytes[$0] } })
        file.storage.discardMappedPages(in: 0..<bytes.count)
        #expect(try file.storage.withSpan { span in span[8_191] == bytes[8_191] })
        #expect(try RegularFile(path: file.path).contents(limit: 10_000) == bytes)
        #expect(try MappedFile(path: directory.write("", to: "empty")).storage.count == 0)
    }

    @Test func sizesAreLimited() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("12345", to: "a")
        #expect(throws: CheckpointError.fileTooLarge(file: path, byteCount: 5, limit: 4)) {
            try RegularFile(path: path).contents(limit: 4)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func pipesSocketsDevicesAndDirectoriesAreRefusedWithoutWaiting() throws {
        let directory = try TemporaryDirectory()
        let pipe = try directory.pipe("pipe")
        #expect(reason(pipe) == "expected a regular file, found a pipe")
        #expect(reason("/dev/zero") == "expected a regular file, found a device")
        #expect(reason(directory.path) == "expected a regular file, found a directory")
        #expect(reason("\(directory.path)/nothing") == "No such file or directory")
        #expect(reason("") == "expected a path, found an empty or broken one")
        #expect(reason("a\0b") == "expected a path, found an empty or broken one")
    }

    @Test func linksAreFollowedAndLoopsAreErrors() throws {
        let directory = try TemporaryDirectory()
        try directory.write("abc", to: "target")
        let link = try directory.link("link", to: "target")
        #expect(try MappedFile(path: link).storage.count == 3)
        let loop = try directory.link("loop", to: "loop2")
        try directory.link("loop2", to: "loop")
        #expect(reason(loop) == "Too many levels of symbolic links")
        let nowhere = try directory.link("nowhere", to: "gone")
        #expect(reason(nowhere) == "No such file or directory")
        #expect(RegularFile.exists(nowhere) && RegularFile.exists(loop))
    }
}
