import Checkpoints
import Kernels
import TestSupport
import Testing

@testable import Models

@Suite struct FamilyModelTests {
    private static func options() -> ModelOptions {
        ModelOptions(keyValueByteCount: 8 << 20)
    }

    @Test func `an item is computed by its member's weights, whatever else runs`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let paths = [Fixture(name: "llama3-rope-f16"), Fixture(name: "llama3-rope-gguf-q8")]
        let checkpoints = try paths.map { try Checkpoint.open(path: $0.path) }
        let family = try FamilyModel.load(checkpoints, pool: pool, options: Self.options())
        #expect(family.memberCount == 2)
        let tokens: [[Int32]] = [[1, 2, 3, 4], [250, 9], [1, 2, 3, 4], [7, 7, 7]]
        let members = [0, 1, 1, 0]
        let kinds: [ForwardBatch.LogitRows] = [.all, .last, .all, .last]
        let items = (0..<4).map { index in
            TestSequence(blockTable: [Int32(index + 3)], member: members[index])
                .item(tokens[index], position: 0, kinds[index])
        }
        let together = family.forward(ForwardBatch(items: items))
        var row = 0
        for (index, item) in items.enumerated() {
            let model = try Transformer.load(
                checkpoints[members[index]], pool: pool, options: Self.options())
            var alone = item
            alone.member = 0
            let expected = model.forward(ForwardBatch(items: [alone]))
            for expectedRow in 0..<expected.rowCount {
                #expect(Array(together.row(row)) == Array(expected.row(expectedRow)))
                row += 1
            }
        }
        #expect(row == together.rowCount)
    }

    @Test func `members decode side by side over one set of pages`() throws {
        let pool = try WorkerPool(threadCount: 2)
        let checkpoints = try ["llama3-rope-gguf-q8", "llama3-rope-f16"].map {
            try Checkpoint.open(path: Fixture(name: $0).path)
        }
        let family = try FamilyModel.load(checkpoints, pool: pool, options: Self.options())
        let alone = try checkpoints.map {
            try Transformer.load($0, pool: pool, options: Self.options())
        }
        var generator = SeededGenerator(seed: 5)
        // Six sequences of 40 tokens, three pages each, members by turns.
        var positions = [Int](repeating: 0, count: 6)
        while positions.contains(where: { $0 < 40 }) {
            let chosen = (0..<6).filter { positions[$0] < 40 }.shuffled(using: &generator)
                .prefix(Int.random(in: 1...6, using: &generator))
            let items = chosen.map { index in
                let count = Int.random(in: 1...min(9, 40 - positions[index]), using: &generator)
                let tokens = (0..<count).map { Int32((positions[index] + $0) * 31 % 251 + index) }
                defer { positions[index] += count }
                let table = (0..<3).map { Int32(index * 3 + $0) }
                return TestSequence(blockTable: table, member: index % 2)
                    .item(tokens, position: positions[index], .last)
            }
            let logits = family.forward(ForwardBatch(items: items))
            try #require(logits.rowCount == items.count)
            for (row, item) in items.enumerated() {
                var single = item
                single.member = 0
                let expected = alone[item.member].forward(ForwardBatch(items: [single]))
                #expect(Array(logits.row(row)) == expected.values)
            }
        }
    }

    @Test(arguments: ThreadChoice.Way.allCases)
    func `members may run beside each other, a prompt of one cut between threads`(
        way: ThreadChoice.Way
    ) throws {
        let pool = try WorkerPool(threadCount: 3)
        let checkpoints = try ["llama3-rope-gguf-q8", "llama3-rope-f16"].map {
            try Checkpoint.open(path: Fixture(name: $0).path)
        }
        let family = try FamilyModel.load(checkpoints, pool: pool, options: Self.options())
        let kinds: [ForwardBatch.LogitRows] = [.hidden, .all, .last, .hidden, .none]
        let items = [0, 0, 1, 1, 1].enumerated().map { index, member in
            let count = index == 2 ? 90 : 1 + index
            return TestSequence(blockTable: (0..<6).map { Int32(6 * index + $0) }, member: member)
                .item((0..<count).map { Int32($0 * 7 % 250) }, position: 0, kinds[index])
        }
        let networks = [0: family.weights.network(of: 0), 1: family.weights.network(of: 1)]
        let together = family.runner.run(ForwardBatch(items: items), through: networks, way)
        var (values, hidden): ([Float], [Float]) = ([], [])
        for item in items {
            let alone = family.runner.run(
                ForwardBatch(items: [item]), through: networks, .together)
            values += alone.values
            hidden += alone.hidden
        }
        #expect(together.values == values && together.hidden == hidden)
        // and in whatever order they are asked for
        let order = [3, 1, 4, 0, 2]
        let mixed = family.forward(ForwardBatch(items: order.map { items[$0] }))
        let size = hidden.count / 2
        #expect(mixed.hidden == Array(hidden[size...] + hidden[..<size]))
        #expect(mixed.values == values)
    }

    @Test func `a member can leave and come back, and one between a member and itself is it`()
        throws
    {
        let pool = try WorkerPool(threadCount: 1)
        let checkpoint = try Checkpoint.open(path: Fixture(name: "llama3-rope-f16").path)
        let family = try FamilyModel.empty(
            [try ModelInspection(checkpoint)], memberCount: 2, pool: pool,
            options: Self.options())
        func logits(_ member: Int) -> [Float] {
            let item = TestSequence(blockTable: [3], member: member).item(
                [1, 2, 3], position: 0, .all)
            return family.forward(ForwardBatch(items: [item])).values
        }
        #expect(!family.weights.holds(0))
        try family.weights.load(checkpoint, as: 0, readsAhead: true)
        let first = logits(0)
        try family.weights.mix(checkpoint, checkpoint, share: 0.25, as: 1)
        #expect(logits(1) == first)
        family.weights.drop(0)
        #expect(!family.weights.holds(0) && family.weights.holds(1))
        checkpoint.discardPages()
        try family.weights.load(checkpoint, as: 0)
        #expect(logits(0) == first)
    }

    @Test func `nothing lies between checkpoints of two configurations`() throws {
        let pool = try WorkerPool(threadCount: 1)
        let checkpoints = try ["llama3-rope-f16", "llama3-rope-gguf-q8"].map {
            try Checkpoint.open(path: Fixture(name: $0).path)
        }
        let scratch = try ScratchCheckpoint(Fixture(name: "llama3-rope-f16"))
        let family = try FamilyModel.load(checkpoints, pool: pool, options: Self.options())
        #expect(throws: ModelError.self) {
            try family.weights.mix(
                checkpoints[0], Checkpoint.open(path: Fixture(name: "qwen3-f32").path), share: 0.5,
                as: 1)
        }
        var floats = try #require(scratch["model.norm.weight"]).floats()
        floats[1] = .infinity
        scratch["model.norm.weight"] = try TensorView(floats, shape: [floats.count])
        let broken = try scratch.open()
        let error = try #require(throws: ModelError.self) {
            try family.weights.mix(checkpoints[0], broken, share: 0.5, as: 1)
        }
        #expect(error.description.contains("model.norm.weight"))
    }

    @Test func `members of different shapes are refused`() throws {
        let pool = try WorkerPool(threadCount: 1)
        let checkpoints = try ["qwen2-tied-f32", "qwen3-f32"].map {
            try Checkpoint.open(path: Fixture(name: $0).path)
        }
        #expect(
            throws: ModelError.membersDiffer(
                member: 1, field: "hidden size", expected: "48", found: "40")
        ) {
            _ = try FamilyModel.load(checkpoints, pool: pool, options: Self.options())
        }
    }
}
