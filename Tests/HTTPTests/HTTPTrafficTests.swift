import HTTP
import Sockets
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPTrafficTests {
    @Test func `every byte and every connection is counted, and closed ones are not open`()
        async throws
    {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
        var configuration = HTTPServerConfiguration(
            address: try SocketAddress(host: "127.0.0.1", port: 0))
        configuration.limits.bodyByteCount = 1 << 20
        let traffic = configuration.traffic
        let server = try HTTPServer(configuration: configuration) { request in
            HTTPResponse(type: "image/png", bytes: try await request.body.collect() + body)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
            var received = 0
            for count in 1...3 {
                var client = try TestClient(server)
                try await client.send(request)
                let response = try await client.response()
                #expect(response.body.utf8.count == body.count + 5)
                received += response.head.utf8.count + 4 + response.body.utf8.count
                #expect(traffic.openConnectionCount >= 1 && traffic.connectionCount == count)
            }
            try await eventually { traffic.openConnectionCount == 0 }
            #expect(traffic.receivedByteCount == 3 * request.utf8.count)
            #expect(traffic.sentByteCount == received)
            server.beginShutdown(grace: .zero)
            try await group.waitForAll()
        }
    }
}
