import HTTP
import Sockets
import Testing

@Suite(.timeLimit(.minutes(1))) struct ShutdownTests {
    private func server(_ handler: @escaping HTTPHandler) throws -> HTTPServer {
        let address = try SocketAddress(host: "127.0.0.1", port: 0)
        return try HTTPServer(
            configuration: HTTPServerConfiguration(address: address), handler: handler)
    }

    @Test func `running requests are finished, idle clients let go, new ones refused`()
        async throws
    {
        let entered = AsyncStream.makeStream(of: Void.self)
        let gate = AsyncStream.makeStream(of: Void.self)
        let server = try server { request in
            guard request.path == "/slow" else { return HTTPResponse() }
            entered.continuation.yield()
            for await _ in gate.stream { break }
            return HTTPResponse(type: "text/plain", bytes: Array("done".utf8))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var idle = try TestClient(server)
            try await idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            _ = try await idle.response()
            var busy = try TestClient(server)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            for await _ in entered.stream { break }
            server.beginShutdown(grace: .seconds(30))
            try await idle.receive()
            #expect(idle.hasEnded && idle.received.isEmpty)
            #expect(throws: SocketError.self) { _ = try TestClient(server) }
            gate.continuation.yield()
            let response = try await busy.response()
            #expect(response.body == "done")
            #expect(response.field("connection") == "close")
            try await busy.receive()
            let start = ContinuousClock.now
            try await group.waitForAll()
            #expect(start.duration(to: .now) < .seconds(5))
        }
    }

    @Test(arguments: [true, false])
    func `what outlasts the grace, or the cancelled server, is cancelled`(byGrace: Bool)
        async throws
    {
        let entered = AsyncStream.makeStream(of: Void.self)
        let left = AsyncStream.makeStream(of: Bool.self)
        let server = try server { _ in
            entered.continuation.yield()
            try? await Task.sleep(for: .seconds(50))
            left.continuation.yield(Task.isCancelled)
            return HTTPResponse()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            var client = try TestClient(server)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            for await _ in entered.stream { break }
            let start = ContinuousClock.now
            if byGrace {
                server.beginShutdown(grace: .seconds(40))
                // The shorter one counts.
                server.beginShutdown(grace: .milliseconds(50))
            } else {
                group.cancelAll()
            }
            for await wasCancelled in left.stream {
                #expect(wasCancelled)
                break
            }
            try await group.waitForAll()
            try await client.receive()
            #expect(start.duration(to: .now) < .seconds(5))
        }
    }

    @Test func `a server that was told to stop before it ran does not run`() async throws {
        let server = try server { _ in HTTPResponse() }
        server.beginShutdown(grace: .seconds(10))
        try await server.run()
        #expect(throws: SocketError.self) { _ = try TestClient(server) }
    }

    @Test func `an address that is in use is an error of the initialiser`() throws {
        let first = try server { _ in HTTPResponse() }
        #expect(throws: SocketError.addressInUse(address: "\(first.localAddress)")) {
            _ = try HTTPServer(
                configuration: HTTPServerConfiguration(address: first.localAddress),
                handler: { _ in HTTPResponse() })
        }
    }
}
