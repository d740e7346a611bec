import Foundation
import Testing

@testable import laconic

/// A sink into a pipe, or a pair of sockets, and what can be read from it by now.
final class LogPipe {
    let sink: LineSink
    private var ends: (read: Int32, write: Int32)

    init(socket: Bool = false) {
        var ends: [Int32] = [-1, -1]
        if socket {
            precondition(
                unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        } else {
            precondition(unsafe pipe(&ends) == 0)
        }
        self.ends = (ends[0], ends[1])
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        sink = LineSink(descriptor: ends[1])
    }

    deinit {
        if ends.read >= 0 { close(ends.read) }
        close(ends.write)
    }

    /// Reads what is there, up to `limit` bytes.
    func read(upTo limit: Int = .max) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let wanted = min(buffer.count, limit - bytes.count)
            let count = unsafe Foundation.read(ends.read, &buffer, wanted)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nobody reads any more.
    func closeReadingEnd() {
        close(ends.read)
        ends.read = -1
    }
}

@Suite struct LineSinkTests {
    @Test(arguments: [false, true], [1, 100, 5_000, 70_000])
    func `a reader that stops costs lines, not time, and no line is torn`(
        socket: Bool, length: Int
    ) {
        let pipe = LogPipe(socket: socket)
        let start = ContinuousClock.now
        func line(_ number: Int) -> String {
            "\(number):" + String(repeating: "x", count: length) + ";"
        }
        // Far more than any pipe or socket holds.
        let count = max(20, (4 << 20) / (length + 8))
        for number in 0..<count { pipe.sink.write(line(number).utf8) }
        #expect(ContinuousClock.now - start < .seconds(20))
        let dropped = pipe.sink.droppedCount
        #expect(dropped > 0 && dropped < count)
        var text = pipe.read()
        // There is room again: what was begun is ended first.
        pipe.sink.write(line(count).utf8)
        text += pipe.read()
        pipe.sink.write(line(count + 1).utf8)
        text += pipe.read()
        // The last one may still be on its way.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map(String.init)
        #expect(lines.allSatisfy { $0 == line(Int($0.prefix { $0 != ":" }) ?? -1) })
        #expect(lines.count + pipe.sink.droppedCount >= count + 1)
        #expect(lines.first == line(0))
    }

    @Test func `a reader that is gone costs lines, not the program`() {
        signal(SIGPIPE, SIG_IGN)
        let pipe = LogPipe(socket: true)
        pipe.closeReadingEnd()
        for _ in 0..<10 { pipe.sink.write("x".utf8) }
        #expect(pipe.sink.droppedCount == 10)
    }

    @Test func `a device without room costs lines`() throws {
        let device = unsafe open("/dev/full", O_WRONLY)
        try #require(device >= 0)
        defer { close(device) }
        let sink = LineSink(descriptor: device)
        for _ in 0..<3 { sink.write("x".utf8) }
        #expect(sink.droppedCount == 3)
    }

    @Test func `a file shared with another writer loses nothing`() throws {
        let path = NSTemporaryDirectory() + "laconic-lines-\(UUID().uuidString)"
        defer { _ = unsafe unlink(path) }
        let file = unsafe open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let sink = LineSink(descriptor: file)
        for number in 0..<3 {
            sink.write("line \(number)".utf8)
            _ = unsafe write(file, "between\n", 8)
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text == "line 0\nbetween\nline 1\nbetween\nline 2\nbetween\n")
        #expect(sink.droppedCount == 0)
    }
}
