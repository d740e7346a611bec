import TestSupport
import Testing

@testable import HTTP

/// What a parser made of some bytes, comparable.
struct Transcript: Equatable, CustomStringConvertible {
    var lines: [String] = []
    var description: String { lines.joined(separator: "\n") }

    /// Feeds `bytes` in pieces that `cut` chooses and writes down what comes out.
    init(
        _ bytes: [UInt8], limits: HTTPLimits = HTTPLimits(), cut: (Int) -> Int = { $0 }
    ) {
        var parser = RequestParser(limits: limits)
        var body: [UInt8] = []
        var rest = bytes[...]
        do throws(HTTPError) {
            while !rest.isEmpty {
                let count = max(1, min(rest.count, cut(rest.count)))
                parser.append(rest.prefix(count))
                rest = rest.dropFirst(count)
                while let event = try parser.next() {
                    switch event {
                    case .head(let head):
                        let fields = head.fields.map { "\($0.name.rawName)=\($0.value)" }
                        lines.append(
                            "\(head.method.rawValue) \(head.target.path) \(head.version.rawValue) "
                                + "\(head.framing) \(head.keepsAlive) \(fields)")
                    case .body(let bytes):
                        precondition(!bytes.isEmpty)
                        body += bytes
                    case .end:
                        lines.append("body \(body.count) \(body.map { Int($0) }.reduce(0, +))")
                        body = []
                    }
                }
            }
            if !body.isEmpty { lines.append("partial \(body.count)") }
        } catch {
            lines.append("\(error)")
        }
    }
}

@Suite struct RequestParserTests {
    private func parse(_ text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPError)
        -> RequestHead?
    {
        var parser = RequestParser(limits: limits)
        parser.append(Array(text.utf8))
        guard case .head(let head)? = try parser.next() else { return nil }
        return head
    }

    @Test func `a plain request is read`() throws {
        let head = try #require(
            try parse("\r\nGET /a%20b/%2Fc?x=1&y=%41+b HTTP/1.1\r\nhost: h:80\r\nX: \t v \r\n\r\n"))
        #expect(head.method == .get)
        #expect(head.target.segments == ["a b", "/c"])
        #expect(HTTPQuery(parsing: try #require(head.target.rawQuery))["y"] == "A b")
        #expect(head.fields[try #require(.init("x"))] == "v")
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: foo, Close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.7", "", true),
        ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
    ])
    func `the connection goes on as version and options say`(
        version: String, option: String, keepsAlive: Bool
    ) throws {
        let head = try parse("GET / \(version)\r\nHost: h\r\n\(option)\r\n")
        #expect(try #require(head).keepsAlive == keepsAlive)
    }

    @Test(arguments: ["HEAD / HTTP/1.1\r\n\r\n", "HEAD / HTTP/2.0\r\n", "GET / HTTP/1.1\r\n\r\n"])
    func `a refused HEAD is still known as one`(text: String) {
        var parser = RequestParser(limits: HTTPLimits())
        parser.append(Array(text.utf8))
        #expect(throws: HTTPError.self) { while try parser.next() != nil {} }
        #expect(parser.isHead == text.hasPrefix("HEAD"))
    }

    @Test func `what begins no request is refused before its line ends`() {
        for byte: UInt8 in [0x00, 0x16, 0x20, 0x22, 0x7F, 0x80, 0xFF] {
            var parser = RequestParser(limits: HTTPLimits())
            parser.append([byte])
            #expect(throws: HTTPError.self) { try parser.next() }
        }
    }

    @Test func `the authority of an absolute target replaces the Host field`() throws {
        let head = try #require(
            try parse("GET http://real:81?q HTTP/1.1\r\nHost: other\r\n\r\n"))
        #expect(head.fields[try #require(.init("Host"))] == "real:81")
        #expect(head.target.path == "/")
        #expect(head.target.rawQuery == "q")
    }

    @Test(arguments: [
        // request lines
        ("GET /", 400), ("GET  / HTTP/1.1", 400), ("GET / HTTP/1.1 ", 400),
        (" GET / HTTP/1.1", 400),
        ("GET\t/ HTTP/1.1", 400), ("G@T / HTTP/1.1", 400), ("GET / http/1.1", 400),
        ("GET / HTTP/11", 400), ("GET / HTTP/1.1x", 400), ("GET / HTTP/2.0", 505),
        ("GET / HTTP/0.9", 505), ("GET a HTTP/1.1", 400), ("GET * HTTP/1.1", 400),
        ("GET /\u{e9} HTTP/1.1", 400), ("GET /#a HTTP/1.1", 400), ("GET /%zz HTTP/1.1", 400),
        ("GET /%0 HTTP/1.1", 400), ("GET /%00 HTTP/1.1", 400), ("GET /%ff HTTP/1.1", 400),
        ("\u{16}\u{3}\u{1}", 400), ("\u{1}", 400), ("GET ftp://h/ HTTP/1.1", 400),
        ("GET http:/// HTTP/1.1", 400),
        ("GET http://u@h/ HTTP/1.1", 400), ("CONNECT h:1 HTTP/1.1", 501),
        ("GET /\r HTTP/1.1", 400),
    ])
    func `a broken request line has its own status`(line: String, status: Int) {
        let error = #expect(throws: HTTPError.self) {
            _ = try parse("\(line)\r\nHost: h\r\n\r\n")
        }
        #expect(error?.status.code == status)
    }

    @Test(arguments: [
        // hosts
        ("", 400), ("Host: a\r\nHost: a\r\n", 400), ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400), ("Host: h:123456\r\n", 400), ("Host: [::1\r\n", 400),
        ("Host: h:x\r\n", 400), ("Host: h:65536\r\n", 400),
        // names and values
        ("Host: h\r\nA : b\r\n", 400), ("Host: h\r\n: b\r\n", 400), ("Host: h\r\nA\r\n", 400),
        ("Host: h\r\nA: b\r\n c\r\n", 400), ("Host: h\r\nA: b\0\r\n", 400),
        ("Host: h\r\nA: b\u{7f}\r\n", 400), ("Host: h\r\nA: b\rc\r\n", 400),
        ("Host: h\nA: b\r\n", 400), ("Host: h\r\nA(: b\r\n", 400), (" Host: h\r\n", 400),
        // lengths
        ("Host: h\r\nContent-Length: +5\r\n", 400), ("Host: h\r\nContent-Length: -5\r\n", 400),
        ("Host: h\r\nContent-Length: 5 5\r\n", 400), ("Host: h\r\nContent-Length: 0x5\r\n", 400),
        ("Host: h\r\nContent-Length:\r\n", 400), ("Host: h\r\nContent-Length: 5, 5\r\n", 400),
        ("Host: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n", 400),
        ("Host: h\r\nContent-Length: \u{b}5\r\n", 400), ("Host: h\r\nContent-Length : 5\r\n", 400),
        ("Host: h\r\nContent-Length: 1000000000000000000\r\n", 400),
        ("Host: h\r\nContent-Length: 999999999999999999\r\n", 413),
        // codings
        ("Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: gzip\r\n", 501),
        ("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n", 501),
        ("Host: h\r\nTransfer-Encoding: chunked, chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding:\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: ,chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: \u{b}chunked\r\n", 400),
        ("Host: h\r\nTransfer-Encoding: identity\r\n", 501),
        // expectations
        ("Host: h\r\nExpect: 200-ok\r\n", 417),
    ])
    func `a broken field has its own status`(fields: String, status: Int) {
        let error = #expect(throws: HTTPError.self) {
            _ = try parse("POST / HTTP/1.1\r\n\(fields)\r\n")
        }
        #expect(error?.status.code == status)
    }

    @Test(arguments: [
        ("Host:\r\n", BodyFraming.none), ("Host: [::1]:80\r\n", .none),
        ("Host: h\r\nContent-Length: 0\r\n", .length(0)),
        ("Host: h\r\nContent-Length: 00012 \r\n", .length(12)),
        ("Host: h\r\nTransfer-Encoding: Chunked\r\n", .chunked),
    ])
    func `the framing of a sound head is found`(fields: String, framing: BodyFraming) throws {
        let head = try parse("POST / HTTP/1.1\r\n\(fields)\r\n")
        #expect(try #require(head).framing == framing)
    }

    @Test func `HTTP 1.0 needs no Host, knows no chunks and needs a length to post`() throws {
        #expect(try parse("GET / HTTP/1.0\r\n\r\n") != nil)
        #expect(try parse("GET / HTTP/1.0\r\nExpect: x\r\n\r\n")?.expectsContinue == false)
        let post = "POST / HTTP/1.0\r\n"
        #expect(throws: HTTPError.lengthRequired) { _ = try parse("\(post)\r\n") }
        let chunked = #expect(throws: HTTPError.self) {
            _ = try parse("\(post)Transfer-Encoding: chunked\r\n\r\n")
        }
        #expect(chunked?.status.code == 400)
    }

    @Test func `each limit holds to the byte`() throws {
        var limits = HTTPLimits()
        limits.requestLineByteCount = 20
        limits.fieldLineByteCount = 12
        limits.fieldsByteCount = 30
        limits.fieldCount = 3
        let line = { "GET /\(String(repeating: "a", count: $0)) HTTP/1.0\r\n" }
        #expect(try parse(line(6) + "\r\n", limits: limits) != nil)
        #expect(throws: HTTPError.targetTooLong(limit: 20)) {
            _ = try parse(line(7), limits: limits)
        }
        #expect(throws: HTTPError.targetTooLong(limit: 20)) {
            _ = try parse(String(repeating: "a", count: 22), limits: limits)
        }
        #expect(try parse(String(repeating: "a", count: 21), limits: limits) == nil)
        #expect(try parse(line(1) + "a: 456789012\r\n\r\n", limits: limits) != nil)
        #expect(throws: HTTPError.fieldsTooLarge(limit: 12)) {
            _ = try parse(line(1) + "a: 4567890123\r\n", limits: limits)
        }
        #expect(throws: HTTPError.fieldsTooLarge(limit: 30)) {
            _ = try parse(
                line(1) + "a: 456789012\r\na: 456789012\r\na: 45\r\n", limits: limits)
        }
        #expect(throws: HTTPError.tooManyFields(limit: 3)) {
            _ = try parse(line(1) + "a:\r\nb:\r\nc:\r\nd:\r\n", limits: limits)
        }
    }

    @Test(arguments: [
        ("5\r\nhello\r\n0\r\n\r\n", "body 5 532"),
        ("05;a;b=c;d=\"\\\"x\"\r\nhello\r\n0\r\n\r\n", "body 5 532"),
        ("3\r\nhel\r\n2\r\nlo\r\n00\r\nX: y\r\n\r\n", "body 5 532"), ("0\r\n\r\n", "body 0 0"),
    ])
    func `chunks are undone`(body: String, expected: String) {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(Transcript(Array((head + body).utf8)).lines.last == expected)
    }

    @Test(arguments: [
        "+5\r\nhello", "0x5\r\nhello", " 5\r\nhello", "5 \r\nhello", "5 ;a\r\nhello", "\r\nhello",
        "5\nhello",
        "5;\r\nhello", "5;a=\r\nhello", "5;a=\"\r\nhello", "5;a b\r\nhello", "5\r\nhelloX\r\n",
        "5\r\nhello\n",
        "00000000000000005\r\nhello", "g\r\n", "0\r\nbad trailer\r\n", "0\r\nA : b\r\n\r\n",
        "-1\r\n",
    ])
    func `a chunk that two parsers could read in two ways is refused`(body: String) {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let last = Transcript(Array((head + body).utf8)).lines.last ?? ""
        #expect(last.hasPrefix("malformed request"))
    }

    @Test func `a chunked body over the limit is refused by its size alone`() {
        var limits = HTTPLimits()
        limits.bodyByteCount = 8
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let last = { (body: String) in
            Transcript(Array((head + body).utf8), limits: limits).lines.last
        }
        #expect(last("5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n") == "body 8 826")
        let tooLarge = "\(HTTPError.bodyTooLarge(limit: 8))"
        #expect(last("5\r\nhello\r\n4\r\n") == tooLarge)
        #expect(last("ffffffffffffffff\r\n") == tooLarge)
    }

    /// Sound and broken requests, pipelined.
    private static let corpus: [String] = [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            + "POST /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "4;q=\"z\"\r\nwxyz\r\n0\r\nT: u\r\n\r\nGET /end HTTP/1.0\r\n\r\n",
        "POST http://a.b/c?d HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 12\r\n"
            + "Accept: */*\r\n\r\nhello, world",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n",
    ]

    @Test(arguments: 0..<3)
    func `what comes out does not depend on how the bytes are cut`(index: Int) {
        let bytes = Array(Self.corpus[index].utf8)
        let whole = Transcript(bytes)
        #expect(Transcript(bytes, cut: { _ in 1 }) == whole)
        var generator = SeededGenerator(seed: UInt64(index))
        for _ in 0..<50 {
            let cut = Transcript(bytes, cut: { Int.random(in: 1...$0, using: &generator) })
            #expect(cut == whole)
        }
        for count in 0..<bytes.count {
            let prefix = Array(bytes.prefix(count))
            let truncated = Transcript(prefix)
            #expect(truncated == Transcript(prefix, cut: { _ in 1 }))
            // What is complete in the prefix is complete in the whole; nothing is an error yet.
            let complete = truncated.lines.filter { !$0.hasPrefix("partial") }
            #expect(complete == Array(whole.lines.prefix(complete.count)))
        }
    }

    @Test(arguments: 0..<3)
    func `flipped bits give a request or a clear error, the same for every cut`(index: Int) {
        var generator = SeededGenerator(seed: 77 + UInt64(index))
        let original = Array(Self.corpus[index].utf8)
        var limits = HTTPLimits()
        limits.requestLineByteCount = 40
        limits.fieldLineByteCount = 40
        limits.fieldsByteCount = 90
        limits.bodyByteCount = 64
        limits.chunkLineByteCount = 10
        for _ in 0..<600 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                bytes[Int.random(in: bytes.indices, using: &generator)] ^= bit
            }
            let whole = Transcript(bytes, limits: limits)
            #expect(Transcript(bytes, limits: limits, cut: { _ in 1 }) == whole)
            let cut = Transcript(
                bytes, limits: limits, cut: { Int.random(in: 1...$0, using: &generator) })
            #expect(cut == whole)
        }
    }
}
