import Foundation
import Testing
import Tokenization

@testable import Inference

/// Models that others replace while they answer.
@Suite struct ReloadableCatalogTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("laconic-\(UUID().uuidString)").path

    private static func load(
        _ folder: String, beside other: ModelCatalog? = nil
    ) async throws -> ModelCatalog {
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        guard let other else {
            return try ModelCatalog.load(
                models: [], family: folder, options: options, progress: { _ in })
        }
        return try await ModelCatalog.load(
            models: [], family: folder, options: options, beside: other, progress: { _ in })
    }

    private static func request(_ model: String?, tokens: Int) -> CompletionRequest {
        var request = CompletionRequest(prompt: .text("same prompt"))
        request.model = model
        request.maximumTokens = tokens
        request.sampling.temperature = 0
        request.ignoresEndOfSequence = true
        request.reportsTokens = true
        return request
    }

    private static func ids(_ events: AsyncStream<CompletionEvent>) async -> [Int32] {
        var ids: [Int32] = []
        for await event in events {
            if case .delta(let delta) = event { ids += delta.tokens.map(\.id) }
        }
        return ids
    }

    private static func ids(
        _ service: some CompletionService, _ model: String?, tokens: Int = 12
    ) async throws -> [Int32] {
        await ids(try await service.complete(request(model, tokens: tokens)))
    }

    /// Waits for what happens without this task; the test's time limit ends it.
    private static func until(_ holds: () -> Bool) async throws {
        while !holds() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test(.timeLimit(.minutes(5)))
    func `a request is answered to its end by the models that it began with`() async throws {
        let old = try TinyCheckpoint(seed: 1, name: "alpha_0", in: folder)
        let first = try await Self.load(folder)
        let expected = try await Self.ids(first, "alpha_0", tokens: 400)
        let served = ReloadableCatalog(first)
        let events = try await served.complete(Self.request("alpha_0", tokens: 400))
        let reader = Task { await Self.ids(events) }
        let other = "\(folder)-next"
        let new = try [
            TinyCheckpoint(seed: 7, name: "alpha_0", in: other),
            TinyCheckpoint(seed: 8, name: "alpha_0.4", in: other),
        ]
        let second = try await Self.load(other, beside: first)
        served.replace(with: second)
        #expect(served.models.map(\.id) == ["alpha_0", "alpha_0.4"])
        let fresh = try await Self.ids(served, "alpha_0")
        #expect(fresh == (try await Self.ids(second, "alpha_0")))
        #expect(fresh != Array(expected.prefix(12)), "other weights, other ids")
        #expect(try await Self.ids(served, "alpha_0.4").count == 12)
        #expect(await reader.value == expected)
        withExtendedLifetime((old, new)) {}
    }

    @Test(.timeLimit(.minutes(5)))
    func `what was replaced goes with its last request, and takes no count with it`()
        async throws
    {
        let checkpoint = try TinyCheckpoint(seed: 1, name: "alpha_0", in: folder)
        let served = ReloadableCatalog(try await Self.load(folder))
        weak let engine = served.current.entries[0].engine
        #expect(try await Self.ids(served, "alpha_0").count == 12)
        let gate = try await served.complete(Self.request("alpha_0", tokens: 300))
        var reader: Task<[Int32], Never>? = Task { await Self.ids(gate) }
        let pages = served.decoding.pageCount
        var least = 0
        for round in 0..<3 {
            let next = try await Self.load(folder, beside: served.current)
            served.replace(with: next)
            #expect(try await Self.ids(served, "alpha_0").count == 12)
            let count = served.decoding.tokensGenerated
            #expect(count >= least && count >= 12 * (round + 1), "a counter fell")
            least = count
        }
        #expect(await reader?.value.count == 300)
        reader = nil
        try await Self.until { served.retiringCount == 0 }
        try await Self.until { engine == nil }
        await served.current.drain()
        #expect(served.decoding.tokensGenerated == 300 + 4 * 12)
        #expect(served.decoding.sequencesFinished == 5)
        #expect(served.decoding.pageCount == pages, "pages of those that are gone")
        #expect(served.decoding.running == 0)
        #expect(served.loading.loads == 4 && served.loading.loaded == 1)
        withExtendedLifetime(checkpoint) {}
    }

    @Test(.timeLimit(.minutes(5)))
    func `one that leaves in mid-answer lets the replaced models go`() async throws {
        let checkpoint = try TinyCheckpoint(seed: 1, name: "alpha_0", in: folder)
        let served = ReloadableCatalog(try await Self.load(folder))
        let reader = Task {
            for await event in try await served.complete(Self.request(nil, tokens: 480)) {
                if case .delta = event { return }
            }
        }
        served.replace(with: try await Self.load(folder, beside: served.current))
        try await reader.value
        try await Self.until { served.retiringCount == 0 }
        withExtendedLifetime(checkpoint) {}
    }

    @Test func `what cannot be loaded changes nothing`() async throws {
        let checkpoint = try TinyCheckpoint(seed: 1, name: "alpha_0", in: folder)
        let served = ReloadableCatalog(try await Self.load(folder))
        try checkpoint.write("config.json", ["model_type": "none"])
        await #expect(throws: ModelLoadingError.self) {
            try await Self.load(folder, beside: served.current)
        }
        #expect(try await Self.ids(served, "alpha_0").count == 12)
        #expect(served.retiringCount == 0)
    }
}
