import Checkpoints
import Foundation
import Kernels
import Models
import TestSupport
import Testing

/// Hidden states in place of logits.
@Suite struct HiddenStateTests {
    private static func load(
        _ name: String, threads: Int = 2, rows: Int = 512, pageSize: Int = 16
    ) throws -> Transformer {
        var options = ModelOptions(keyValueByteCount: 16 << 20)
        options.maximumRowCount = rows
        options.pageSize = pageSize
        options.keyValueType = .f32
        return try Transformer.load(
            Checkpoint.open(path: Fixture(name: name).path),
            pool: WorkerPool(threadCount: threads), options: options)
    }

    @Test(arguments: [
        "qwen2-tied-f32", "qwen2-untied-bf16-sharded", "llama3-rope-f16", "qwen3-f32",
    ])
    func `the hidden state behind a prompt is transformers'`(name: String) throws {
        let fixture = Fixture(name: name)
        let expected = try JSONDecoder().decode(
            [Float].self,
            from: Data(contentsOf: fixture.folder.appendingPathComponent("hidden.json")))
        let prompt = try fixture.golden().prompt
        let model = try Self.load(name)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let result = model.forward(sequence.batch(prompt, position: 0, .hidden))
        #expect(result.rowCount == 0 && result.hidden.count == model.config.hiddenSize)
        let size = expected.map { abs($0) }.max() ?? 0
        let worst = zip(result.hidden, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(result.hidden.count == expected.count && worst <= 2e-4 * size, "\(worst)")
    }

    @Test func `a hidden state is the same bits in company, in pieces and on more threads`() throws
    {
        var generator = SeededGenerator(seed: 3)
        let tokens = (0..<61).map { _ in Int32.random(in: 0..<256, using: &generator) }
        let reference = try Self.load("qwen2-tied-f32", threads: 1)
        let sequence = TestSequence(blockTable: Array(0..<16))
        let alone = reference.forward(sequence.batch(tokens, position: 0, .hidden)).hidden
        let logits = reference.forward(sequence.batch(tokens, position: 0, .last)).values
        for (rows, pageSize, cut) in [(7, 16, 1), (512, 4, 32), (33, 8, 60)] {
            let model = try Self.load("qwen2-tied-f32", rows: rows, pageSize: pageSize)
            func table(_ place: Int) -> TestSequence {
                TestSequence(blockTable: (0..<16).map { Int32(place * 16 + $0) })
            }
            // Others want other things of the same pass.
            let first = model.forward(
                ForwardBatch(items: [
                    table(1).item([9, 8, 7], position: 0, .all),
                    table(0).item(Array(tokens[..<cut]), position: 0, .none),
                    table(2).item(tokens, position: 0, .hidden),
                ]))
            #expect(first.rowCount == 3 && first.hidden == alone)
            let second = model.forward(
                ForwardBatch(items: [
                    table(1).item([6], position: 3, .hidden),
                    table(0).item(Array(tokens[cut...]), position: cut, .hidden),
                    table(3).item(tokens, position: 0, .last),
                ]))
            #expect(second.hidden.suffix(alone.count).elementsEqual(alone))
            #expect(second.hidden.count == 2 * alone.count && second.values == logits)
        }
    }

    @Test func `each member of a family gives its own`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let checkpoints = try ["llama3-rope-gguf-q8", "llama3-rope-f16"].map {
            try Checkpoint.open(path: Fixture(name: $0).path)
        }
        let options = ModelOptions(keyValueByteCount: 8 << 20)
        let family = try FamilyModel.load(checkpoints, pool: pool, options: options)
        let kinds: [(member: Int, rows: ForwardBatch.LogitRows)] = [
            (1, .hidden), (0, .last), (0, .hidden), (1, .all), (1, .hidden),
        ]
        let items = kinds.enumerated().map { index, kind in
            TestSequence(blockTable: [Int32(index)], member: kind.member)
                .item([Int32(index), 5, 40], position: 0, kind.rows)
        }
        let together = family.forward(ForwardBatch(items: items))
        var (values, hidden): ([Float], [Float]) = ([], [])
        for item in items {
            let model = try Transformer.load(
                checkpoints[item.member], pool: pool, options: options)
            var alone = item
            alone.member = 0
            let result = model.forward(ForwardBatch(items: [alone]))
            values += result.values
            hidden += result.hidden
        }
        #expect(together.values == values && together.hidden == hidden)
        #expect(!hidden.isEmpty)
    }
}
