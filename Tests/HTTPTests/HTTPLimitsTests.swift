import HTTP
import Sockets
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPLimitsTests {
    private static let hello: HTTPHandler = { request in
        _ = try await request.body.collect()
        return HTTPResponse(type: "text/plain", bytes: [65])
    }

    @Test func `a header that drips in is cut off in total time, not between bytes`() async throws {
        var limits = HTTPLimits()
        limits.headerTimeout = .milliseconds(200)
        try await withServer(limits: limits, handler: Self.hello) { server in
            var client = try TestClient(server)
            let start = ContinuousClock.now
            for byte in "GET / HTTP/1.1\r\nA: \(String(repeating: "b", count: 2000))" {
                try? await client.send(String(byte))
                if client.poll() { break }
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await client.response().status == 408)
            #expect(start.duration(to: .now) < .seconds(15))
        }
    }

    @Test func `an idle connection is closed without a word, blank lines or not`() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(150)
        limits.firstByteTimeout = .milliseconds(150)
        try await withServer(limits: limits, handler: Self.hello) { server in
            var fresh = try TestClient(server)
            var used = try TestClient(server)
            try await used.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await used.response().status == 200)
            try await used.send("\r\n")
            try await fresh.receive()
            try await used.receive()
            #expect(fresh.received.isEmpty && used.received.isEmpty)
        }
    }

    @Test func `a body below the least rate is cut off, a handler's pause is not held against it`()
        async throws
    {
        var limits = HTTPLimits()
        limits.bodyRatePeriod = .milliseconds(150)
        limits.minimumBodyRate = 1000
        try await withServer(limits: limits, handler: Self.hello) { server in
            var client = try TestClient(server)
            try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab")
            #expect(try await client.response().status == 408)
        }
        let gate = AsyncStream.makeStream(of: Void.self)
        try await withServer(limits: limits) { request in
            for await _ in gate.stream { break }
            return HTTPResponse(type: "text/plain", bytes: try await request.body.collect())
        } _: { server in
            var client = try TestClient(server)
            try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
            try await Task.sleep(for: .milliseconds(400))
            try await client.send("cd")
            gate.continuation.yield()
            #expect(try await client.response().body == "abcd")
        }
    }

    @Test func `a body has a total time too`() async throws {
        var limits = HTTPLimits()
        limits.bodyTimeout = .milliseconds(150)
        limits.minimumBodyRate = 0
        try await withServer(limits: limits, handler: Self.hello) { server in
            var client = try TestClient(server)
            try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab")
            #expect(try await client.response().status == 408)
        }
    }

    @Test func `a client that does not read suspends the writer, holds little, and is dropped`()
        async throws
    {
        let written = Atomic(0)
        let outcome = AsyncStream.makeStream(of: HTTPError.self)
        var limits = HTTPLimits()
        limits.writeTimeout = .milliseconds(400)
        try await withServer(limits: limits) { _ in
            .events { writer in
                do throws(HTTPError) {
                    for _ in 0..<100_000 {
                        try await writer.write([UInt8](repeating: 65, count: 8192))
                        written.add(8192, ordering: .relaxed)
                    }
                } catch {
                    outcome.continuation.yield(error)
                    throw error
                }
            }
        } _: { server in
            let client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            for await error in outcome.stream {
                #expect(error == .disconnected)
                break
            }
            // What went out sits in the kernel's buffers (a few MB on loopback) and in our 64 KB.
            #expect(written.load(ordering: .relaxed) < 32_000_000)
            withExtendedLifetime(client.stream) {}
        }
    }

    @Test func `a slow reader gets every byte in order`() async throws {
        try await withServer { _ in
            .events { writer in
                for index in 0..<20_000 { try await writer.write("\(index) \(index * index);") }
            }
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            while !client.hasEnded {
                if !client.poll(upTo: 5000) { try await Task.sleep(for: .milliseconds(1)) }
            }
            let text = String(decoding: client.received, as: UTF8.self)
            let body = text.split(separator: "\r\n\r\n").last
            #expect(body.map(String.init) == (0..<20_000).map { "\($0) \($0 * $0);" }.joined())
        }
    }

    @Test func `writes of several tasks each arrive whole`() async throws {
        try await withServer { _ in
            .events { writer in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<4 {
                        let line = String(repeating: "\(task)", count: 3000) + ";"
                        group.addTask {
                            for _ in 0..<400 { try await writer.write(line) }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        } _: { server in
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.0\r\n\r\n")
            // The buffers fill, so that all writers wait at the same time.
            try await Task.sleep(for: .milliseconds(100))
            while !client.hasEnded {
                if !client.poll(upTo: 100_000) { try await Task.sleep(for: .milliseconds(1)) }
            }
            let text = String(decoding: client.received, as: UTF8.self)
            let lines = try #require(text.split(separator: "\r\n\r\n").last).split(separator: ";")
            #expect(lines.count == 1600)
            #expect(lines.allSatisfy { $0.utf8.count == 3000 && Set($0.utf8).count == 1 })
        }
    }

    @Test func `a body is left in the socket while the handler does not read it`() async throws {
        var limits = HTTPLimits()
        limits.bodyBufferByteCount = 10_000
        limits.bodyRatePeriod = .milliseconds(500)
        limits.minimumBodyRate = 10
        let gate = AsyncStream.makeStream(of: Void.self)
        try await withServer(limits: limits) { request in
            for await _ in gate.stream { break }
            var sum = 0
            for try await chunk in request.body {
                #expect(chunk.count <= 10_000 + 16_384)
                sum += chunk.count
            }
            return HTTPResponse(type: "text/plain", bytes: Array("\(sum)".utf8))
        } _: { server in
            var client = try TestClient(server)
            let count = 12_000_000
            try await client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(count)\r\n\r\n")
            var sent = 0
            let piece = [UInt8](repeating: 65, count: 100_000)
            var refusals = 0
            while sent < count, refusals < 600 {
                let taken = try client.stream.write(piece.prefix(count - sent), [])
                sent += taken
                if taken == 0 {
                    refusals += 1
                    try await Task.sleep(for: .milliseconds(2))
                }
            }
            #expect(sent < count)
            gate.continuation.yield()
            while sent < count {
                let taken = try client.stream.write(piece.prefix(count - sent), [])
                sent += taken
                if taken == 0 { try await Task.sleep(for: .milliseconds(1)) }
            }
            #expect(try await client.response().body == "\(count)")
        }
    }

    @Test(arguments: [503, 429])
    func `clients above the limit are told so, and let in when there is room`(
        status: Int
    ) async throws {
        var limits = HTTPLimits()
        if status == 503 { limits.connectionCount = 2 } else { limits.connectionsPerClient = 2 }
        try await withServer(limits: limits, handler: Self.hello) { server in
            let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
            do {
                var first = try TestClient(server)
                var second = try TestClient(server)
                try await first.send(request)
                try await second.send(request)
                #expect(try await first.response().status == 200)
                #expect(try await second.response().status == 200)
                var third = try TestClient(server)
                try await third.send(request)
                let response = try await third.response()
                #expect(response.status == status)
                #expect(response.field("retry-after") == "1")
                try await third.receive()
                #expect(third.wasReset == false)
            }
            try await eventually { server.connectionCount == 0 }
            var fourth = try TestClient(server)
            try await fourth.send(request)
            #expect(try await fourth.response().status == 200)
        }
    }
}
