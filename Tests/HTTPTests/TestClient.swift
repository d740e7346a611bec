import HTTP
import Sockets
import Testing

/// A client that sends exactly the bytes it is told to and shows exactly what comes back.
struct TestClient: ~Copyable {
    /// A response taken apart, chunks undone.
    struct Response {
        var status: Int
        var head: String
        var body: String

        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").first {
                $0.lowercased().hasPrefix(name.lowercased() + ":")
            }.map { $0.dropFirst(name.count + 1).trimmingPrefix(" ") }.map(String.init)
        }
    }

    struct TimedOut: Error {}

    let stream: SocketStream
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false
    private(set) var wasReset = false

    init(_ server: HTTPServer) throws {
        stream = try SocketStream.connect(to: server.localAddress)
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = try stream.write(rest, [])
            rest = rest.dropFirst(sent)
            if sent == 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    /// Reads once; false where nothing was there.
    @discardableResult
    mutating func poll(upTo count: Int = 65536) -> Bool {
        do throws(SocketError) {
            switch try stream.read(appendingTo: &received, upTo: count) {
            case .bytes: return true
            case .blocked: return false
            case .end: hasEnded = true
            }
        } catch {
            (hasEnded, wasReset) = (true, true)
        }
        return false
    }

    /// Reads until `isDone`, or the end of the stream where it says so nowhere.
    mutating func receive(
        within limit: Duration = .seconds(10), until isDone: ([UInt8]) -> Bool = { _ in false }
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while !isDone(received), !hasEnded {
            guard !poll() else { continue }
            guard ContinuousClock.now < deadline else { throw TimedOut() }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    mutating func receive(until text: String) async throws {
        let bytes = Array(text.utf8)
        try await receive { $0.count >= bytes.count && Self.find(bytes, in: $0) != nil }
    }

    /// Takes the next response off what has been received.
    mutating func response(isHead: Bool = false) async throws -> Response {
        try await receive(until: "\r\n\r\n")
        let end = try #require(Self.find(Array("\r\n\r\n".utf8), in: received))
        let head = String(decoding: received[..<end], as: UTF8.self)
        received.removeFirst(end + 4)
        var response = Response(
            status: try #require(Int(head.split(separator: " ")[1])), head: head, body: "")
        var body: [UInt8] = []
        if isHead || response.status == 204 || response.status < 200 {
            return response
        } else if let length = response.field("content-length") {
            let count = try #require(Int(length))
            try await receive { $0.count >= count }
            try #require(received.count >= count)
            body = Array(received.prefix(count))
            received.removeFirst(count)
        } else if response.field("transfer-encoding") == "chunked" {
            while true {
                try await receive(until: "\r\n")
                let end = try #require(Self.find([13, 10], in: received))
                let size = try #require(
                    Int(String(decoding: received[..<end], as: UTF8.self), radix: 16))
                try await receive { $0.count >= end + size + 4 }
                try #require(received.count >= end + size + 4)
                body += received[(end + 2)..<(end + 2 + size)]
                received.removeFirst(end + size + 4)
                if size == 0 { break }
            }
        } else {
            try await receive()
            body = received
            received = []
        }
        response.body = String(decoding: body, as: UTF8.self)
        return response
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return (0...(bytes.count - needle.count)).first {
            bytes[$0] == needle[0] && bytes[$0..<($0 + needle.count)].elementsEqual(needle)
        }
    }
}

/// Runs `body` beside a server on a free port of this machine, then shuts it down.
func withServer(
    at address: SocketAddress? = nil, limits: HTTPLimits = HTTPLimits(),
    handler: @escaping HTTPHandler,
    _ body: (HTTPServer) async throws -> Void
) async throws {
    let address = try address ?? SocketAddress(host: "127.0.0.1", port: 0)
    let server = try HTTPServer(
        configuration: HTTPServerConfiguration(address: address, limits: limits), handler: handler)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        do {
            try await body(server)
        } catch {
            server.beginShutdown(grace: .zero)
            throw error
        }
        server.beginShutdown(grace: .zero)
        try await group.waitForAll()
    }
    #expect(server.connectionCount == 0)
}

/// Waits until `condition` holds.
func eventually(
    within limit: Duration = .seconds(10), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestClient.TimedOut() }
        try await Task.sleep(for: .milliseconds(1))
    }
}
