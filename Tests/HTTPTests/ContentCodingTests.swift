import Sockets
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct ContentCodingTests {
    private static func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 97...105, using: &generator) }
    }

    private static func request(
        _ bytes: [UInt8], coding: String, in pieces: Int = .max, limit: Int = 1 << 20
    ) throws -> HTTPRequest {
        var request = try HTTPRequest(
            method: .post, target: "/", fields: [.contentEncoding: coding])
        request.body = HTTPRequestBody(Pieces(bytes, size: pieces))
        return RequestDecoding.undone(request, limit: limit)
    }

    @Test(arguments: [1, 7, 1000, .max], [0, 1, 100, 70000, 200_000])
    func `what was packed comes back, however it was cut`(size: Int, count: Int) async throws {
        let plain = Self.text(count)
        let packed = try #require(Gzip.packed(plain, level: 6))
        let body = try Self.request(packed, coding: "gzip", in: size).body
        #expect(try await body.collect() == plain)
    }

    @Test func `members follow each other, anything else is refused`() async throws {
        let (first, second) = (Self.text(5000), Self.text(70000, seed: 2))
        let packed = try #require(Gzip.packed(first, level: 1))
        let more = try #require(Gzip.packed(second, level: 9))
        #expect(
            try await Self.request(packed + more, coding: "x-gzip", in: 11).body.collect()
                == first + second)
        for broken in [packed + [0], packed + Array("garbage".utf8), Array(packed.dropLast()), []] {
            let error = await #expect(throws: HTTPError.self) {
                try await Self.request(broken, coding: "gzip").body.collect()
            }
            #expect(error?.status == .badRequest)
        }
    }

    @Test func `a body is bounded by what comes out of it, to the byte`() async throws {
        let packed = try #require(Gzip.packed([UInt8](repeating: 0, count: 1 << 20), level: 9))
        #expect(packed.count < 2000)
        let whole = try Self.request(packed, coding: "gzip", limit: 1 << 20)
        #expect(try await whole.body.collect().count == 1 << 20)
        await #expect(throws: HTTPError.bodyTooLarge(limit: (1 << 20) - 1)) {
            try await Self.request(packed, coding: "gzip", limit: (1 << 20) - 1).body.collect()
        }
    }

    @Test(arguments: ["br", "gzip, gzip", "zstd", "gzip, br"])
    func `a coding that is not undone is named, with those that are`(coding: String) async throws {
        let request = try Self.request([1], coding: coding)
        let error = await #expect(throws: HTTPError.self) { try await request.body.collect() }
        #expect(error?.status == .unsupportedMediaType)
        #expect(error?.fields[.acceptEncoding] == "gzip, deflate")
        #expect(try await Self.request([1], coding: "identity").body.collect() == [1])
    }

    @Test func `flipped and missing bits of a packed body give bytes or a clear error`()
        async throws
    {
        let packed = try #require(Gzip.packed(Self.text(700), level: 6))
        var generator = SeededGenerator(seed: 5)
        var refused = 0
        for round in 0..<(packed.count + 600) {
            var bytes = packed
            if round < packed.count {
                bytes.removeLast(packed.count - round)
            } else {
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] ^=
                        1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            do {
                let body = try await Self.request(bytes, coding: "gzip", in: 13, limit: 4096).body
                    .collect()
                #expect(body.count <= 4096)
            } catch let error as HTTPError {
                refused += 1
                #expect([400, 413].contains(error.status.code))
            }
        }
        #expect(refused > packed.count)
    }

    @Test(arguments: [
        ("gzip", true), ("GZip ; q=0.001", true), ("x-gzip", true), ("*", true),
        ("br, deflate, gzip;q=1.0", true), ("gzip, identity", true), ("gzip;q=0", false),
        ("gzip;q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false), ("", false),
        ("identity", false), ("identity, gzip;q=0.9", false), ("gzip;q=1.001", false),
        ("gzip;q=2", false), ("gzip;q=", false), ("gzip;x=1", false), ("gzip;q=0.1234", false),
        ("gzipped", false), (";q=1", false), (",,gzip,,", true),
    ])
    func `gzip goes to whoever wants it`(text: String, isWanted: Bool) {
        #expect(AcceptEncoding([.acceptEncoding: text]).prefersGzip == isWanted)
    }

    @Test func `only whole answers of text are packed, and both kinds vary`() async throws {
        let plain = Self.text(3000)
        func answer(
            _ type: String, _ fields: HTTPFields = [:], status: HTTPStatus = .ok,
            accepts: String = "gzip"
        ) async throws -> HTTPResponse {
            var response = HTTPResponse(status: status, type: type, bytes: plain, fields: fields)
            await ResponseCompression.apply(
                to: &response,
                for: try HTTPRequest(target: "/", fields: [.acceptEncoding: accepts]),
                threshold: 1000)
            return response
        }
        let packed = try await answer("application/json")
        #expect(packed.fields[.contentEncoding] == "gzip")
        #expect(packed.fields[.vary] == "Accept-Encoding")
        let same = try await answer("application/json; charset=utf-8", accepts: "br")
        #expect(same.fields[.contentEncoding] == nil)
        #expect(same.fields[.vary] == "Accept-Encoding")
        for response in [
            try await answer("image/png"), try await answer("text/event-stream"),
            try await answer("text/plain", [.contentEncoding: "br"]),
            try await answer("text/plain", [.eTag: "\"x\""]),
            try await answer("text/plain", [.cacheControl: "public, no-transform"]),
            try await answer("text/plain", status: .partialContent),
        ] {
            guard case .bytes(let bytes) = response.body else { throw HTTPError.cancelled }
            #expect(bytes == plain)
        }
    }

    @Test func `a packed request and its packed answer cross the wire`() async throws {
        let plain = Self.text(5000)
        let packed = try #require(Gzip.packed(plain, level: 6))
        try await withServer(handler: { request in
            HTTPResponse(type: "text/plain", bytes: try await request.body.collect())
        }) { server in
            var client = try TestClient(server)
            try await client.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"
                    + "Content-Length: \(packed.count)\r\n\r\n")
            try await client.send(packed)
            #expect(try await client.response().body == String(decoding: plain, as: UTF8.self))
            try await client.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx")
            let refused = try await client.response()
            #expect(refused.status == 415)
            #expect(refused.field("accept-encoding") == "gzip, deflate")
        }
    }
}

/// A body that comes in pieces of one size.
private actor Pieces: BodyChannel {
    private var rest: ArraySlice<UInt8>
    private let size: Int

    init(_ bytes: [UInt8], size: Int) {
        rest = bytes[...]
        self.size = size
    }

    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        let piece = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
        return piece.isEmpty ? nil : piece
    }
}
