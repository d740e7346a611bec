import Checkpoints
import Kernels
import Models
import Testing

/// Broken invariants end the process instead of reading or writing somebody else's memory.
@Suite struct ForwardBatchInvariantsTests {
    private static func forward(
        member: Int = 0, tokens: [Int32] = [1, 2], position: Int = 0, blockTable: [Int32] = [0]
    ) throws {
        var options = ModelOptions(keyValueByteCount: 1 << 20)
        options.contextLength = 64
        let model = try Transformer.load(
            Checkpoint.open(path: Fixture(name: "qwen2-tied-f32").path),
            pool: WorkerPool(threadCount: 1), options: options)
        let item = ForwardBatch.Item(
            member: member, tokens: tokens, position: position, blockTable: blockTable,
            logitRows: .last)
        _ = model.forward(ForwardBatch(items: [item]))
    }

    @Test func `a batch within bounds returns`() async {
        await #expect(processExitsWith: .success) { try Self.forward(position: 14) }
    }

    @Test func `token ids end at the vocabulary`() async {
        await #expect(processExitsWith: .failure) { try Self.forward(tokens: [256]) }
        await #expect(processExitsWith: .failure) { try Self.forward(tokens: [-1]) }
        await #expect(processExitsWith: .failure) { try Self.forward(tokens: []) }
    }

    @Test func `pages must exist and cover the tokens`() async {
        await #expect(processExitsWith: .failure) { try Self.forward(position: 15) }
        await #expect(processExitsWith: .failure) { try Self.forward(blockTable: [1_000_000]) }
        await #expect(processExitsWith: .failure) { try Self.forward(blockTable: [-1]) }
        await #expect(processExitsWith: .failure) { try Self.forward(blockTable: []) }
    }

    @Test func `positions end at the context`() async {
        await #expect(processExitsWith: .failure) {
            try Self.forward(position: 63, blockTable: [0, 1, 2, 3, 4])
        }
        await #expect(processExitsWith: .failure) { try Self.forward(position: -1) }
        await #expect(processExitsWith: .failure) { try Self.forward(position: Int.max) }
    }

    @Test func `members end at the family`() async {
        await #expect(processExitsWith: .failure) { try Self.forward(member: 1) }
    }
}
