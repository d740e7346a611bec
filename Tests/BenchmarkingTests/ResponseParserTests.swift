import Testing

@testable import Benchmarking

@Suite struct ResponseParserTests {
    private static let wholes = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nt: 1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello",
    ]

    private func parse(_ pieces: [[UInt8]]) throws -> (status: Int?, body: String) {
        var (parser, body) = (ResponseParser(), [UInt8]())
        for piece in pieces { try parser.receive(piece, body: &body) }
        try parser.finish()
        return (parser.status, String(decoding: body, as: UTF8.self))
    }

    @Test(arguments: wholes) func `however the bytes are cut, the answer is the same`(
        text: String
    ) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            let result = try parse([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(result.status == 200 && result.body == "hello")
        }
        let single = try parse(bytes.map { [$0] })
        #expect(single.status == 200 && single.body == "hello")
    }

    @Test(arguments: wholes.prefix(3)) func `an answer that ends too early is cut off`(
        text: String
    ) {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count - 1 {
            #expect(throws: LoadFailure.cutOff) { try parse([Array(bytes[..<count])]) }
        }
    }

    @Test(arguments: [
        "hello\r\n", "HTTP/2 200\r\n", "HTTP/1.1 99 x\r\n", "HTTP/1.1 2000 x\r\n",
        "HTTP/1.1 101 x\r\n\r\n", "HTTP/1.1 200 x\r\nfield\r\n",
        "HTTP/1.1 200 x\r\nContent-Length: -1\r\n", "HTTP/1.1 200 x\r\nContent-Length: 9x\r\n",
        "HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 200 x\r\nContent-Encoding: gzip\r\n",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        String(repeating: "x", count: 17 << 10),
        "HTTP/1.1 200 x\r\n" + String(repeating: "a: b\r\n", count: 300),
    ])
    func `what is no answer is refused, and said`(text: String) throws {
        let failure = try #require(throws: LoadFailure.self) { try parse([Array(text.utf8)]) }
        guard case .malformed(let reason) = failure else {
            Issue.record("\(failure)")
            return
        }
        #expect(!reason.isEmpty)
    }
}
