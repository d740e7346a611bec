/// One frame of an event stream (HTML standard, section 9.2).
public struct ServerSentEvent: Sendable, Hashable {
    /// The frame's bytes, blank line included.
    public let bytes: [UInt8]

    /// An event: `data: …`, one line for each line of the data, then a blank line.
    ///
    /// The space after the colon is part of the contract: some clients cut exactly `data: `.
    ///
    /// - Parameters:
    ///   - data: The payload; its line ends (CR LF, CR or LF) begin new `data:` lines.
    ///   - name: The `event:` line; must not hold line ends, which would be dropped.
    ///   - id: The `id:` line; must not hold line ends, which would be dropped.
    public init(data: some Collection<UInt8>, name: String? = nil, id: String? = nil) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(data.count + 8)
        if let name { Self.append(name, under: "event: ", to: &bytes) }
        if let id { Self.append(id, under: "id: ", to: &bytes) }
        Self.append(data, under: "data: ", to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        self.bytes = bytes
    }

    /// An event with text as its payload.
    ///
    /// - Parameters:
    ///   - data: The payload.
    ///   - name: The `event:` line.
    ///   - id: The `id:` line.
    public init(data: String, name: String? = nil, id: String? = nil) {
        self.init(data: data.utf8, name: name, id: id)
    }

    /// A comment, `: …` and a blank line: clients ignore it, but the connection is seen to live.
    ///
    /// - Parameter text: The comment; each of its lines becomes a comment line.
    public init(comment text: String) {
        var bytes: [UInt8] = []
        Self.append(text.utf8, under: ": ", to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        self.bytes = bytes
    }

    private static func append(_ word: String, under prefix: String, to bytes: inout [UInt8]) {
        bytes += prefix.utf8
        bytes += word.utf8.filter { $0 != 0x0A && $0 != 0x0D && $0 != 0 }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func append(
        _ text: some Collection<UInt8>, under prefix: String, to bytes: inout [UInt8]
    ) {
        bytes += prefix.utf8
        var followsReturn = false
        for byte in text {
            switch byte {
            case 0x0A where followsReturn: break
            case 0x0A, 0x0D:
                bytes.append(0x0A)
                bytes += prefix.utf8
            default: bytes.append(byte)
            }
            followsReturn = byte == 0x0D
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}
