import Decoding
import Foundation
import Routing
import Testing
import Tokenization

@testable import Inference

/// The router with and without a look at the prompt's hidden state.
@Suite(.timeLimit(.minutes(2))) struct FamilyProbeTests {
    private static let hiddenSize = 32
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("laconic-\(UUID().uuidString)").path
    private let members: [TinyCheckpoint]

    init() throws {
        members = [
            try TinyCheckpoint(seed: 1, name: "long", in: folder),
            try TinyCheckpoint(seed: 2, name: "short", in: folder),
        ]
    }

    /// Foresees the same for every request.
    private static func predictor(features: Int, odds: Double) -> Predictor {
        var length = Array(repeating: 0.0, count: features)
        length[0] = 3
        var right = Array(repeating: 0.0, count: features)
        right[0] = odds
        return Predictor(
            means: Array(repeating: 0, count: features),
            deviations: Array(repeating: 1, count: features), length: length,
            spread: Array(repeating: 0, count: features), right: right,
            residuals: [-0.1, 0, 0.1], closings: [])
    }

    /// By its text a question is one for `long`, by its hidden state one for `short`.
    private func load(
        hiddenSize: Int = hiddenSize, maximumRunning: Int = 8, isProbed: Bool = true
    ) throws -> ModelCatalog {
        defer { try? FileManager.default.removeItem(atPath: "\(folder)/family.json") }
        let count = PromptFeatures.names.count
        var manifest = FamilyManifest(
            name: "f", base: nil,
            members: [("long", 0.1, 2.0), ("short", 0.4, -2.0)].map { name, alpha, odds in
                FamilyManifest.Member(
                    id: name, path: name, alpha: alpha,
                    predictor: Self.predictor(features: count, odds: odds),
                    probePredictor: isProbed
                        ? Self.predictor(features: count + 1, odds: -odds) : nil)
            })
        if isProbed {
            let direction = (0..<hiddenSize).map { Float($0 % 3) }
            manifest.probe = Probe(member: "short", directions: [direction])
        }
        try manifest.json().write(to: URL(fileURLWithPath: "\(folder)/family.json"))
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        options.engine.maximumRunning = maximumRunning
        return try ModelCatalog.load(
            models: [], family: folder, options: options, progress: { _ in })
    }

    private func request(
        _ change: (inout Budget) -> Void = { $0.tokens = 40 }
    ) -> CompletionRequest {
        var request = CompletionRequest(
            prompt: .text(String(repeating: "What is 17 and 4? ", count: 5)))
        var budget = Budget()
        change(&budget)
        request.budget = budget
        request.maximumTokens = 4
        request.ignoresEndOfSequence = true
        return request
    }

    private func end(_ events: AsyncStream<CompletionEvent>) async throws
        -> (model: String, cached: Int)
    {
        var model = ""
        for await event in events {
            if case .accepted(let accepted) = event { model = accepted.model }
            if case .finished(let end) = event { return (model, end.cachedPromptTokens) }
        }
        return (model, -1)
    }

    @Test func `the hidden state decides, and its prefill serves the answer too`() async throws {
        let catalog = try load()
        let asked = request()
        let (model, cached) = try await end(try await catalog.complete(asked))
        #expect(model == "short")
        let engine = catalog.entries[0].engine
        await engine.drain()
        // The prompt once, and of the answer's turn what its last page left over.
        let prompt = try catalog.entries[0].promptIDs(asked.prompt).count
        #expect(cached > prompt / 2)
        #expect(engine.statistics.tokensPrefilled == 2 * prompt - cached)
    }

    @Test func `a quote looks too, and the same question is one prefill`() async throws {
        let catalog = try load()
        #expect(try await catalog.quote(request()).route.model == "short")
        var pinned = request()
        pinned.model = "long"
        // By the hidden state it is hopeless.
        #expect(try await catalog.quote(pinned).route.accuracy ?? 1 < 0.2)
        #expect(try await end(try await catalog.complete(request())).cached > 0)
    }

    @Test func `two attempts on one budget read their prompt once`() async throws {
        let catalog = try load()
        var asked = request { $0.tokens = 200 }
        (asked.policy, asked.separatesReasoning, asked.maximumTokens) = (.escalate, true, nil)
        asked.ignoresEndOfSequence = false
        var attempts = 0
        for await event in try await catalog.complete(asked) {
            switch event {
            case .accepted, .escalated: attempts += 1
            default: break
            }
        }
        let engine = catalog.entries[0].engine
        await engine.drain()
        #expect(attempts > 0 && engine.statistics.sequencesFinished == attempts + 1)
    }

    @Test func `nothing is computed where it changes nothing`() async throws {
        let catalog = try load()
        var pinned = request()
        pinned.model = "short"
        #expect(try await end(try await catalog.complete(pinned)).cached == 0)
        let plain = try load(isProbed: false)
        #expect(try await end(try await plain.complete(request())).model == "long")
        await plain.drain()
        #expect(plain.entries[0].engine.statistics.sequencesFinished == 1)
    }

    private func settle(_ catalog: ModelCatalog) async {
        while catalog.runningCount > 0 { try? await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func `a pinned member that may refuse looks first`() async throws {
        let catalog = try load()
        var pinned = request {
            $0.tokens = 40
            $0.onExhausted = .reject
        }
        pinned.model = "short"
        #expect(try await end(try await catalog.complete(pinned)).cached > 0)
    }

    @Test func `the text decides at once where the engine is busy`() async throws {
        let catalog = try load(maximumRunning: 1)
        let engine = catalog.entries[0].engine
        let running = try engine.submit(SequenceRequest(prompt: [1, 2], maximumTokens: 400))
        while engine.hasRoomForProbe(promptTokens: 1) {
            try await Task.sleep(for: .milliseconds(1))
        }
        let route = try await catalog.quote(request()).route
        #expect(route.model == "long" || engine.hasRoomForProbe(promptTokens: 1))
        engine.cancel(running.id)
        while !engine.hasRoomForProbe(promptTokens: 100) {
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(try await catalog.quote(request()).route.model == "short")
    }

    @Test func `a deadline that the probe would take too much of is left alone`() async throws {
        let catalog = try load()
        // The first time nothing is known of how long it takes.
        _ = try await catalog.quote(request())
        await settle(catalog)
        let seconds = catalog.entries[0].engine.statistics.secondsPerPromptStep
        let few = await catalog.probe?.features(
            of: [1, 2], for: catalog.entries, within: max(1, Int(seconds * 1000)))
        #expect(few == nil || seconds < 1e-4)
        let many = await catalog.probe?.features(
            of: [1, 2], for: catalog.entries, within: 60_000)
        #expect(many != nil)
        var budget = Budget()
        budget.latencyMilliseconds = 50
        budget.spend(.milliseconds(20))
        #expect(budget.latencyMilliseconds == 30)
        budget.spend(.seconds(9))
        #expect(budget.latencyMilliseconds == 1)
    }

    @Test func `a probe for another hidden size is refused by name`() throws {
        let error = try #require(throws: ModelLoadingError.self) {
            _ = try load(hiddenSize: 31)
        }
        #expect(
            error.description.contains(
                "family.json: probe.directions.0: expected 32 finite numbers, the hidden size of "
                    + "short, found 31"), "\(error)")
    }

    @Test func `forecasts are told with and without a look`() async throws {
        let catalog = try load()
        let text = try await catalog.forecasts(of: request(), probes: false)
        let probed = try await catalog.forecasts(of: request(), probes: true)
        #expect(text.count == 2 && probed.count == 2)
        #expect((text["long"]?.accuracy ?? 0) > 0.8 && (probed["long"]?.accuracy ?? 1) < 0.2)
    }
}
