import Foundation
import Routing
import Testing
import Tokenization

@testable import Inference

/// Families whose members come into memory when they are needed.
@Suite struct LazyFamilyTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("laconic-\(UUID().uuidString)").path
    private let members: [TinyCheckpoint]
    private static let names = ["alpha_0", "alpha_0.2", "alpha_0.4", "base"]

    init() throws {
        var members: [TinyCheckpoint] = []
        for (seed, name) in Self.names.enumerated() {
            members.append(try TinyCheckpoint(seed: UInt64(seed + 1), name: name, in: folder))
        }
        self.members = members
    }

    private func load(
        _ loading: LoadingPolicy? = .lazy, memory: Int? = nil
    ) throws -> ModelCatalog {
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        options.loading = loading
        options.familyMemory = memory
        return try ModelCatalog.load(
            models: [], family: folder, options: options, progress: { _ in })
    }

    /// Bytes of one member.
    private func size() throws -> Int {
        try load(.eager).loading.byteCount / Self.names.count
    }

    private static func request(
        _ model: String?, alpha: Double? = nil, tokens: Int = 12
    ) -> CompletionRequest {
        var request = CompletionRequest(prompt: .text("same prompt"))
        request.model = model
        request.alpha = alpha
        request.maximumTokens = tokens
        request.sampling.temperature = 0
        request.ignoresEndOfSequence = true
        request.reportsTokens = true
        return request
    }

    private static func ids(
        _ catalog: ModelCatalog, _ model: String?, alpha: Double? = nil, tokens: Int = 12
    ) async throws -> [Int32] {
        var ids: [Int32] = []
        for await event in try await catalog.complete(
            request(model, alpha: alpha, tokens: tokens))
        {
            if case .delta(let delta) = event { ids += delta.tokens.map(\.id) }
        }
        return ids
    }

    private func status(_ catalog: ModelCatalog) -> [String: LoadingStatus] {
        Dictionary(uniqueKeysWithValues: catalog.models.map { ($0.id, $0.status) })
    }

    @Test func `members are loaded as they are asked for, and answer as if they had been there`()
        async throws
    {
        let (eager, lazy) = (try load(.eager), try load())
        #expect(eager.models.allSatisfy { $0.status == .loaded })
        #expect(lazy.models.allSatisfy { $0.status == .unloaded })
        for name in Self.names.reversed() {
            #expect(try await Self.ids(lazy, name) == Self.ids(eager, name))
            #expect(status(lazy)[name] == .loaded)
        }
        #expect(lazy.loading.loads == 4 && lazy.loading.byteCount == eager.loading.byteCount)
    }

    @Test func `all are loaded at the start if they fit`() throws {
        let size = try size()
        #expect(try load(nil, memory: 4 * size).loading.loaded == 4)
        #expect(try load(nil, memory: 4 * size - 1).loading.loaded == 0)
        #expect(try load(nil).loading.loaded == 4)
    }

    @Test func `memory for less than one member, or for all that are wanted, is named`() throws {
        let size = try size()
        for (policy, memory) in [(LoadingPolicy.lazy, size - 1), (.eager, 4 * size - 1)] {
            let error = try #require(throws: ModelLoadingError.self) {
                _ = try load(policy, memory: memory)
            }
            #expect(error.description.contains("--family-memory"))
            #expect(error.description.contains("found \(memory) bytes"))
            #expect(error.description.hasPrefix(folder))
        }
    }

    @Test func `a broken header is named at the start, loaded or not`() throws {
        try members[1].write("config.json", ["model_type": "none"])
        let error = try #require(throws: ModelLoadingError.self) { _ = try load() }
        #expect(error.description.contains("alpha_0.2/config.json"))
    }

    @Test func `within memory for one all members answer in turn, the same ids`() async throws {
        let (eager, lazy) = (try load(.eager), try load(memory: try size()))
        let order = ["base", "alpha_0", "alpha_0.4", "alpha_0", "alpha_0.2", "base"]
        let answers = try await withThrowingTaskGroup(of: (String, [Int32]).self) { group in
            for name in order {
                group.addTask { (name, try await Self.ids(lazy, name, tokens: 40)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == order.count)
        for (name, answer) in answers {
            #expect(try await Self.ids(eager, name, tokens: 40) == answer)
        }
        #expect(lazy.loading.loaded == 1 && lazy.loading.drops == lazy.loading.loads - 1)
    }

    @Test func `one that leaves in mid-answer gives its member free`() async throws {
        let lazy = try load(memory: try size())
        let reader = Task {
            for await event in try await lazy.complete(Self.request("alpha_0", tokens: 480)) {
                if case .delta = event { break }
            }
        }
        try await reader.value
        #expect(try await Self.ids(lazy, "base").count == 12)
        #expect(status(lazy)["alpha_0"] == .unloaded)
    }

    @Test func `one that leaves while its member is loaded ends without a word`() async throws {
        let lazy = try load(memory: try size())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            var count = 0
            for await _ in try await lazy.complete(Self.request("alpha_0")) { count += 1 }
            return count
        }
        task.cancel()
        #expect(try await task.value == 0)
        #expect(await eventually { lazy.loading.waiting == 0 && lazy.runningCount == 0 })
        #expect(try await Self.ids(lazy, "base").count == 12)
    }

    @Test func `a request that is refused anyway loads nothing`() async throws {
        let lazy = try load()
        await #expect(throws: InferenceError.self) {
            var request = Self.request("base")
            request.sampling.topP = 3
            _ = try await lazy.complete(request)
        }
        #expect(lazy.loading.loads == 0)
    }

    @Test func `a deleted file is still there for who opened it`() async throws {
        let (eager, lazy) = (try load(.eager), try load())
        try members[0].remove("model.safetensors")
        #expect(try await Self.ids(lazy, "alpha_0") == Self.ids(eager, "alpha_0"))
    }

    @Test func `a truncated file fails its requests and nobody else's, until it is whole`()
        async throws
    {
        let (eager, lazy) = (try load(.eager), try load())
        let path = "\(members[1].path)/model.safetensors"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let expected = try await Self.ids(eager, "alpha_0.2")
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 8192)
        let error = await #expect(throws: InferenceError.self) {
            try await Self.ids(lazy, "alpha_0.2")
        }
        #expect(error?.description.contains("the model 'alpha_0.2' cannot be loaded") == true)
        #expect(error?.description.contains(path) == true)
        await #expect(throws: InferenceError.self) { try await Self.ids(lazy, nil, alpha: 0.3) }
        #expect(try await Self.ids(lazy, "alpha_0").count == 12)
        #expect(lazy.loading.failures == 2)
        try handle.seek(toOffset: 0)
        try handle.write(contentsOf: whole)
        try handle.close()
        #expect(try await Self.ids(lazy, "alpha_0.2") == expected)
    }

    @Test func `a weight that is no number fails its requests and nobody else's`() async throws {
        let lazy = try load()
        let path = "\(members[3].path)/model.safetensors"
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        let end = try handle.seekToEnd()
        try handle.seek(toOffset: end - 4)
        try handle.write(contentsOf: Data([0, 0, 0xC0, 0x7F]))
        try handle.close()
        let error = await #expect(throws: InferenceError.self) { try await Self.ids(lazy, "base") }
        #expect(error?.description.contains(path) == true)
        #expect(try await Self.ids(lazy, "alpha_0.4").count == 12)
    }

    @Test func `a member that is not loaded is quoted as one that is, its load time aside`()
        async throws
    {
        let manifest = try writeManifest()
        defer { try? FileManager.default.removeItem(atPath: manifest) }
        let (eager, lazy) = (try load(.eager), try load())
        for (model, alpha) in [("base", nil), ("alpha_0.2", nil), (nil, 0.3)] {
            var request = Self.request(model, alpha: alpha)
            request.budget = Budget()
            let (one, other) = (try await eager.quote(request), try await lazy.quote(request))
            #expect(one.route == other.route && one.minimum == other.minimum)
            #expect(one.route.predicted != nil && one.price == other.price && one.price != nil)
            #expect(other.load.waitSeconds > 0)
        }
        #expect(lazy.loading.loads == 0)
    }

    // MARK: Members that nobody trained

    @Test func `an alpha between two members is answered between them`() async throws {
        let catalog = try load(.eager)
        let mixed = try await Self.ids(catalog, nil, alpha: 0.3)
        #expect(mixed.count == 12)
        for name in ["alpha_0.2", "alpha_0.4"] {
            #expect(try await Self.ids(catalog, name) != mixed)
        }
        let described = try #require(catalog.models.last)
        #expect(described.id == "alpha_0.3" && described.alpha == 0.3)
        #expect(described.between == ["alpha_0.2", "alpha_0.4"] && described.status == .loaded)
        // Its name does as well, and hundredths are as fine as it gets.
        #expect(try await Self.ids(catalog, "alpha_0.3") == mixed)
        #expect(try await Self.ids(catalog, "alpha_0.3", alpha: 0.3004) == mixed)
        #expect(catalog.loading.loads == 5)
    }

    @Test func `what could be made is told of before it is, beyond the family nothing`()
        async throws
    {
        let catalog = try load()
        let described = try #require(catalog.model(called: "alpha_0.3"))
        #expect(described.alpha == 0.3 && described.between == ["alpha_0.2", "alpha_0.4"])
        #expect(described.status == .unloaded && catalog.loading.loads == 0)
        for name in ["alpha_0.5", "alpha_0.305", "auto", ""] {
            #expect(catalog.model(called: name) == nil)
        }
        #expect(catalog.model(called: "alpha_0.4")?.between.isEmpty == true)
    }

    @Test func `the first request for a member tells what its load took, the next nothing`()
        async throws
    {
        let catalog = try load()
        var request = CompletionRequest(prompt: .ids([1]))
        (request.model, request.maximumTokens) = ("alpha_0.2", 1)
        var times: [Duration] = []
        for _ in 0..<2 {
            for await event in try await catalog.complete(request) {
                if case .accepted(let accepted) = event { times.append(accepted.loading) }
            }
        }
        #expect(times.count == 2 && times[0] > .zero && times[1] == .zero)
    }

    @Test func `a member's own alpha is the member`() async throws {
        let catalog = try load()
        #expect(try await Self.ids(catalog, nil, alpha: 0.4) == Self.ids(catalog, "alpha_0.4"))
        #expect(catalog.models.map(\.id) == Self.names)
    }

    @Test(arguments: [(-0.1, nil, "alpha"), (0.5, nil, "alpha"), (0.3, "base", "model")])
    func `what names no member is refused`(
        alpha: Double, model: String?, field: String
    ) async throws {
        let catalog = try load()
        let error = await #expect(throws: InferenceError.self) {
            try await Self.ids(catalog, model, alpha: alpha)
        }
        guard case .invalidRequest(field, let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(model == nil ? "0.0 to 0.4" : "alpha_0.3"))
    }

    @Test(arguments: ["alpha_0.5", "alpha_0.305", "alpha_0.30", "beta_0.3"])
    func `a name that no member would have is unknown`(name: String) async throws {
        let catalog = try load()
        await #expect(throws: InferenceError.unknownModel(asked: name, served: Self.names)) {
            try await Self.ids(catalog, name)
        }
    }

    @Test func `without a family no alpha can be chosen`() async throws {
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        let catalog = try ModelCatalog.load(
            models: [members[0].path], family: nil, options: options, progress: { _ in })
        await #expect(throws: InferenceError.self) { try await Self.ids(catalog, nil, alpha: 0.1) }
    }

    @Test func `what is expected between two members lies between what is expected of them`()
        async throws
    {
        let manifest = try writeManifest()
        defer { try? FileManager.default.removeItem(atPath: manifest) }
        let catalog = try load()
        func quote(_ alpha: Double) async throws -> Quote {
            var request = Self.request(nil, alpha: alpha)
            request.budget = Budget()
            return try await catalog.quote(request)
        }
        let (low, middle, high) = (
            try await quote(0.2), try await quote(0.3), try await quote(0.4)
        )
        let tokens = try [low, middle, high].map { try #require($0.route.predicted?.p50) }
        #expect(tokens[0] > tokens[1] && tokens[1] > tokens[2])
        #expect(middle.route.reason == .pinned && middle.route.model == "alpha_0.3")
        #expect(middle.price == Price(prompt: 0.1, completion: 2.5))
        let accuracies = try [low, high].map { try #require($0.route.accuracy) }
        let accuracy = try #require(middle.route.accuracy)
        #expect(accuracy > accuracies.min() ?? 1 && accuracy < accuracies.max() ?? 0)
    }

    /// A manifest whose members take the fewer tokens, the higher their alpha; returns its path.
    private func writeManifest() throws -> String {
        let count = PromptFeatures.names.count
        func weights(_ first: Double) -> [Double] {
            [first] + Array(repeating: 0, count: count - 1)
        }
        let members = zip(Self.names, [0, 0.2, 0.4, nil]).map { name, alpha in
            FamilyManifest.Member(
                id: name, path: name, alpha: alpha,
                price: Price(prompt: 0.1, completion: 2 + 5 * ((alpha ?? 0.2) - 0.2)),
                predictor: Predictor(
                    means: weights(0), deviations: Array(repeating: 1, count: count),
                    length: weights(5 - 4 * (alpha ?? 0)), spread: weights(-1),
                    right: weights(2 - (alpha ?? 0)),
                    residuals: [-1, -0.5, 0, 0.5, 1], closings: []))
        }
        let manifest = FamilyManifest(name: "tiny", base: "base", members: members)
        let path = "\(folder)/\(FamilyManifest.fileName)"
        try manifest.json().write(to: URL(fileURLWithPath: path))
        return path
    }
}
