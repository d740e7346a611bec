import Testing

@testable import HTTP

@Suite struct ResponseHeadTests {
    private func text(
        _ response: HTTPResponse, method: HTTPMethod = .get, version: HTTPVersion = .http11,
        keepsAlive: Bool = true
    ) -> String {
        let head = ResponseHead(response, method: method, version: version, keepsAlive: keepsAlive)
        let bytes = head.serialized(date: Array("Date: now\r\n".utf8), serverName: nil)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `the framing belongs to the server`() {
        let response = HTTPResponse(
            fields: [.contentLength: "99", .transferEncoding: "gzip", .date: "then", .eTag: "x"],
            body: .bytes([1, 2]))
        #expect(
            text(response) == "HTTP/1.1 200 OK\r\nDate: now\r\nETag: x\r\nContent-Length: 2\r\n\r\n"
        )
    }

    @Test(arguments: [204, 304])
    func `a status without a body has no length either`(code: Int) {
        let response = HTTPResponse(status: .init(code: code), body: .bytes([1]))
        #expect(!text(response).contains("Content-Length"))
        #expect(!ResponseHead(response, method: .get, version: .http11, keepsAlive: true).sendsBody)
    }

    @Test func `the client is told how the connection goes on`() {
        #expect(text(HTTPResponse(), keepsAlive: false).contains("Connection: close\r\n"))
        #expect(!text(HTTPResponse()).contains("Connection"))
        #expect(text(HTTPResponse(), version: .http10).contains("Connection: keep-alive\r\n"))
        let closing = HTTPResponse(fields: [.connection: "Close"])
        #expect(text(closing).contains("Connection: close\r\n"))
        let stream = HTTPResponse(body: .stream { _ in })
        #expect(text(stream, version: .http10).contains("Connection: close\r\n"))
    }

    @Test func `a value cannot smuggle in a line`() {
        let response = HTTPResponse(fields: [.location: "/a\r\nSet-Cookie: b"])
        #expect(text(response).split(separator: "\r\n").count == 4)
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func `dates are those of the calendar`(seconds: Int, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }
}
