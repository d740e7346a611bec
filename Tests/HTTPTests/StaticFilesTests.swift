import Foundation
import Sockets
import TestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct StaticFilesTests {
    /// A folder of its own, removed at the end.
    private final class Folder: Sendable {
        let path = NSTemporaryDirectory() + "laconic-files-\(UUID().uuidString)"

        init() throws {
            try FileManager.default.createDirectory(
                atPath: "\(path)/sub", withIntermediateDirectories: true)
        }

        deinit {
            try? FileManager.default.removeItem(atPath: path)
        }

        func write(_ text: String, to name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }
    }

    @Test(arguments: [
        ("bytes=0-0", ByteRange.part(0..<1)), ("bytes=2-", .part(2..<10)),
        ("bytes=-3", .part(7..<10)), ("bytes=-30", .part(0..<10)), ("Bytes=1-99", .part(1..<10)),
        ("bytes=9-9", .part(9..<10)), ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=99999999999999999999-", .unsatisfiable),
        ("bytes=0-99999999999999999999", .part(0..<10)), ("bytes=3-2", .whole),
        ("bytes=-", .whole), ("bytes=", .whole), ("bytes", .whole), ("", .whole),
        ("lines=0-1", .whole), ("bytes=0-1,3-4", .whole), ("bytes=+0-1", .whole),
        ("bytes=0x1-2", .whole), ("bytes=0--1", .whole), ("bytes=a-", .whole),
    ])
    func `a range is one part, none, or the whole`(text: String, expected: ByteRange) {
        #expect(ByteRange(text, of: 10) == expected)
        let empty = ByteRange(text, of: 0)
        #expect(empty == .whole || empty == .unsatisfiable)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ])
    func `a date of each form is read`(text: String) {
        #expect(HTTPDate.seconds(text) == 784_111_777)
    }

    @Test func `every date that is written is read again`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let seconds = Int.random(in: -2_000_000_000...20_000_000_000, using: &generator)
            #expect(HTTPDate.seconds(HTTPDate.text(seconds)) == seconds)
        }
        for text in [
            "", "x", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov +994 08:49:37 GMT",
        ] {
            #expect(HTTPDate.seconds(text) == nil)
        }
    }

    @Test func `flipped bits of conditions and ranges give some answer`() throws {
        let folder = try Folder()
        try folder.write("0123456789", to: "a.txt")
        let files = try StaticFiles(path: folder.path)
        let plain = try #require(try files.respond(to: HTTPRequest(target: "/a.txt")))
        let tag = try #require(plain.fields[.eTag])
        let date = try #require(plain.fields[.lastModified])
        let corpus: [(HTTPField.Name, String)] = [
            (.range, "bytes=2-5"), (.range, "bytes=-3,0-1"), (.ifNoneMatch, "\"x\", W/\(tag)"),
            (.ifMatch, tag), (.ifModifiedSince, date), (.ifUnmodifiedSince, date), (.ifRange, date),
            (.ifRange, tag), (.acceptEncoding, "gzip;q=0.5, *;q=0"),
        ]
        var generator = SeededGenerator(seed: 11)
        for round in 0..<4000 {
            let (name, text) = corpus[round % corpus.count]
            var bytes = Array(text.utf8)
            if round % 3 == 0 {
                bytes.removeLast(Int.random(in: 0...bytes.count, using: &generator))
            } else {
                bytes[Int.random(in: bytes.indices, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            let fields: HTTPFields = [
                .range: "bytes=0-3", name: String(decoding: bytes, as: UTF8.self),
            ]
            let request = try HTTPRequest(target: "/a.txt", fields: fields)
            do throws(HTTPError) {
                let response = try files.respond(to: request)
                #expect([200, 206, 304].contains(response?.status.code))
            } catch {
                #expect([412, 416].contains(error.status.code))
            }
        }
    }

    @Test func `a changed file has another tag, and another after packing`() throws {
        let folder = try Folder()
        let text = String(repeating: "packed well ", count: 100)
        try folder.write(text, to: "a.js")
        let files = try StaticFiles(path: folder.path)
        func tag(_ fields: HTTPFields = [:]) throws -> String? {
            try files.respond(to: HTTPRequest(target: "/a.js", fields: fields))?.fields[.eTag]
        }
        let (plain, packed) = (try tag(), try tag([.acceptEncoding: "gzip"]))
        #expect(plain != packed)
        try folder.write(text + "!", to: "a.js")
        #expect(try tag() != plain)
        #expect(try tag([.acceptEncoding: "gzip"]) != packed)
    }

    @Test func `a file that shrinks while it is sent does not look whole`() async throws {
        let folder = try Folder()
        try folder.write(String(repeating: "x", count: 8 << 20), to: "large.txt")
        let files = try StaticFiles(path: folder.path)
        try await withServer(handler: { request in
            try files.respond(to: request) ?? HTTPResponse(status: .notFound)
        }) { server in
            var client = try TestClient(server)
            try await client.send("GET /large.txt HTTP/1.1\r\nHost: h\r\n\r\n")
            try await client.receive(until: "\r\n\r\n")
            #expect(unsafe truncate("\(folder.path)/large.txt", 0) == 0)
            try await client.receive()
            #expect(client.wasReset == true)
        }
    }

    @Test func `a folder that is none is an error`() throws {
        #expect(throws: SocketError.self) { try StaticFiles(path: "/nowhere/at/all") }
        #expect(throws: SocketError.self) { try StaticFiles(path: "/etc/passwd") }
    }
}
