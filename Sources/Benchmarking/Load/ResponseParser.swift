/// Takes one HTTP/1.1 response apart as its bytes come (RFC 9112), within limits that a hostile
/// server cannot exceed.
struct ResponseParser {
    private enum State {
        case statusLine, fields
        case counted(Int), untilClose
        case chunkSize, chunk(Int), chunkEnd, trailers
        case done
    }

    /// Bytes of a line.
    static let lineLimit = 16 << 10
    /// Lines of a head or of trailers.
    static let lineCountLimit = 256

    /// The final status; nil until its line has come.
    private(set) var status: Int?
    private var state = State.statusLine
    private var line: [UInt8] = []
    private var lineCount = 0
    private var length: Int?
    private var isChunked = false

    /// Whether the whole answer is there.
    var isComplete: Bool {
        if case .done = state { true } else { false }
    }

    /// Takes bytes in.
    ///
    /// - Parameters:
    ///   - bytes: The next of the connection; what follows the answer is dropped.
    ///   - body: Gets what they say of the body, chunks undone.
    /// - Throws: `malformed` for what is no answer of HTTP/1.1 or exceeds the limits.
    mutating func receive(_ bytes: [UInt8], body: inout [UInt8]) throws(LoadFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .done: return
            case .untilClose:
                body += rest
                return
            case .counted(let left):
                let part = rest.prefix(left)
                body += part
                rest = rest.dropFirst(part.count)
                state = part.count == left ? .done : .counted(left - part.count)
            case .chunk(let left):
                let part = rest.prefix(left)
                body += part
                rest = rest.dropFirst(part.count)
                state = part.count == left ? .chunkEnd : .chunk(left - part.count)
            default:
                guard let end = rest.firstIndex(of: 0x0A) else {
                    line += rest
                    guard line.count <= Self.lineLimit else {
                        throw .malformed("a line of more than \(Self.lineLimit) bytes")
                    }
                    return
                }
                line += rest[..<end]
                rest = rest[(end + 1)...]
                if line.last == 0x0D { line.removeLast() }
                guard line.count <= Self.lineLimit else {
                    throw .malformed("a line of more than \(Self.lineLimit) bytes")
                }
                let text = String(decoding: line, as: UTF8.self)
                line.removeAll(keepingCapacity: true)
                try take(text)
            }
        }
    }

    /// The connection has ended.
    mutating func finish() throws(LoadFailure) {
        if case .untilClose = state { state = .done }
        if !isComplete { throw .cutOff }
    }

    private mutating func take(_ text: String) throws(LoadFailure) {
        switch state {
        case .statusLine:
            let words = text.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
                let number = Int(words[1]), (100...599).contains(number)
            else { throw .malformed("status line '\(text.prefix(80))'") }
            status = number
            (length, isChunked, lineCount) = (nil, false, 0)
            state = .fields
        case .fields:
            if text.isEmpty { return try endHead() }
            try count()
            try takeField(text)
        case .chunkSize:
            let digits = text.prefix { $0 != ";" && $0 != " " }
            guard digits.utf8.count <= 8, let size = Int(digits, radix: 16), size >= 0 else {
                throw .malformed("chunk size '\(text.prefix(40))'")
            }
            lineCount = 0
            state = size == 0 ? .trailers : .chunk(size)
        case .chunkEnd:
            guard text.isEmpty else { throw .malformed("a chunk longer than its size") }
            state = .chunkSize
        case .trailers:
            if text.isEmpty { state = .done } else { try count() }
        case .counted, .untilClose, .chunk, .done:
            preconditionFailure("no lines in a body")
        }
    }

    private mutating func count() throws(LoadFailure) {
        lineCount += 1
        guard lineCount <= Self.lineCountLimit else {
            throw .malformed("more than \(Self.lineCountLimit) fields")
        }
    }

    private mutating func takeField(_ text: String) throws(LoadFailure) {
        guard let colon = text.firstIndex(of: ":") else {
            throw .malformed("field '\(text.prefix(40))'")
        }
        let value = text[text.index(after: colon)...].lowercased().filter { $0 != " " }
        switch text[..<colon].lowercased() {
        case "content-length":
            guard let number = Int(value), number >= 0, length == nil || length == number else {
                throw .malformed("content-length '\(value.prefix(40))'")
            }
            length = number
        case "transfer-encoding":
            guard value == "chunked" else {
                throw .malformed("transfer-encoding '\(value.prefix(40))'; expected chunked")
            }
            isChunked = true
        case "content-encoding":
            guard value == "identity" || value.isEmpty else {
                throw .malformed("content-encoding '\(value.prefix(40))', which was not asked for")
            }
        default: break
        }
    }

    private mutating func endHead() throws(LoadFailure) {
        guard let status else { preconditionFailure("a head without a status") }
        if status < 200 {
            guard status != 101 else { throw .malformed("status 101, which was not asked for") }
            self.status = nil
            state = .statusLine
        } else if status == 204 || status == 304 {
            state = .done
        } else if isChunked {
            state = .chunkSize
        } else if let length {
            state = length == 0 ? .done : .counted(length)
        } else {
            state = .untilClose
        }
    }
}
