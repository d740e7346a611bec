import Checkpoints
import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct BatchPartTests {
    private static func batch(using generator: inout SeededGenerator) -> ForwardBatch {
        ForwardBatch(
            items: (0..<Int.random(in: 1...6, using: &generator)).map { index in
                let count = Int.random(in: 1...80, using: &generator)
                let kinds: [ForwardBatch.LogitRows] = [.none, .last, .all, .hidden]
                return ForwardBatch.Item(
                    member: index, tokens: (0..<count).map { Int32(index * 100 + $0) },
                    position: Int.random(in: 0...50, using: &generator),
                    blockTable: [Int32(index)],
                    logitRows: kinds[Int.random(in: 0..<4, using: &generator)])
            })
    }

    private static func work(tokens: Int, position: Int) -> Int {
        tokens * (100 + position + (tokens + 1) / 2)
    }

    @Test func `parts together are the batch, cut between pages`() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<300 {
            let batch = Self.batch(using: &generator)
            let (count, pageSize) = (
                Int.random(in: 1...5, using: &generator), [1, 4, 16, 32].randomElement() ?? 1
            )
            let parts = batch.parts(count, pageSize: pageSize, work: Self.work)
            #expect((1...count).contains(parts.count))
            var whole: [ForwardBatch.Item] = []
            for part in parts {
                #expect(part.batch.rowCount == part.batch.items.reduce(0) { $0 + $1.tokens.count })
                for (place, piece) in part.batch.items.enumerated() {
                    let isRest = piece.member == whole.last?.member
                    #expect(isRest == (place == 0 && part.continues))
                    guard isRest, var item = whole.popLast() else {
                        whole.append(piece)
                        continue
                    }
                    #expect(piece.position == item.position + item.tokens.count)
                    #expect(piece.position % pageSize == 0)
                    #expect(item.logitRows == (piece.logitRows == .all ? .all : .none))
                    item.tokens += piece.tokens
                    item.logitRows = piece.logitRows
                    whole.append(item)
                }
            }
            #expect(whole.map(\.tokens) == batch.items.map(\.tokens))
            #expect(whole.map(\.position) == batch.items.map(\.position))
            #expect(whole.map(\.member) == batch.items.map(\.member))
            #expect(whole.map(\.blockTable) == batch.items.map(\.blockTable))
            #expect(whole.map(\.logitRows) == batch.items.map(\.logitRows))
            #expect(
                parts.reduce(0) { $0 + $1.batch.logitRowCount } == batch.logitRowCount)
        }
    }

    @Test func `no part has more than its share and a page`() {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<300 {
            let batch = Self.batch(using: &generator)
            let (count, pageSize) = (Int.random(in: 1...5, using: &generator), 16)
            func work(_ batch: ForwardBatch) -> Int {
                batch.items.reduce(0) {
                    $0 + Self.work(tokens: $1.tokens.count, position: $1.position)
                }
            }
            let page = Self.work(tokens: pageSize, position: 130)
            for part in batch.parts(count, pageSize: pageSize, work: Self.work) {
                #expect(work(part.batch) <= work(batch) / count + page)
            }
        }
    }

    @Test(arguments: [(WeightFormat.stored, 1), (.bf16dot, 2), (.int8, 4), (.int4, 4)])
    func `attention weighs more where products are quick`(
        format: WeightFormat, rate: Int
    ) throws {
        var options = ModelOptions(keyValueByteCount: 1 << 20)
        options.weights = format
        let model = try Transformer.load(
            Checkpoint.open(path: Fixture(name: "qwen2-untied-bf16-sharded").path),
            pool: WorkerPool(threadCount: 1), options: options)
        #expect(model.network.productRate == rate)
        let config = model.config
        // The time of one row: its products, and what it attends to, itself included.
        let products =
            config.hiddenSize * (2 * config.queryWidth + 2 * config.keyValueWidth)
            + 3 * config.hiddenSize * config.intermediateSize
        func time(_ rows: Range<Int>) -> Int {
            rows.reduce(0) { $0 + products + rate * 2 * config.queryWidth * ($1 + 1) }
        }
        let item = ForwardBatch.Item(
            tokens: (0..<512).map(Int32.init), position: 0, blockTable: [], logitRows: .last)
        let parts = ForwardBatch(items: [item]).parts(2, pageSize: 16) {
            config.work(tokens: $0, position: $1, productRate: rate)
        }
        let cut = parts[0].batch.rowCount
        #expect(abs(time(0..<cut) - time(cut..<512)) <= time(496..<512))
    }
}
