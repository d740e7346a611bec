/// HTTP/1.1 requests out of bytes (RFC 9112), one event at a time.
///
/// Knows no sockets: bytes go in by `fill` or `append`, events come out of `next`. What comes out
/// does not depend on how the bytes were cut into pieces. Nothing is guessed: a line must end in
/// CR LF, a name must be a token, a length must be digits. After an error there are no more events.
struct RequestParser: Sendable {
    /// What `next` has found.
    enum Event: Sendable {
        /// A complete, valid header section.
        case head(RequestHead)
        /// Some of the body, never empty.
        case body([UInt8])
        /// The end of the request; the next one may follow.
        case end
    }

    private enum Phase {
        case requestLine(blankLines: Int)
        case fields(HeadBuilder)
        case body(remaining: Int)
        case chunkSize
        case chunkData(remaining: Int)
        case chunkEnd
        case trailers(byteCount: Int)
        case end
        case failed
    }

    /// Empty lines that are forgiven before a request line (RFC 9112, section 2.2).
    private static let blankLineLimit = 4

    private let limits: HTTPLimits
    private var buffer: [UInt8] = []
    /// Everything before is consumed.
    private var start = 0
    /// No LF stands in `start..<scanned`.
    private var scanned = 0
    private var phase = Phase.requestLine(blankLines: 0)
    /// Body bytes of a chunked request so far.
    private var bodyByteCount = 0
    /// Whether the request being read asks for no body in its answer, not even that of an error.
    private(set) var isHead = false

    /// A parser that has seen nothing.
    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Bytes that are in but have not become an event yet.
    var bufferedCount: Int { buffer.count - start }

    /// Whether a request has begun and its header section has not ended.
    var isInsideHead: Bool {
        switch phase {
        case .requestLine: bufferedCount > 0
        case .fields: true
        default: false
        }
    }

    /// Body bytes that are known to be still missing; nil while only the end will tell.
    var remainingBodyCount: Int? {
        switch phase {
        case .body(let remaining): remaining
        case .end: 0
        default: nil
        }
    }

    /// Takes more input.
    mutating func append(_ bytes: some Sequence<UInt8>) {
        fill { $0.append(contentsOf: bytes) }
    }

    /// Lets `body` add input at the end of the buffer; what is there already is not its business.
    mutating func fill<Result, Failure: Error>(
        _ body: (inout [UInt8]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        if start > 0 {
            if start == buffer.count {
                // A large buffer is not kept for a connection that may now be idle for a minute.
                buffer.removeAll(keepingCapacity: buffer.capacity <= 4096)
            } else {
                buffer.removeSubrange(..<start)
            }
            scanned -= start
            start = 0
        }
        return try body(&buffer)
    }

    /// Gives the memory of an empty buffer back.
    mutating func shrink() {
        guard start == buffer.count, buffer.capacity > 0 else { return }
        buffer = []
        (start, scanned) = (0, 0)
    }

    /// The next event, or nil where more input is needed.
    mutating func next() throws(HTTPError) -> Event? {
        do throws(HTTPError) {
            return try advance()
        } catch {
            phase = .failed
            throw error
        }
    }

    private mutating func advance() throws(HTTPError) -> Event? {
        while true {
            switch phase {
            case .requestLine(let blankLines):
                let limit = limits.requestLineByteCount
                try checkFirstByte()
                guard let line = try line(limit: limit, .targetTooLong(limit: limit)) else {
                    return nil
                }
                isHead = line.starts(with: "HEAD ".utf8)
                if line.isEmpty {
                    guard blankLines < Self.blankLineLimit else {
                        throw .malformed(reason: "empty lines instead of a request line")
                    }
                    phase = .requestLine(blankLines: blankLines + 1)
                } else {
                    phase = .fields(try HeadBuilder(requestLine: line))
                }
            case .fields(var builder):
                // Not to be held twice while it grows.
                phase = .failed
                let head = try fields(&builder)
                guard let head else {
                    phase = .fields(builder)
                    return nil
                }
                begin(head.framing)
                return .head(head)
            case .body(let remaining):
                guard let bytes = take(upTo: remaining) else { return nil }
                phase = bytes.count == remaining ? .end : .body(remaining: remaining - bytes.count)
                return .body(bytes)
            case .chunkSize:
                let limit = limits.chunkLineByteCount
                let tooLong = HTTPError.malformed(reason: "a chunk-size line over \(limit) bytes")
                guard let line = try line(limit: limit, tooLong) else { return nil }
                let size = try ChunkedCoding.size(line)
                guard size <= limits.bodyByteCount - bodyByteCount else {
                    throw .bodyTooLarge(limit: limits.bodyByteCount)
                }
                bodyByteCount += size
                phase = size == 0 ? .trailers(byteCount: 0) : .chunkData(remaining: size)
            case .chunkData(let remaining):
                guard let bytes = take(upTo: remaining) else { return nil }
                phase =
                    bytes.count == remaining
                    ? .chunkEnd : .chunkData(remaining: remaining - bytes.count)
                return .body(bytes)
            case .chunkEnd:
                let missing = HTTPError.malformed(reason: "a chunk longer than its size")
                guard let line = try line(limit: 0, missing) else { return nil }
                guard line.isEmpty else { throw missing }
                phase = .chunkSize
            case .trailers(let byteCount):
                let limit = limits.trailersByteCount
                guard
                    let line = try line(
                        limit: limit - byteCount, .fieldsTooLarge(limit: limit))
                else { return nil }
                if line.isEmpty {
                    phase = .end
                } else {
                    // Checked and dropped: none may change what the head has said.
                    _ = try HeadBuilder.split(line)
                    phase = .trailers(byteCount: min(limit, byteCount + line.count + 2))
                }
            case .end:
                phase = .requestLine(blankLines: 0)
                return .end
            case .failed:
                return nil
            }
        }
    }

    /// Refuses at once what is no request, whose end might never come.
    private func checkFirstByte() throws(HTTPError) {
        guard start < buffer.count, !FieldGrammar.isTokenByte(buffer[start]) else { return }
        switch buffer[start] {
        case 0x0A, 0x0D: break
        case 0x16: throw .malformed(reason: "a TLS handshake on a port that speaks plain HTTP")
        default: throw .malformed(reason: "it begins with a byte that no method has")
        }
    }

    private mutating func fields(_ builder: inout HeadBuilder) throws(HTTPError) -> RequestHead? {
        while true {
            let rest = limits.fieldsByteCount - builder.byteCount
            let limit = min(limits.fieldLineByteCount, rest)
            guard
                let line = try line(
                    limit: limit,
                    .fieldsTooLarge(
                        limit: limit == rest ? limits.fieldsByteCount : limits.fieldLineByteCount))
            else { return nil }
            if line.isEmpty { return try builder.finish(limits: limits) }
            try builder.add(line, limits: limits)
        }
    }

    private mutating func begin(_ framing: BodyFraming) {
        bodyByteCount = 0
        switch framing {
        case .none, .length(0): phase = .end
        case .length(let count): phase = .body(remaining: count)
        case .chunked: phase = .chunkSize
        }
    }

    private mutating func take(upTo count: Int) -> [UInt8]? {
        guard start < buffer.count else { return nil }
        let end = start + min(count, buffer.count - start)
        let bytes = Array(buffer[start..<end])
        start = end
        scanned = end
        return bytes
    }

    /// Takes one line without its CR LF; nil where it has not ended yet.
    ///
    /// - Parameters:
    ///   - limit: Most bytes the line may have without its end.
    ///   - tooLong: Thrown as soon as the line cannot keep to the limit any more.
    /// - Returns: The line.
    /// - Throws: `tooLong`, or `malformed` for a lone CR or LF.
    private mutating func line(
        limit: Int, _ tooLong: HTTPError
    ) throws(HTTPError) -> ArraySlice<UInt8>? {
        guard let feed = buffer[scanned...].firstIndex(of: 0x0A) else {
            scanned = buffer.count
            guard buffer.count - start <= limit + 1 else { throw tooLong }
            return nil
        }
        guard feed - start <= limit + 1 else { throw tooLong }
        let line = buffer[start..<feed]
        start = feed + 1
        scanned = start
        // A lone LF or CR means different things to different parsers (RFC 9112, section 2.2).
        guard line.firstIndex(of: 0x0D) == feed - 1 else {
            throw .malformed(reason: "a line that does not end in exactly CR LF")
        }
        return line.dropLast()
    }
}
