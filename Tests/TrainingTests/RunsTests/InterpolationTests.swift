import Checkpoints
import Evaluation
import Foundation
import Inference
import Kernels
import Testing
import Training

@Suite struct InterpolationTests {
    private static let family = TinyStart.repository.appendingPathComponent(
        "Sources/laconic/Resources/family"
    ).path
    private let root: ScratchFolder

    init() throws { root = try ScratchFolder() }

    private func made(_ share: Double, second: String = "alpha_0.4") throws -> Data {
        try Interpolation(
            first: "\(Self.family)/alpha_0", second: "\(Self.family)/\(second)", share: share
        ).write(
            to: "\(root.path)/mixed",
            kernels: KernelContext(pool: WorkerPool(threadCount: 1)))
        return try root.data("mixed/model.safetensors")
    }

    private func values(_ path: String) throws -> [Float] {
        let checkpoint = try Checkpoint.open(path: path)
        return try checkpoint.tensorNames.flatMap {
            try #require(checkpoint.tensor(named: $0)).floats()
        }
    }

    @Test func `the ends of the line are the members themselves`() throws {
        for (share, member) in [(0.0, "alpha_0"), (1, "alpha_0.4")] {
            _ = try made(share)
            #expect(
                try values("\(root.path)/mixed") == values("\(Self.family)/\(member)"))
        }
    }

    @Test func `half-way each weight is the mean, to the half of a bf16 step`() throws {
        _ = try made(0.5)
        let (one, other) = (
            try values("\(Self.family)/alpha_0"), try values("\(Self.family)/alpha_0.4")
        )
        let mixed = try values("\(root.path)/mixed")
        for (index, value) in mixed.enumerated() {
            let mean = (one[index] + other[index]) / 2
            // bf16 has 8 significant bits.
            guard abs(value - mean) > abs(mean) / 256 + 1e-30 else { continue }
            Issue.record("\(index): \(value), not \(mean)")
            break
        }
    }

    @Test func `a server's member between two is the checkpoint between them, bit for bit`()
        async throws
    {
        _ = try Interpolation(
            first: "\(Self.family)/alpha_0.2", second: "\(Self.family)/alpha_0.4",
            share: (0.3 - 0.2) / (0.4 - 0.2)
        ).write(
            to: "\(root.path)/alpha_0.3",
            kernels: KernelContext(pool: WorkerPool(threadCount: 1)))
        var options = LoadOptions()
        options.keyValueMemory = 32 << 20
        options.loading = .lazy
        let written = try ModelCatalog.load(
            models: ["\(root.path)/alpha_0.3"], family: nil, options: options
        ) { _ in }
        let served = try ModelCatalog.load(models: [], family: Self.family, options: options) {
            _ in
        }
        var request = EngineSource.question("Ann has 17 pens. Ann buys 3 bags of 14 pens.")
        request.sampling.temperature = 0
        request.maximumTokens = 60
        request.topLogprobs = 5
        let expected = try await tokens(of: written, request)
        request.alpha = 0.3
        let found = try await tokens(of: served, request)
        #expect(expected.count > 10 && found == expected)
    }

    private func tokens(
        of catalog: ModelCatalog, _ request: CompletionRequest
    ) async throws -> [TokenReport] {
        var tokens: [TokenReport] = []
        for await event in try await catalog.complete(request) {
            if case .delta(let delta) = event { tokens += delta.tokens }
        }
        return tokens
    }

    @Test func `a share beyond the ends is refused`() {
        #expect(
            throws: TrainingError.setting(name: "share", expected: "0 to 1", found: "1.5")
        ) { try made(1.5) }
    }
}
