import Checkpoints
import Foundation
import Kernels
import Models
import Testing

/// The forward pass against transformers on the same weights.
@Suite struct ParityTests {
    static let pool = try? WorkerPool(threadCount: 2)

    static func model(_ fixture: Fixture, _ type: ElementType?) throws -> Transformer {
        var options = ModelOptions(keyValueByteCount: 64 << 20)
        options.keyValueType = type
        return try Transformer.load(
            Checkpoint.open(path: fixture.path), pool: #require(pool), options: options)
    }

    @Test(arguments: Fixture.all, [nil, ElementType.f16, .q8_0])
    func `log-probabilities agree with transformers`(
        fixture: Fixture, keyValueType: ElementType?
    ) throws {
        let golden = try fixture.golden()
        let expected = try fixture.logProbabilities()
        let model = try Self.model(fixture, keyValueType)
        // Without 16-bit keys and values a 16-bit checkpoint is as exact as one of f32.
        let tolerance: Float =
            switch keyValueType {
            case nil: 1e-3
            case .q8_0: 2.5e-1
            default: 2e-2
            }
        #expect(model.vocabularySize == golden.vocabularySize)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let logits = model.forward(sequence.batch(golden.tokens, position: 0, .all))
        #expect(logits.rowCount == golden.tokens.count)
        var worst: Float = 0
        for (index, position) in golden.positions.enumerated() {
            let found = logProbabilities(of: logits.row(position))
            let row = expected[index * found.count..<(index + 1) * found.count]
            worst = max(worst, zip(found, row).map { abs($0 - $1) }.max() ?? .infinity)
            let ranked = row.sorted(by: >)
            if ranked[0] - ranked[1] > tolerance {
                #expect(argmax(logits.row(position)) == argmax(row), "position \(position)")
            }
        }
        #expect(worst <= tolerance)
        if ProcessInfo.processInfo.environment["LACONIC_SHOW_PARITY"] != nil {
            print(
                "\(fixture.name), \(model.keyValueType) cache: largest difference of a log-probability \(worst)"
            )
        }
    }

    @Test(arguments: Fixture.all)
    func `greedy continuations equal transformers' as long as its margin is clear`(
        fixture: Fixture
    ) throws {
        let golden = try fixture.golden()
        let model = try Self.model(fixture, nil)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        var tokens = golden.prompt
        var position = 0
        for (step, expected) in golden.greedy.enumerated() {
            let logits = model.forward(
                sequence.batch(Array(tokens[position...]), position: position, .last))
            position = tokens.count
            let found = Int32(argmax(logits.row(0)))
            if golden.margins[step] > 2 * golden.tolerance {
                #expect(found == expected, "step \(step)")
            }
            // Follow the reference past a choice that was too close to call.
            tokens.append(expected)
        }
    }
}
