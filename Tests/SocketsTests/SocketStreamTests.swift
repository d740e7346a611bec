import Sockets
import Testing

@Suite struct SocketStreamTests {
    @Test func `both parts of a write arrive in order`() throws {
        let (left, right) = try SocketStream.pair()
        #expect(try left.write([1, 2, 3][...], [4, 5][...]) == 5)
        #expect(try left.write([6][...], []) == 1)
        #expect(try left.write([], [7][...]) == 1)
        var bytes: [UInt8] = [0]
        #expect(try right.read(appendingTo: &bytes, upTo: 100) == .bytes(7, drained: true))
        #expect(bytes == [0, 1, 2, 3, 4, 5, 6, 7])
    }

    @Test func `a full pipe takes nothing and loses nothing`() throws {
        let (left, right) = try SocketStream.pair()
        let piece = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var expected: [UInt8] = []
        while true {
            let sent = try left.write(piece[...], piece[...])
            guard sent > 0 else { break }
            expected += (piece + piece).prefix(sent)
        }
        var received: [UInt8] = []
        while received.count < expected.count {
            guard case .bytes = try right.read(appendingTo: &received, upTo: 7000) else { break }
        }
        #expect(received == expected)
        #expect(try right.read(appendingTo: &received, upTo: 1) == .blocked)
    }

    @Test func `an end is told apart from silence, a broken pipe from a full one`() throws {
        let (left, right) = try SocketStream.pair()
        var bytes: [UInt8] = []
        #expect(try right.read(appendingTo: &bytes, upTo: 1) == .blocked)
        left.finishWriting()
        #expect(try right.read(appendingTo: &bytes, upTo: 1) == .end)
        right.finishWriting()
        // Would end the process by SIGPIPE if signals were not kept out.
        #expect(throws: SocketError.disconnected) { _ = try right.write([1][...], []) }
    }
}
