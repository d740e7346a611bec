import Foundation
import Testing
import Tokenization

@testable import Inference

@Suite struct FamilyTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("laconic-\(UUID().uuidString)").path

    private func load() throws -> ModelCatalog {
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        return try ModelCatalog.load(
            models: [], family: folder, options: options, progress: { _ in })
    }

    private func ids(_ catalog: ModelCatalog, model: String?) async throws -> [Int32] {
        var request = CompletionRequest(prompt: .text("same prompt"))
        request.model = model
        request.maximumTokens = 12
        request.sampling.temperature = 0
        request.ignoresEndOfSequence = true
        request.reportsTokens = true
        var ids: [Int32] = []
        for await event in try await catalog.complete(request) {
            if case .delta(let delta) = event { ids += delta.tokens.map(\.id) }
        }
        return ids
    }

    @Test func membersOfOneEngineAnswerAsTheyWouldAlone() async throws {
        let members = [
            try TinyCheckpoint(seed: 1, name: "alpha_0.2", in: folder),
            try TinyCheckpoint(seed: 2, name: "alpha_0.05", in: folder),
        ]
        let catalog = try load()
        #expect(catalog.models.map(\.alpha) == [0.05, 0.2])
        #expect(catalog.models.map(\.id) == ["alpha_0.05", "alpha_0.2"])
        async let light = ids(catalog, model: "alpha_0.05")
        async let strong = ids(catalog, model: "alpha_0.2")
        let together = (try await light, try await strong)
        #expect(together.0 != together.1)
        #expect(try await ids(catalog, model: "auto") == together.0)
        for (member, expected) in zip(members, [together.1, together.0]) {
            var options = LoadOptions()
            options.keyValueMemory = 16 << 20
            let alone = try ModelCatalog.load(
                models: [member.path], family: nil, options: options, progress: { _ in })
            #expect(try await ids(alone, model: nil) == expected)
        }
    }

    @Test func aMemberWithAnotherTemplateIsNamed() throws {
        let members = [
            try TinyCheckpoint(name: "alpha_0.1", in: folder),
            try TinyCheckpoint(name: "alpha_0.4", in: folder, template: "{{ messages }}"),
        ]
        #expect(members.count == 2)
        let error = try #require(throws: ModelLoadingError.self) { _ = try load() }
        #expect(error.description.contains("alpha_0.1 and alpha_0.4"))
        #expect(error.description.contains("chat templates differ"))
    }

    @Test func twoMembersOfOneAlphaAreRefused() throws {
        let members = [
            try TinyCheckpoint(name: "alpha_0.1", in: folder),
            try TinyCheckpoint(name: "alpha-0.10", in: folder),
        ]
        #expect(members.count == 2)
        let error = try #require(throws: ModelLoadingError.self) { _ = try load() }
        #expect(error.description.contains("the same alpha"))
    }
}
