import Foundation
import HTTP
import Sockets
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    private static let echo: HTTPHandler = { request in
        let body = try await request.body.collect()
        return HTTPResponse(
            type: "text/plain",
            bytes: Array("\(request.method.rawValue) \(request.path) ".utf8) + body)
    }

    @Test func `requests are answered in order on one connection, pipelined or not`() async throws {
        try await withServer(handler: Self.echo) { server in
            var client = try TestClient(server)
            var text = ""
            for index in 0..<40 {
                text += "POST /\(index) HTTP/1.1\r\nHost: h\r\n"
                text +=
                    index.isMultiple(of: 2)
                    ? "Content-Length: 3\r\n\r\nabc"
                    : "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
            }
            try await client.send(text)
            for index in 0..<40 {
                let response = try await client.response()
                #expect(response.body == "POST /\(index) abc")
                #expect(response.field("date")?.hasSuffix(" GMT") == true)
                #expect(response.field("connection") == nil)
            }
            for byte in "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" {
                try await client.send(String(byte))
            }
            let last = try await client.response()
            #expect(last.body == "GET /last ")
            #expect(last.field("connection") == "close")
            try await client.receive()
            #expect(client.hasEnded && !client.wasReset && client.received.isEmpty)
        }
    }

    @Test(arguments: ["::1", "unix"])
    func `IPv6 and Unix sockets serve alike`(host: String) async throws {
        let path = NSTemporaryDirectory() + "laconic-\(UUID().uuidString.prefix(8)).sock"
        let address =
            try host == "unix"
            ? SocketAddress(unixPath: path) : SocketAddress(host: host, port: 0)
        var limits = HTTPLimits()
        limits.halfCloseGrace = .seconds(30)
        try await withServer(at: address, limits: limits, handler: Self.echo) { server in
            var client = try TestClient(server)
            for index in 0..<3 {
                try await client.send(
                    "POST /\(index) HTTP/1.1\r\nHost:\r\nContent-Length: 1\r\n\r\nx")
                #expect(try await client.response().body == "POST /\(index) x")
            }
            try await client.send("GET /last HTTP/1.0\r\n\r\n")
            client.stream.finishWriting()
            #expect(try await client.response().body == "GET /last ")
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a large body goes both ways unchanged`() async throws {
        try await withServer { request in
            HTTPResponse(type: "text/plain", bytes: try await request.body.collect())
        } _: { server in
            var client = try TestClient(server)
            let body = String((0..<2_000_000).map { Character(UnicodeScalar(97 + UInt8($0 % 23))) })
            try await client.send(
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
            try await client.send(body)
            #expect(try await client.response().body == body)
        }
    }

    @Test func `a waiting client is told to continue when the handler reads, and only then`()
        async throws
    {
        try await withServer { request in
            guard request.path == "/read" else { return HTTPResponse(status: .unauthorized) }
            return HTTPResponse(type: "text/plain", bytes: try await request.body.collect())
        } _: { server in
            let head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n"
            var client = try TestClient(server)
            try await client.send("POST /read \(head)")
            #expect(try await client.response().status == 100)
            try await client.send("body")
            #expect(try await client.response().body == "body")
            try await client.send("POST /refuse \(head)")
            let refusal = try await client.response()
            // The body may or may not follow now, so the connection cannot go on.
            #expect(refusal.status == 401 && refusal.field("connection") == "close")
        }
    }

    @Test func `HEAD gets the head of GET and no body`() async throws {
        var table = EndpointTable()
        table.add(.get, "/whole") { _ in HTTPResponse(type: "text/plain", bytes: [65, 66]) }
        table.add(.get, "/stream") { _ in
            HTTPResponse(body: .stream { _ in Issue.record("a body was made for HEAD") })
        }
        let routes = table
        try await withServer(handler: { try await routes.respond(to: $0) }) { server in
            var client = try TestClient(server)
            for path in ["/whole", "/stream"] {
                try await client.send("HEAD \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try await client.response(isHead: true)
                #expect(response.status == 200)
                #expect(response.field("content-length") == (path == "/whole" ? "2" : nil))
            }
            try await client.send("GET /whole HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().body == "AB")
        }
    }

    @Test func `a stream is chunked for 1.1 and ends with the connection for 1.0`() async throws {
        try await withServer { _ in
            .events { writer in
                try await writer.write(ServerSentEvent(comment: "hello"))
                try await writer.write([])
                try await writer.write(ServerSentEvent(data: "1"))
            }
        } _: { server in
            var client = try TestClient(server)
            for _ in 0..<2 {
                try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                let response = try await client.response()
                #expect(response.body == ": hello\n\ndata: 1\n\n")
                #expect(response.field("transfer-encoding") == "chunked")
                #expect(response.field("x-accel-buffering") == "no")
            }
            try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try await client.response()
            #expect(response.body == ": hello\n\ndata: 1\n\n")
            #expect(response.field("transfer-encoding") == nil)
            #expect(response.field("connection") == "close")
        }
    }

    @Test func `a writer that is kept beyond its response writes nothing any more`() async throws {
        let kept = Mutex<HTTPBodyWriter?>(nil)
        try await withServer { request in
            if request.path == "/second" {
                let writer = kept.withLock { $0 }
                await #expect(throws: HTTPError.disconnected) { try await writer?.write("late") }
            }
            return .events { writer in
                if request.path == "/first" { kept.withLock { $0 = writer } }
                try await writer.write(request.path)
            }
        } _: { server in
            var client = try TestClient(server)
            for path in ["/first", "/second"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                #expect(try await client.response().body == path)
            }
        }
        // It knows the server, and the server the handler, which keeps it.
        kept.withLock { $0 = nil }
    }

    @Test func `what a stream has written leaves before it waits`() async throws {
        let gate = AsyncStream.makeStream(of: Void.self)
        try await withServer { _ in
            .events { writer in
                try await writer.write("one")
                for await _ in gate.stream { break }
                try await writer.write("two")
                try await writer.write("three")
                for await _ in gate.stream { break }
            }
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            try await client.receive(until: "one")
            gate.continuation.yield()
            try await client.receive(until: "3\r\ntwo\r\n5\r\nthree\r\n")
            gate.continuation.yield()
            try await client.receive(until: "0\r\n\r\n")
        }
    }

    @Test func `a stream that never waits reaches a slow reader whole and in order`() async throws {
        let count = 20_000
        try await withServer { _ in
            .events { writer in
                for index in 0..<count { try await writer.write("\(index)\n") }
            }
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            for _ in 0..<50 {
                client.poll(upTo: 512)
                try await Task.sleep(for: .milliseconds(1))
            }
            let body = try await client.response().body
            #expect(body == (0..<count).map { "\($0)\n" }.joined())
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.response().body == body)
        }
    }

    @Test func `a failed stream does not look whole`() async throws {
        struct Failure: Error {}
        try await withServer { request in
            HTTPResponse(
                body: .stream { writer in
                    if request.path == "/late" { try await writer.write("half") }
                    throw Failure()
                })
        } _: { server in
            var early = try TestClient(server)
            try await early.send("GET /early HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await early.response().status == 500)
            var late = try TestClient(server)
            try await late.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
            try await late.receive()
            let text = String(decoding: late.received, as: UTF8.self)
            #expect(text.hasSuffix("4\r\nhalf\r\n"))
            var old = try TestClient(server)
            try await old.send("GET /late HTTP/1.0\r\n\r\n")
            try await old.receive()
            #expect(old.wasReset == true)
        }
    }

    @Test(arguments: [
        ("GET / HTTP/3.0\r\n\r\n", 505), ("nonsense\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", 413),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nffffffff\r\n",
            413
        ),
        ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n", 417),
    ])
    func `an error is answered, and read by a client that goes on sending`(
        request: String, status: Int
    ) async throws {
        try await withServer(handler: Self.echo) { server in
            var client = try TestClient(server)
            try await client.send(request)
            // Unread input at the close would reset the connection and lose the answer.
            for _ in 0..<20 {
                try? await client.send([UInt8](repeating: 65, count: 20_000))
                await Task.yield()
            }
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response.field("connection") == "close")
            #expect(!response.body.isEmpty)
            client.stream.finishWriting()
            try await client.receive()
            #expect(client.wasReset == false)
        }
    }

    @Test func `errors get the body that the application makes`() async throws {
        var table = EndpointTable()
        table.add(.get, "/a") { _ in HTTPResponse(type: "text/plain", bytes: []) }
        table.add(.get, "/fail") { _ in throw HTTPError.bodyTooLarge(limit: 3) }
        table.add(.post, "/small") { request in
            HTTPResponse(type: "text/plain", bytes: try await request.body.collect(upTo: 3))
        }
        let routes = table
        let server = try HTTPServer(
            configuration: HTTPServerConfiguration(
                address: .init(host: "127.0.0.1", port: 0), serverName: "laconic"),
            handler: { try await routes.respond(to: $0) },
            errorBody: { error in
                HTTPResponse(type: "application/json", bytes: Array("{\(error.status.code)}".utf8))
            })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var client = try TestClient(server)
            let small = "POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
            for (request, status, allow) in [
                ("GET /b HTTP/1.1\r\nHost: h\r\n\r\n", 404, nil),
                ("POST /a HTTP/1.1\r\nHost: h\r\n\r\n", 405, "GET, HEAD, OPTIONS"),
                ("GET /fail HTTP/1.1\r\nHost: h\r\n\r\n", 413, nil), (small, 413, nil),
                ("GET /a HTTP/9.9\r\n\r\n", 505, nil),
            ] {
                try await client.send(request)
                let response = try await client.response()
                #expect(response.status == status)
                #expect(response.body == "{\(status)}")
                #expect(response.field("allow") == allow)
                #expect(response.field("content-type") == "application/json")
                #expect(response.field("server") == "laconic")
            }
            server.beginShutdown(grace: .zero)
            try await group.waitForAll()
        }
    }

    @Test func `an unread body is swallowed when small and ends the connection when large`()
        async throws
    {
        try await withServer(handler: { _ in HTTPResponse(type: "text/plain", bytes: [65]) }) {
            server in
            var client = try TestClient(server)
            let head = { (count: Int) in
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(count)\r\n\r\n"
            }
            try await client.send(head(5000))
            #expect(try await client.response().field("connection") == nil)
            try await client.send(String(repeating: "x", count: 5000))
            try await client.send(head(5_000_000))
            let response = try await client.response()
            #expect(response.body == "A")
            #expect(response.field("connection") == "close")
        }
    }

    @Test func `two hundred clients at once are all answered and leave no descriptor`()
        async throws
    {
        let descriptors = { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") }
        let before = try descriptors().count
        try await withServer(handler: Self.echo) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        var client = try TestClient(server)
                        for round in 0..<5 {
                            try await client.send(
                                "POST /\(index)/\(round) HTTP/1.1\r\nHost: h\r\n"
                                    + "Content-Length: 2\r\n\r\nhi")
                            let body = try await client.response().body
                            #expect(body == "POST /\(index)/\(round) hi")
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { server.connectionCount == 0 }
        }
        // Other suites run beside this one and may hold some.
        #expect(try descriptors().count < before + 100)
    }

    @Test func `a handler that computes leaves the loop's thread to the others`() async throws {
        var table = EndpointTable()
        let thread: HTTPHandler = { _ in
            HTTPResponse(type: "text/plain", bytes: Array("\(UInt(pthread_self()))".utf8))
        }
        table.add(.get, "/long", thread)
        table.add(.get, "/short", on: .loop, thread)
        let routes = table
        try await withServer {
            try await routes.respond(to: $0)
        } _: { server in
            var client = try TestClient(server)
            var threads: [String: Set<String>] = [:]
            for path in ["/short", "/long", "/short", "/long", "/short"] {
                try await client.send("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n")
                threads[path, default: []].insert(try await client.response().body)
            }
            #expect(threads["/short"]?.count == 1)
            #expect(threads["/long"]?.isDisjoint(with: threads["/short"] ?? []) == true)
        }
    }
}
