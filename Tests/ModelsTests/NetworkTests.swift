import Checkpoints
import Kernels
import Testing

@testable import Models

@Suite struct NetworkTests {
    @Test func `logits are the same however many rows one product fills`() throws {
        let checkpoint = try Checkpoint.open(path: Fixture(name: "qwen2-untied-bf16-sharded").path)
        let config = try ModelConfig(checkpoint)
        let network = Network(
            config: config, weights: try Weights(checkpoint, config: config))
        let pages = try KVPageStore(
            elementType: .f32, layerCount: config.layerCount, pageCount: 4,
            kvHeadCount: config.keyValueHeadCount, headDim: config.headSize)
        let kernels = try KernelContext(pool: WorkerPool(threadCount: 2))
        let batch = ForwardBatch(items: [
            .init(
                tokens: (0..<29).map { $0 * 5 }, position: 0, blockTable: [3, 1], logitRows: .all)
        ])
        let results = [0, 64 << 20].map { byteCount in
            let space = Workspace(
                config: config, maximumRowCount: 64, logitByteCount: byteCount)
            #expect(space.logitRowCount == (byteCount == 0 ? 8 : 64))
            var logits = Logits(values: [], vocabularySize: config.vocabularySize)
            for plan in PassPlan.plans(for: batch, maximumRowCount: 64) {
                network.run(
                    plan, batch: batch, in: space, pages: pages, with: kernels,
                    appendingTo: &logits)
            }
            return logits.values
        }
        #expect(results[0].count == 29 * config.vocabularySize)
        #expect(results[0] == results[1])
    }
}
