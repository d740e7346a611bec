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

    private func shape() throws -> DecoderShape {
        let tiny = try TinyCheckpoint()
        let inspection = try ModelInspection(try Checkpoint.open(path: tiny.path))
        return DecoderShape(inspection, weights: .stored, keyValueType: .f16)
    }

    private func plan() -> DecoderBenchmark.Plan {
        var plan = DecoderBenchmark.Plan()
        plan.promptLengths = [40, 65]
        plan.contextLengths = [20]
        plan.batchSizes = [1, 3, 99]
        (plan.stepCount, plan.repetitions, plan.chunkSize) = (5, 4, 32)
        return plan
    }

    @Test func `every row repeats as asked, after one that does not count`() throws {
        let model = CountingModel()
        var rows: [(batch: Int, samples: Int)] = []
        DecoderBenchmark(model: model, shape: try shape(), plan: plan()).run { result in
            rows.append((result.batch, result.samples.count))
            #expect(result.roof == nil && result.times == nil)
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

    @Test func `a row stands beside the better of the machines before and after it`() throws {
        let model = CountingModel()
        var plan = plan()
        plan.promptLengths = []
        var asked: [Int] = []
        var readings = [3.0, 2.0, 5.0, 7.0].makeIterator()
        let instruments = DecoderBenchmark.Instruments(roof: { work, _ in
            asked.append(model.passes.values.reduce(0, +))
            #expect(work.byteCount > 0)
            return .init(bound: .memory, seconds: readings.next() ?? 0)
        })
        var roofs: [Double?] = []
        DecoderBenchmark(
            model: model, shape: try shape(), plan: plan, instruments: instruments
        ).run { roofs.append($0.roof?.seconds) }
        #expect(roofs == [2, 5])
        // Pages are filled by one pass a sequence; then five repetitions of five steps.
        #expect(asked == [1, 26, 29, 54])
    }

    @Test func `where time goes is asked of a repetition of its own`() throws {
        let model = CountingModel()
        var plan = plan()
        plan.promptLengths = [40]
        plan.batchSizes = []
        var timed: [Int] = []
        let instruments = DecoderBenchmark.Instruments(times: { body in
            let before = model.passes.values.reduce(0, +)
            body()
            timed.append(model.passes.values.reduce(0, +) - before)
            var times = OperationTimes()
            times.add(.seconds(2), to: .attention)
            return times
        })
        DecoderBenchmark(
            model: model, shape: try shape(), plan: plan, instruments: instruments
        ).run { result in
            #expect(result.samples.count == 4 && result.times?[.attention] == .seconds(2))
        }
        #expect(timed == [2])
        #expect(model.passes.values.reduce(0, +) == 6 * 2)
    }
}
