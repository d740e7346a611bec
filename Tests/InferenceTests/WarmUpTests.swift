import Foundation
import Testing

@testable import Inference

@Suite struct WarmUpTests {
    @Test(arguments: [LoadingPolicy.eager, .lazy])
    func `a warm server has decoded with what is loaded, or else with the default`(
        policy: LoadingPolicy
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-\(UUID().uuidString)").path
        let members = try ["alpha_0", "alpha_0.2"].enumerated().map { seed, name in
            try TinyCheckpoint(seed: UInt64(seed + 1), name: name, in: folder)
        }
        defer { withExtendedLifetime(members) {} }
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        options.loading = policy
        let catalog = try ModelCatalog.load(
            models: [], family: folder, options: options, progress: { _ in })
        #expect(catalog.decoding.steps == 0)
        try await catalog.warmUp()
        #expect(catalog.models[0].status == .loaded)
        await catalog.waitForTurn()
        await catalog.drain()
        // Counted when a turn ends, which is after its tokens have gone out.
        #expect(catalog.decoding.steps == (policy == .eager ? 2 : 1))
    }
}
