import HTTP
import Sockets
import Testing
import Tokenization

@testable import Serving

/// The API behind a real server, asked over a real connection.
@Suite struct LoopbackTests {
    /// Runs a server for as long as `body` runs.
    private func withServer(
        _ script: ScriptedService.Script = .init(),
        configure: (inout ServingConfiguration) -> Void = { _ in },
        _ body: (Caller, HTTPServer) async throws -> Void
    ) async throws {
        let caller = Caller(script, configure: configure)
        let address = try SocketAddress(host: "127.0.0.1", port: 0)
        let server = try caller.api.makeServer(HTTPServerConfiguration(address: address))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(caller, server)
            server.beginShutdown(grace: .zero)
            try await group.waitForAll()
        }
    }

    /// Sends `request` and returns the open connection.
    private func send(_ request: String, to server: HTTPServer) throws -> SocketStream {
        let stream = try SocketStream.connect(to: server.localAddress)
        let bytes = Array(request.utf8)
        var sent = 0
        while sent < bytes.count { sent += try stream.write(bytes[sent...], []) }
        return stream
    }

    /// Reads until the peer closes or `isEnough` says so.
    private func receive(
        _ stream: SocketStream, until isEnough: (String) -> Bool = { _ in false }
    ) async throws -> String {
        var bytes: [UInt8] = []
        for _ in 0..<5000 {
            switch try stream.read(appendingTo: &bytes, upTo: 65_536) {
            case .end:
                return String(decoding: bytes, as: UTF8.self)
            case .bytes:
                let text = String(decoding: bytes, as: UTF8.self)
                if isEnough(text) { return text }
            case .blocked:
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        Issue.record("no end after \(bytes.count) bytes")
        return ""
    }

    private func post(_ path: String, _ body: String) -> String {
        """
        POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nX-Request-ID: trace-7\r\n\
        Content-Length: \(body.utf8.count)\r\n\r\n\(body)
        """
    }

    @Test func `the first command of the README is answered`() async throws {
        try await withServer { _, server in
            let stream = try send(
                post("/generate", #"{"prompt":"What is 17 times 23?","budget":256}"#), to: server)
            let answer = try await receive(stream)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.lowercased().contains("\r\nx-request-id: trace-7\r\n"))
            #expect(answer.lowercased().contains("\r\nx-selected-model: tiny-a0\r\n"))
            #expect(answer.contains(#""text":"391""#))
        }
    }

    @Test func `a stream arrives piece by piece and ends`() async throws {
        try await withServer(.init(answer: ["a", "b"], eventsBeforeSilence: 2)) { caller, server in
            let stream = try send(post("/generate", #"{"prompt":"q","stream":true}"#), to: server)
            let begun = try await receive(stream) { $0.contains("\"text\":\"a\"") }
            #expect(!begun.contains("[DONE]"))
            #expect(begun.lowercased().contains("content-type: text/event-stream"))
            caller.service.release()
            let rest = try await receive(stream)
            #expect(rest.contains("data: [DONE]\n\n"))
            #expect(rest.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test(arguments: [
        ("/generate", #"{"prompt":"q"}"#), ("/generate", #"{"prompt":"q","stream":true}"#),
        ("/v1/completions", #"{"prompt":["q","r"],"stream":true}"#),
    ])
    func `a client that hangs up frees its completions`(path: String, body: String) async throws {
        let silent = ScriptedService.Script(answer: ["a", "b"], eventsBeforeSilence: 1)
        try await withServer(silent, configure: { $0.keepAliveInterval = .milliseconds(50) }) {
            caller, server in
            do {
                let stream = try send(post(path, body), to: server)
                #expect(await eventually { !caller.service.record.requests.isEmpty })
                try await Task.sleep(for: .milliseconds(30))
                _ = stream
            }
            let count = caller.service.record.requests.count
            #expect(await eventually { caller.service.record.cancelled == count })
        }
    }

    @Test func `a client that hangs up while its group gathers is taken out of it`() async throws {
        let body = #"{"query":["x"],"prompts":["x"],"labels":["4"]}"#
        try await withServer { caller, server in
            let collector = caller.api.rewards.collector
            let staying = try send(post("/v1/reward?group_size=2", body), to: server)
            #expect(await eventually { await collector.waitingCount == 1 })
            do {
                let leaving = try send(post("/v1/reward?group_size=3", body), to: server)
                #expect(await eventually { await collector.waitingCount == 2 })
                _ = leaving
            }
            #expect(await eventually { await collector.waitingCount == 1 })
            let other = try send(post("/v1/reward?group_size=2", body), to: server)
            for stream in [staying, other] {
                #expect(try await receive(stream).contains(#""group_complete":[1.0]"#))
            }
        }
    }

    @Test func `what HTTP refuses has the shape of all errors`() async throws {
        try await withServer { _, server in
            for (request, status, code) in [
                ("GET /nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404", "not_found"),
                (
                    "PUT /generate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "405",
                    "method_not_allowed"
                ),
                ("GET / HTTP/1.1\r\n\r\n", "400", "bad_request"),
                (
                    "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 70_000))\r\n\r\n",
                    "431", "request_header_fields_too_large"
                ),
                (
                    "POST /generate HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
                    "413", "request_too_large"
                ),
            ] {
                let answer = try await receive(try send(request, to: server))
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
                let body = try #require(answer.split(separator: "\r\n\r\n").dropFirst().first)
                let error = try JSONReader.read(Array(body.utf8))
                #expect(error.at("error.code") == .string(code))
                #expect(answer.lowercased().contains("\r\nx-request-id: req-"))
            }
        }
    }

    @Test func `draining finishes what runs and takes nothing new`() async throws {
        let slow = ScriptedService.Script(answer: ["a", "b", "c"], eventsBeforeSilence: 2)
        try await withServer(slow) { caller, server in
            let running = try send(post("/generate", #"{"prompt":"q","stream":true}"#), to: server)
            #expect(await eventually { caller.service.record.requests.count == 1 })
            caller.api.beginDraining()
            let refused = try await receive(
                try send(post("/generate", #"{"prompt":"r"}"#), to: server))
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.lowercased().contains("\r\nretry-after: 5\r\n"))
            server.beginShutdown(grace: .seconds(30))
            caller.service.release()
            #expect(try await receive(running).contains("[DONE]"))
        }
    }

    @Test func `of many clients those that stay get all and those that leave free theirs`()
        async throws
    {
        let script = ScriptedService.Script(
            thought: ["x", "y"], answer: (0..<20).map { "\($0) " }, pause: .milliseconds(3))
        try await withServer(script) { caller, server in
            let expected = (0..<20).map { "\($0) " }.joined()
            let stayed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for client in 0..<48 {
                    let streams = client.isMultiple(of: 2)
                    let body = #"{"prompt":"q","n":2,"stream":\#(streams)}"#
                    group.addTask {
                        let stream = try send(post("/generate", body), to: server)
                        guard !client.isMultiple(of: 3) else {
                            try await Task.sleep(for: .milliseconds(client))
                            return false
                        }
                        let answer = try await receive(stream)
                        guard streams else {
                            return answer.contains(#"{"index":1,"text":"\#(expected)""#)
                        }
                        let pieces = answer.split(separator: "\r\n").filter {
                            $0.contains(#""type":"answer","index":1"#)
                        }
                        return pieces.count == 20 && answer.contains("[DONE]")
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(stayed == 32)
            #expect(
                await eventually {
                    let record = caller.service.record
                    return record.cancelled + record.completed == record.requests.count
                })
            #expect(caller.service.record.completed >= 32)
        }
    }
}
