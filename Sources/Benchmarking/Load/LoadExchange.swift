import Sockets

/// One request and what came of it.
struct LoadSample: Sendable {
    /// When it was sent, or should have been.
    var start: ContinuousClock.Instant
    /// When the first text came.
    var firstToken: ContinuousClock.Instant?
    /// When the last text came.
    var lastToken: ContinuousClock.Instant?
    /// When the answer was whole, or failed.
    var end: ContinuousClock.Instant
    /// Seconds from one piece of text to the next.
    var gaps: [Double] = []
    /// Pieces of text.
    var chunkCount = 0
    /// Tokens of the prompt, where the server says so.
    var promptTokens: Int?
    /// Tokens of the answer, where the server says so.
    var reportedTokens: Int?
    /// Why there is no answer.
    var failure: LoadFailure?

    /// Tokens of the answer: what the server says, else its pieces of text.
    var tokenCount: Int { reportedTokens ?? chunkCount }

    init(start: ContinuousClock.Instant, failure: LoadFailure? = nil) {
        self.start = start
        end = start
        self.failure = failure
    }
}

/// Sends requests, each on a connection of its own, and times what comes back.
struct LoadExchange: Sendable {
    /// Bytes of a body that is no stream.
    static let bodyLimit = 1 << 20

    let target: LoadTarget
    let loop: EventLoop
    let timeout: Duration

    /// Asks for a stream.
    ///
    /// - Parameters:
    ///   - request: Head and body.
    ///   - start: What times count from.
    /// - Returns: The times, or the failure.
    func stream(_ request: [UInt8], from start: ContinuousClock.Instant) async -> LoadSample {
        var sample = LoadSample(start: start)
        var (events, body) = (EventStreamParser(), [UInt8]())
        do throws(LoadFailure) {
            let status = try await exchange(request, from: start) {
                status, bytes throws(LoadFailure) in
                guard status == 200 else { return try Self.keep(bytes, in: &body) }
                let now = ContinuousClock.now
                try events.receive(bytes) { data throws(LoadFailure) in
                    sample.take(try StreamEvent(data), at: now)
                }
            }
            guard status == 200 else { throw .status(status, StreamEvent.failure(body)) }
            if sample.chunkCount == 0 { throw .empty }
        } catch {
            sample.failure = error
        }
        sample.end = .now
        return sample
    }

    /// Asks for a body as a whole.
    func body(_ request: [UInt8]) async throws(LoadFailure) -> [UInt8] {
        var body: [UInt8] = []
        let status = try await exchange(request, from: .now) { _, bytes throws(LoadFailure) in
            try Self.keep(bytes, in: &body)
        }
        guard status == 200 else { throw .status(status, StreamEvent.failure(body)) }
        return body
    }

    private static func keep(_ bytes: [UInt8], in body: inout [UInt8]) throws(LoadFailure) {
        body += bytes
        guard body.count <= bodyLimit else {
            throw .malformed("a body of more than \(bodyLimit >> 20) MiB")
        }
    }

    /// Sends a request and hands over the body as it comes.
    ///
    /// - Returns: The status.
    private func exchange(
        _ request: [UInt8], from start: ContinuousClock.Instant,
        receive: (_ status: Int, _ bytes: [UInt8]) throws(LoadFailure) -> Void
    ) async throws(LoadFailure) -> Int {
        let socket = try LoadSocket(target.address, loop: loop, deadline: start + timeout)
        defer { socket.close() }
        try await socket.change()
        do throws(SocketError) {
            try socket.stream.finishConnecting(to: target.address)
        } catch {
            throw .connect("\(error)")
        }
        var rest = request[...]
        while !rest.isEmpty {
            let sent: Int
            do throws(SocketError) {
                sent = try socket.stream.write(rest, [])
            } catch {
                // A server that refuses may answer before it has read all: see what it says.
                break
            }
            rest = rest.dropFirst(sent)
            if sent == 0 { try await socket.change() }
        }
        var parser = ResponseParser()
        var (input, body) = ([UInt8](), [UInt8]())
        while !parser.isComplete {
            let outcome: ReadOutcome
            do throws(SocketError) {
                outcome = try socket.stream.read(appendingTo: &input, upTo: 64 << 10)
            } catch {
                throw .cutOff
            }
            switch outcome {
            case .blocked: try await socket.change()
            case .end: try parser.finish()
            case .bytes:
                try parser.receive(input, body: &body)
                input.removeAll(keepingCapacity: true)
                if !body.isEmpty { try receive(parser.status ?? 0, body) }
                body.removeAll(keepingCapacity: true)
                // A flood must not keep a stopped run or an overdue answer alive.
                if Task.isCancelled { throw .cancelled }
                if ContinuousClock.now >= start + timeout { throw .timeout }
            }
        }
        return parser.status ?? 0
    }
}

extension LoadSample {
    fileprivate mutating func take(_ event: StreamEvent, at now: ContinuousClock.Instant) {
        if event.hasText {
            chunkCount += 1
            if let lastToken { gaps.append((now - lastToken) / .seconds(1)) }
            firstToken = firstToken ?? now
            lastToken = now
        }
        promptTokens = event.promptTokens ?? promptTokens
        reportedTokens = event.completionTokens ?? reportedTokens
    }
}
