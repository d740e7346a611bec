import Foundation
import HTTP
import Sockets
import Synchronization
import Testing
import Tokenization

@testable import Benchmarking

@Suite(.timeLimit(.minutes(1))) struct LoadGeneratorTests {
    /// Requests that came, and how many of them at most were open at once.
    private final class Visits: Sendable {
        private let state = Mutex((open: 0, most: 0, prompts: [String]()))

        var most: Int { state.withLock(\.most) }
        var prompts: [String] { state.withLock(\.prompts) }

        func begin(_ prompt: String) {
            state.withLock { state in
                state.open += 1
                state.most = max(state.most, state.open)
                state.prompts.append(prompt)
            }
        }

        func end() { state.withLock { $0.open -= 1 } }
    }

    /// A server whose streams say `pieces`, then perhaps how many tokens they were.
    private func withStreams(
        _ pieces: [String], usage: Int? = nil, pause: Duration = .zero, visits: Visits = Visits(),
        _ body: (String) async throws -> Void
    ) async throws {
        try await withServer { request in
            if request.path == "/v1/models" {
                return HTTPResponse(
                    type: "application/json", bytes: Array(#"{"data":[{"id":"served"}]}"#.utf8))
            }
            let value = try TemplateValue(json: try await request.body.collect())
            guard value["model"] == .string("served"), case .string(let prompt) = value["prompt"]
            else { return HTTPResponse(status: .badRequest) }
            visits.begin(prompt)
            return HTTPResponse(
                body: .stream { writer in
                    defer { visits.end() }
                    for piece in pieces {
                        try await writer.write(ServerSentEvent(data: piece))
                        try? await Task.sleep(for: pause)
                    }
                    if let usage {
                        try await writer.write(
                            ServerSentEvent(
                                data: #"{"choices":[],"usage":{"prompt_tokens":5,"#
                                    + #""completion_tokens":\#(usage)}}"#))
                    }
                    try await writer.write(ServerSentEvent(data: "[DONE]"))
                })
        } body: {
            try await body($0)
        }
    }

    private func withServer(
        _ handler: @escaping HTTPHandler, body: (String) async throws -> Void
    ) async throws {
        let server = try HTTPServer(
            configuration: HTTPServerConfiguration(
                address: try SocketAddress(host: "127.0.0.1", port: 0), limits: HTTPLimits()),
            handler: handler)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { server.beginShutdown(grace: .zero) }
            try await body("http://127.0.0.1:\(server.localAddress.port ?? 0)")
        }
    }

    private func run(
        _ url: String, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in },
        _ change: (inout LoadPlan) -> Void
    ) async throws -> LoadReport {
        var plan = LoadPlan()
        plan.timeout = .seconds(30)
        change(&plan)
        return try await LoadGenerator(
            plan: plan, target: try LoadTarget(url: url),
            prompts: .synthetic(words: 4, seed: 0)
        ).run(progress: progress)
    }

    private static let piece = #"{"choices":[{"text":"a"}]}"#

    @Test func `a closed load asks each prompt once, from so many clients`() async throws {
        let visits = Visits()
        let pieces = [Self.piece, Self.piece, Self.piece]
        try await withStreams(pieces, usage: 9, pause: .milliseconds(20), visits: visits) { url in
            let report = try await run(url) {
                $0.arrival = .closed(clients: 4)
                $0.requestCount = 20
                $0.warmUpCount = 2
            }
            #expect(report.answered == 20 && report.errors.isEmpty && report.model == "served")
            // What the server counts, not the pieces.
            #expect(report.tokens == 180 && report.countsUsage && report.promptTokens == 5)
            #expect(report.lines.map(\.sorted.count) == [20, 40, 20, 20])
            let (first, end) = (report.lines[0].percentile(50), report.lines[3].percentile(50))
            #expect(first > 0 && end >= first + 20)
            let keys = try report.rows().map(\.key)
            #expect(keys.contains("output, 4 clients") && keys.contains("end to end, 4 clients"))
        }
        #expect(Set(visits.prompts).count == 22 && (1...4).contains(visits.most))
    }

    @Test func `without usage the pieces of text are the tokens`() async throws {
        let role = #"{"choices":[{"text":""}]}"#
        try await withStreams([role, Self.piece, Self.piece]) { url in
            let report = try await run(url) { $0.requestCount = 3 }
            #expect(report.tokens == 6 && !report.countsUsage && report.promptTokens == nil)
        }
    }

    @Test func `an open load does not wait for answers`() async throws {
        let visits = Visits()
        try await withStreams([Self.piece], pause: .milliseconds(300), visits: visits) { url in
            let report = try await run(url) {
                $0.arrival = .open(rate: 200)
                $0.requestCount = 12
                $0.warmUpCount = 0
            }
            #expect(report.answered == 12)
        }
        #expect(visits.most > 4)
    }

    @Test func `failures are counted by kind and shown in words`() async throws {
        let count = Atomic(0)
        try await withServer { _ in
            switch count.add(1, ordering: .relaxed).oldValue % 4 {
            case 0:
                HTTPResponse(
                    status: .tooManyRequests, type: "application/json",
                    bytes: Array(#"{"error":{"message":"full"}}"#.utf8))
            case 1:
                HTTPResponse(
                    body: .stream { writer in
                        try await writer.write(
                            ServerSentEvent(data: #"{"error":{"message":"broke"}}"#))
                    })
            case 2:
                HTTPResponse(body: .stream { try await $0.write(ServerSentEvent(data: "[DONE]")) })
            default:
                HTTPResponse(
                    body: .stream { writer in
                        try await writer.write(ServerSentEvent(data: Self.piece))
                        throw HTTPError.malformed(reason: "cut")
                    })
            }
        } body: { url in
            let report = try await run(url) {
                $0.model = "m"
                $0.requestCount = 8
                $0.warmUpCount = 0
            }
            #expect(
                report.errors
                    == ["status 429": 2, "error in stream": 2, "no token": 2, "cut off": 2])
            #expect(report.reasons.contains("status 429: full"))
            #expect(throws: BenchmarkError.self) { _ = try report.rows() }
        }
    }

    @Test func `an answer that takes too long, and nobody there, are failures`() async throws {
        try await withStreams([Self.piece, Self.piece], pause: .seconds(20)) { url in
            let report = try await run(url) {
                $0.model = "served"
                $0.timeout = .milliseconds(100)
                $0.requestCount = 2
                $0.warmUpCount = 0
                $0.arrival = .closed(clients: 2)
            }
            #expect(report.errors == ["timeout": 2])
        }
        // Port 1 belongs to nobody here.
        let report = try await run("http://127.0.0.1:1") {
            $0.model = "m"
            $0.requestCount = 2
            $0.warmUpCount = 0
        }
        #expect(report.errors == ["connect": 2])
    }

    @Test func `a stopped run tells what it has measured`() async throws {
        try await withStreams([Self.piece], pause: .milliseconds(50)) { url in
            let (answers, told) = AsyncStream.makeStream(of: Int.self)
            let work = Task {
                try await run(url, progress: { told.yield($0.done) }) {
                    $0.requestCount = 100_000
                    $0.warmUpCount = 0
                }
            }
            for await count in answers where count > 1 { break }
            work.cancel()
            let report = try await work.value
            #expect(report.answered > 1 && report.answered < 100_000)
            #expect(report.errors["cancelled", default: 0] <= 1)
            #expect(try !report.rows().isEmpty)
        }
    }

    @Test func `a duration ends the issuing of requests`() async throws {
        try await withStreams([Self.piece], pause: .milliseconds(10)) { url in
            let report = try await run(url) {
                $0.requestCount = nil
                $0.duration = .milliseconds(300)
            }
            #expect(report.answered > 0 && report.errors.isEmpty)
        }
    }
}
