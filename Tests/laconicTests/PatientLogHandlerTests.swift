import Foundation
import Testing

@testable import laconic

@Suite struct PatientLogHandlerTests {
    @Test func `a pipe that nobody empties takes lines until it is full and then none`() throws {
        let pipe = Pipe()
        let writer = pipe.fileHandleForWriting
        let page = Data(repeating: 0x2E, count: 4_096)
        var written = 0
        while written < 1 << 24, PatientLogHandler.hasRoom(writer.fileDescriptor) {
            try writer.write(contentsOf: page)
            written += page.count
        }
        #expect(written >= page.count && written < 1 << 24)
        #expect(!PatientLogHandler.hasRoom(writer.fileDescriptor))

        _ = try pipe.fileHandleForReading.read(upToCount: written)
        #expect(PatientLogHandler.hasRoom(writer.fileDescriptor))
    }
}
