import Evaluation
import Foundation
import Testing

@testable import laconic

@Suite struct OutputFileTests {
    @Test func `a device is written to as it is, and a full one is named with the reason`() {
        #expect(
            throws: EvaluationError.file(
                path: "/dev/full", reason: "cannot be written: No space left on device")
        ) {
            try OutputFile.write(Data("x".utf8), to: "/dev/full")
        }
        var status = stat()
        #expect(unsafe stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func `a file takes the place of the one before`() throws {
        let path = NSTemporaryDirectory() + "laconic-output-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for text in ["first", "second"] {
            try OutputFile.write(Data(text.utf8), to: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test func `a folder that is not there is named with the reason`() {
        #expect(
            throws: EvaluationError.file(
                path: "/nowhere/x", reason: "cannot be written: No such file or directory")
        ) {
            try OutputFile.write(Data("x".utf8), to: "/nowhere/x")
        }
    }
}
