import Checkpoints
import Kernels
import TestSupport
import Testing

@testable import Models

/// Logits depend on a sequence's own tokens alone.
@Suite struct TransformerScheduleTests {
    /// A sequence that is fed piece by piece, and the logits it got at each position.
    private struct Feed {
        let tokens: [Int32]
        let sequence: TestSequence
        var position = 0
        var rows: [Int: [Float]] = [:]
    }

    private static func load(
        _ fixture: Fixture, threads: Int, rows: Int, pageSize: Int,
        keyValueType: ElementType? = nil, instructionSet: InstructionSet? = nil
    ) throws -> Transformer {
        var options = ModelOptions(keyValueByteCount: 16 << 20)
        options.maximumRowCount = rows
        options.pageSize = pageSize
        options.keyValueType = keyValueType
        return try Transformer.load(
            Checkpoint.open(path: fixture.path), pool: WorkerPool(threadCount: threads),
            options: options, instructionSet: instructionSet)
    }

    /// Every position's logits of each sequence, each computed alone in one call.
    private static func alone(_ model: Transformer, _ sequences: [[Int32]]) -> [[[Float]]] {
        sequences.map { tokens in
            let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
            let logits = model.forward(sequence.batch(tokens, position: 0, .all))
            return (0..<tokens.count).map { Array(logits.row($0)) }
        }
    }

    /// Random pages for each sequence, no page twice.
    private static func feeds(
        _ model: Transformer, _ sequences: [[Int32]], using generator: inout SeededGenerator
    ) -> [Feed] {
        var pages = (0..<Int32(model.pageCount)).shuffled(using: &generator)
        return sequences.map { tokens in
            let count = (tokens.count + model.pageSize - 1) / model.pageSize
            let table = Array(pages.suffix(count))
            pages.removeLast(count)
            return Feed(tokens: tokens, sequence: TestSequence(blockTable: table))
        }
    }

    /// One call over a random subset of the sequences, each with a random piece.
    private static func step(
        _ model: Transformer, _ feeds: inout [Feed], using generator: inout SeededGenerator
    ) {
        let unfinished = feeds.indices.filter { feeds[$0].position < feeds[$0].tokens.count }
        let chosen = unfinished.shuffled(using: &generator)
            .prefix(Int.random(in: 1...unfinished.count, using: &generator))
        var items: [ForwardBatch.Item] = []
        var wanted: [(feed: Int, positions: Range<Int>)] = []
        for index in chosen {
            let feed = feeds[index]
            let left = feed.tokens.count - feed.position
            let longest = Bool.random(using: &generator) ? left : min(3, left)
            let count = Int.random(in: 1...longest, using: &generator)
            let end = feed.position + count
            let kinds: [ForwardBatch.LogitRows] = [.none, .last, .all]
            let rows = kinds[Int.random(in: 0..<3, using: &generator)]
            items.append(
                feed.sequence.item(
                    Array(feed.tokens[feed.position..<end]), position: feed.position, rows))
            switch rows {
            case .none, .hidden: wanted.append((index, end..<end))
            case .last: wanted.append((index, end - 1..<end))
            case .all: wanted.append((index, feed.position..<end))
            }
            feeds[index].position = end
        }
        let batch = ForwardBatch(items: items)
        let ways = ThreadChoice.Way.allCases.map(Optional.init) + [nil]
        let way = ways[Int.random(in: ways.indices, using: &generator)]
        let networks = [0: model.network]
        let logits =
            way.map { model.runner.run(batch, through: networks, $0) }
            ?? model.forward(batch)
        #expect(logits.rowCount == wanted.reduce(0) { $0 + $1.positions.count })
        var row = 0
        for (feed, positions) in wanted {
            for position in positions {
                feeds[feed].rows[position] = Array(logits.row(row))
                row += 1
            }
        }
    }

    @Test(arguments: [
        ("qwen2-tied-f32", ElementType.f32, 1), ("llama3-rope-gguf-q8", .f16, 2),
        ("qwen3-f32", .bf16, 3),
        ("mistral-sliding-bf16", .f16, 4), ("qwen2-sliding-f32", .f32, 5),
        ("llama-linear-biased-f32", .f16, 6), ("qwen2-tied-f32", .q8_0, 7),
        ("mistral-sliding-bf16", .q8_0, 8),
    ])
    func `logits are the same bits under every schedule`(
        name: String, keyValueType: ElementType, seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let fixture = Fixture(name: name)
        let reference = try Self.load(
            fixture, threads: 1, rows: 512, pageSize: 16, keyValueType: keyValueType)
        let sequences = (0..<5).map { _ in
            (0..<Int.random(in: 1...70, using: &generator)).map { _ in
                Int32.random(in: 0..<256, using: &generator)
            }
        }
        let expected = Self.alone(reference, sequences)
        for (threads, rows, pageSize) in [(1, 7, 16), (2, 512, 4), (3, 33, 1), (4, 1, 32)] {
            let model = try Self.load(
                fixture, threads: threads, rows: rows, pageSize: pageSize,
                keyValueType: keyValueType)
            var feeds = Self.feeds(model, sequences, using: &generator)
            while feeds.contains(where: { $0.position < $0.tokens.count }) {
                Self.step(model, &feeds, using: &generator)
            }
            for (index, feed) in feeds.enumerated() {
                for (position, row) in feed.rows {
                    #expect(
                        row == expected[index][position],
                        "\(threads) threads, \(rows) rows, sequence \(index), \(position)")
                }
            }
        }
    }

    @Test(arguments: [ElementType.f32, .f16, .q8_0])
    func `one prompt has the same bits where threads share it out`(
        keyValueType: ElementType
    ) throws {
        let fixture = Fixture(name: "mistral-sliding-bf16")
        let prompt = (0..<200).map { Int32($0 * 13 % 256) }
        let reference = try Self.load(
            fixture, threads: 1, rows: 512, pageSize: 16, keyValueType: keyValueType)
        let expected = Self.alone(reference, [prompt])[0]
        for (threads, rows, pageSize) in [(2, 512, 16), (3, 512, 5), (5, 64, 16), (3, 20, 1)] {
            let model = try Self.load(
                fixture, threads: threads, rows: rows, pageSize: pageSize,
                keyValueType: keyValueType)
            let sequence = TestSequence(pageCount: model.pageCount, pageSize: pageSize)
            // the second pass goes on with what the first wrote
            for range in [0..<137, 137..<200] {
                let batch = sequence.batch(
                    Array(prompt[range]), position: range.lowerBound, .all)
                let logits = model.runner.run(batch, through: [0: model.network], .apart)
                for (row, position) in range.enumerated() {
                    #expect(Array(logits.row(row)) == expected[position], "\(threads), \(position)")
                }
            }
        }
    }

    @Test func `every instruction set computes the same bits`() throws {
        let fixture = Fixture(name: "qwen2-untied-bf16-sharded")
        let sequences = [(0..<40).map { Int32($0 * 7 % 256) }]
        let reference = try Self.load(
            fixture, threads: 1, rows: 512, pageSize: 16, instructionSet: .ref)
        let expected = Self.alone(reference, sequences)
        for set in InstructionSet.available {
            let model = try Self.load(
                fixture, threads: 2, rows: 512, pageSize: 16, instructionSet: set)
            #expect(Self.alone(model, sequences) == expected, "\(set)")
        }
    }

    @Test func `a pass without tokens to score returns no logits`() throws {
        let model = try Self.load(
            Fixture(name: "qwen2-tied-f32"), threads: 1, rows: 8, pageSize: 16)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let tokens = [Int32](repeating: 1, count: 20)
        #expect(model.forward(sequence.batch(tokens, position: 0, .none)).rowCount == 0)
        #expect(model.forward(ForwardBatch(items: [])).rowCount == 0)
    }
}
