import Checkpoints
import Foundation
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

    @Test func `a share beyond the ends is refused`() {
        #expect(
            throws: TrainingError.setting(name: "share", expected: "0 to 1", found: "1.5")
        ) { try made(1.5) }
    }
}
