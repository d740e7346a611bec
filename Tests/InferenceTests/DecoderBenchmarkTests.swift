import Checkpoints
import Kernels
import Models
import Testing

@testable import Inference

@Suite struct DecoderBenchmarkTests {
    /// Counts passes by their tokens and sequences.
    private final class CountingModel: LanguageModel {
        struct Shape: Hashable {
            var sequences: Int
            var tokens: Int
        }

        let vocabularySize = 8
        let contextLength = 64
        let pageSize = 16
        let pageCount = 16
        let memberCount = 1
        var passes: [Shape: Int] = [:]

        func forward(_ batch: ForwardBatch) -> Logits {
            let tokens = batch.items.reduce(0) { $0 + $1.tokens.count }
            passes[Shape(sequences: batch.items.count, tokens: tokens), default: 0] += 1
            return Logits(
                values: [Float](repeating: 0, count: 8 * batch.logitRowCount), vocabularySize: 8)
        }
    }

    @Test func `every row repeats as asked, after one that does not count`() throws {
        let tiny = try TinyCheckpoint()
        let inspection = try ModelInspection(try Checkpoint.open(path: tiny.path))
        let shape = DecoderShape(inspection, weights: .stored, keyValueType: .f16)
        let model = CountingModel()
        var plan = DecoderBenchmark.Plan()
        plan.promptLengths = [40, 65]
        plan.contextLengths = [20]
        plan.batchSizes = [1, 3, 99]
        (plan.stepCount, plan.repetitions, plan.chunkSize) = (5, 4, 32)
        var rows: [(batch: Int, samples: Int)] = []
        DecoderBenchmark(model: model, shape: shape, plan: plan).run { result in
            rows.append((result.batch, result.samples.count))
        }
        // What the pages or the context do not hold is left out.
        #expect(rows.map(\.batch) == [1, 1, 3] && rows.allSatisfy { $0.samples == 4 })
        let expected: [CountingModel.Shape: Int] = [
            .init(sequences: 1, tokens: 32): 5, .init(sequences: 1, tokens: 8): 5,
            .init(sequences: 1, tokens: 20): 1 + 3,
            .init(sequences: 1, tokens: 1): 5 * 5, .init(sequences: 3, tokens: 3): 5 * 5,
        ]
        #expect(model.passes == expected)
    }
}
