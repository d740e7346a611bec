import DequeModule
import Sockets

/// Bytes on their way to the client, in order.
struct OutputQueue {
    /// Small writes are gathered up to so many bytes, so that one system call takes many of them.
    private static let pieceByteCount = 16 * 1024

    private var pieces: Deque<ArraySlice<UInt8>> = []
    /// How many bytes wait.
    private(set) var byteCount = 0

    /// Whether nothing waits.
    var isEmpty: Bool { pieces.isEmpty }

    /// Adds to the end.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        byteCount += bytes.count
        if let last = pieces.last, last.count + bytes.count <= Self.pieceByteCount {
            pieces[pieces.count - 1].append(contentsOf: bytes)
        } else {
            pieces.append(bytes)
        }
    }

    /// Drops everything.
    mutating func removeAll() {
        pieces = []
        byteCount = 0
    }

    /// Writes until nothing waits or the client must read first; true where any byte went out.
    mutating func flush(to stream: any ByteStream) throws(SocketError) -> Bool {
        var hasProgressed = false
        while let first = pieces.first {
            let second = pieces.count > 1 ? pieces[1] : []
            let offered = first.count + second.count
            let sent = try stream.write(first, second)
            hasProgressed = hasProgressed || sent > 0
            consume(sent)
            guard sent == offered else { break }
        }
        return hasProgressed
    }

    private mutating func consume(_ count: Int) {
        byteCount -= count
        var rest = count
        while rest > 0, let first = pieces.first {
            if first.count <= rest {
                pieces.removeFirst()
                rest -= first.count
            } else {
                pieces[0] = first.dropFirst(rest)
                rest = 0
            }
        }
    }
}
