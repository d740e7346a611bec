import HTTP
import Sockets
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HangUpTests {
    /// Where the client is while it leaves.
    enum Scene: String, CaseIterable, Sendable {
        case computing, readingBody, streaming, blockedWriting
    }

    private static func handler(
        entered: AsyncStream<Void>.Continuation, left: AsyncStream<Bool>.Continuation
    ) -> HTTPHandler {
        { request in
            let sleep: @Sendable () async throws -> Void = {
                entered.yield()
                do {
                    try await Task.sleep(for: .seconds(50))
                    left.yield(false)
                } catch {
                    left.yield(Task.isCancelled)
                    throw error
                }
            }
            switch Scene(rawValue: String(request.path.dropFirst())) {
            case .computing:
                try await sleep()
            case .readingBody:
                entered.yield()
                do {
                    _ = try await request.body.collect()
                    left.yield(false)
                } catch {
                    left.yield(true)
                    throw error
                }
            case .streaming:
                return .events { writer in
                    try await writer.write("begun")
                    try await sleep()
                }
            case .blockedWriting, nil:
                return .events { writer in
                    entered.yield()
                    do {
                        while true {
                            try await writer.write([UInt8](repeating: 65, count: 10_000))
                        }
                    } catch {
                        left.yield(true)
                        throw error
                    }
                }
            }
            return HTTPResponse()
        }
    }

    private func leave(
        _ scene: Scene, limits: HTTPLimits = HTTPLimits(),
        by departure: (borrowing TestClient) throws -> Void
    ) async throws -> Duration {
        let entered = AsyncStream.makeStream(of: Void.self)
        let left = AsyncStream.makeStream(of: Bool.self)
        let time = Mutex(Duration.zero)
        let handler = Self.handler(entered: entered.continuation, left: left.continuation)
        try await withServer(limits: limits, handler: handler) { server in
            do {
                let client = try TestClient(server)
                let length = scene == .readingBody ? "Content-Length: 9\r\n" : ""
                try await client.send(
                    "POST /\(scene.rawValue) HTTP/1.1\r\nHost: h\r\n\(length)\r\n")
                for await _ in entered.stream { break }
                if scene == .blockedWriting { try await Task.sleep(for: .milliseconds(50)) }
                try departure(client)
            }
            let start = ContinuousClock.now
            for await wasCancelled in left.stream {
                #expect(wasCancelled)
                break
            }
            time.withLock { $0 = start.duration(to: .now) }
            try await eventually { server.connectionCount == 0 }
        }
        return time.withLock { $0 }
    }

    @Test(arguments: Scene.allCases)
    func `a reset cancels the handler at once`(scene: Scene) async throws {
        var limits = HTTPLimits()
        limits.halfCloseProbe = .seconds(30)
        let time = try await leave(scene, limits: limits) { $0.stream.resetOnClose() }
        #expect(time < .seconds(5))
    }

    @Test(arguments: [Scene.computing, .readingBody])
    func `a plain close cancels a handler that has answered nothing`(scene: Scene) async throws {
        var limits = HTTPLimits()
        limits.halfCloseProbe = .milliseconds(60)
        #expect(try await leave(scene, limits: limits) { _ in } < .seconds(5))
    }

    @Test func `a client that half-closes after a quick request is served`() async throws {
        var limits = HTTPLimits()
        limits.halfCloseProbe = .seconds(30)
        try await withServer(limits: limits) { request in
            try await Task.sleep(for: .milliseconds(20))
            return HTTPResponse(type: "text/plain", bytes: Array(request.path.utf8))
        } _: { server in
            var client = try TestClient(server)
            try await client.send(
                "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
            client.stream.finishWriting()
            #expect(try await client.response().body == "/a")
            #expect(try await client.response().body == "/b")
            try await client.receive()
            #expect(client.hasEnded && !client.wasReset)
        }
    }

    @Test func `a client that half-closes before a long answer still gets it`() async throws {
        var limits = HTTPLimits()
        limits.halfCloseProbe = .milliseconds(20)
        try await withServer(limits: limits) { request in
            try await Task.sleep(for: .milliseconds(200))
            return HTTPResponse(type: "text/plain", bytes: Array(request.path.utf8))
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n")
            client.stream.finishWriting()
            // An interim response has no body; the final one follows it.
            try await client.receive(until: "/long")
            #expect(client.received.starts(with: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200".utf8))
        }
    }

    @Test(arguments: [Duration.seconds(30), .milliseconds(20)])
    func `a client of HTTP 1.0 that half-closes has its grace and no interim response`(
        grace: Duration
    ) async throws {
        let isServed = grace > .seconds(1)
        var limits = HTTPLimits()
        limits.halfCloseProbe = .milliseconds(1)
        limits.halfCloseGrace = grace
        try await withServer(limits: limits) { request in
            try await Task.sleep(for: isServed ? .milliseconds(20) : .seconds(50))
            return HTTPResponse(type: "text/plain", bytes: Array(request.path.utf8))
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            client.stream.finishWriting()
            try await client.receive()
            let (hasEnded, received) = (client.hasEnded, client.received)
            #expect(hasEnded)
            #expect(received.starts(with: (isServed ? "HTTP/1.1 200" : "").utf8))
            #expect(received.isEmpty != isServed)
        }
    }

    @Test func `a half-closed client that reads slowly gets the whole response`() async throws {
        let body = [UInt8](repeating: 65, count: 9_000_000)
        var limits = HTTPLimits()
        limits.halfCloseProbe = .seconds(30)
        try await withServer(limits: limits) { _ in
            HTTPResponse(type: "text/plain", bytes: body)
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            client.stream.finishWriting()
            try await Task.sleep(for: .milliseconds(50))
            while !client.hasEnded {
                if !client.poll(upTo: 200_000) { try await Task.sleep(for: .milliseconds(1)) }
            }
            #expect(client.wasReset == false)
            #expect(client.received.count > body.count)
        }
    }

    @Test func `a stream goes on for a client that has half-closed and still reads`() async throws {
        var limits = HTTPLimits()
        limits.halfCloseProbe = .milliseconds(20)
        try await withServer(limits: limits) { _ in
            .events { writer in
                for index in 0..<10 {
                    try await writer.write("\(index);")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            try await client.receive(until: "0;")
            client.stream.finishWriting()
            #expect(try await client.response().body == "0;1;2;3;4;5;6;7;8;9;")
        }
    }

    @Test func `a request cut off in its header or body is told so`() async throws {
        var limits = HTTPLimits()
        (limits.halfCloseProbe, limits.halfCloseGrace) = (.seconds(30), .seconds(30))
        try await withServer(limits: limits) { request in
            HTTPResponse(type: "text/plain", bytes: try await request.body.collect())
        } _: { server in
            for text in ["GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"] {
                var client = try TestClient(server)
                try await client.send(text)
                client.stream.finishWriting()
                #expect(try await client.response().status == 400)
            }
        }
    }
}
