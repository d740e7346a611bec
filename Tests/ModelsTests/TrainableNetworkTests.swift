import Checkpoints
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@Suite struct TrainableNetworkTests {
    static let fixtures = ["qwen2-sliding-f32", "qwen3-f32", "llama-linear-biased-f32"]
        .map(Fixture.init)

    /// Three short sequences and the weights of their rows.
    static func batch(vocabularySize: Int) -> (batch: TokenBatch, weights: [Float]) {
        var generator = SeededGenerator(seed: 70)
        func id() -> Int32 { Int32.random(in: 0..<Int32(vocabularySize), using: &generator) }
        var batch = TokenBatch()
        for length in [26, 1, 13] {
            batch.append(
                tokens: (0..<length).map { _ in id() },
                targets: (0..<length).map { $0 % 4 == 1 ? -1 : id() })
        }
        return (batch, (0..<40).map { _ in Float.random(in: -0.2...1, using: &generator) })
    }

    @Test(arguments: fixtures)
    func `gradients have the same bits on every instruction set and number of threads`(
        fixture: Fixture
    ) throws {
        let (batch, weights) = Self.batch(vocabularySize: 256)
        func bits(_ set: InstructionSet, threads: Int, rows: Int = 40) throws -> [UInt32] {
            let network = try GradientParityTests.network(
                fixture, rows: rows, threads: threads, set: set)
            _ = GradientParityTests.loss(network, batch, weights: weights)
            return network.gradients.floats(0..<network.layout.count).map(\.bitPattern)
        }
        let expected = try bits(.ref, threads: 1)
        for set in InstructionSet.available {
            for threads in [1, 3] {
                let found = try bits(set, threads: threads)
                #expect(firstDifference(found, expected) == nil, "\(set), \(threads) threads")
            }
        }
        let roomy = try bits(.detected, threads: 2, rows: 1000)
        #expect(firstDifference(roomy, expected) == nil, "more rows than needed")
    }

    @Test(arguments: fixtures)
    func `the loss moves along random directions as its gradient says`(fixture: Fixture) throws {
        let (batch, weights) = Self.batch(vocabularySize: 256)
        let network = try GradientParityTests.network(fixture, rows: 40)
        _ = GradientParityTests.loss(network, batch, weights: weights)
        let gradient = network.gradients.floats(0..<network.layout.count).map(Double.init)
        let start = network.parameters.floats(0..<network.layout.count)
        let size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        var generator = SeededGenerator(seed: 71)
        for attempt in 0..<4 {
            // Half random, half along the gradient, so that the slope is never lost in rounding.
            var direction = gradient.map { value in
                value / size
                    + Double.random(in: -1...1, using: &generator)
                    / Double(gradient.count).squareRoot()
            }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            direction = direction.map { $0 / length }
            func loss(_ step: Double) -> Double {
                network.parameters.set(
                    zip(start, direction).map { Float(Double($0) + step * $1) })
                return GradientParityTests.loss(network, batch, weights: weights)
            }
            func difference(_ step: Double) -> Double { (loss(step) - loss(-step)) / (2 * step) }
            // Richardson's extrapolation: the loss is far from straight. Measured: 4e-5.
            let found = (4 * difference(1e-3) - difference(2e-3)) / 3
            let expected = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(found / expected - 1) <= 2e-4, "direction \(attempt)")
        }
    }

    @Test func `what a sequence's targets get does not depend on what it is packed with`() throws {
        let (batch, weights) = Self.batch(vocabularySize: 256)
        let network = try GradientParityTests.network(Self.fixtures[1], rows: 40)
        network.forward(batch)
        let packed = network.targetStatistics(batch)
        let packedLoss = GradientParityTests.loss(network, batch, weights: weights)
        let packedGradient = network.gradients.floats(0..<network.layout.count)
        let sums = FloatBuffer(count: network.layout.count)
        var loss = 0.0
        for rows in batch.sequences {
            var alone = TokenBatch()
            alone.append(tokens: Array(batch.tokens[rows]), targets: Array(batch.targets[rows]))
            network.forward(alone)
            #expect(network.targetStatistics(alone) == Array(packed[rows]))
            loss += GradientParityTests.loss(network, alone, weights: Array(weights[rows]))
            network.kernels.add(sums, network.gradients, range: 0..<network.layout.count)
        }
        #expect(abs(loss - packedLoss) < 1e-9)
        Self.expectClose(sums.floats(0..<network.layout.count), packedGradient, network.layout)
    }

    @Test func `gradients add to what is there`() throws {
        let (batch, weights) = Self.batch(vocabularySize: 256)
        let network = try GradientParityTests.network(Self.fixtures[0], rows: 40)
        _ = GradientParityTests.loss(network, batch, weights: weights)
        let once = network.gradients.floats(0..<network.layout.count)
        network.forward(batch)
        network.backward(batch) { rows, _ in Array(weights[rows]) }
        let twice = network.gradients.floats(0..<network.layout.count)
        Self.expectClose(twice, once.map { 2 * $0 }, network.layout)
    }

    @Test
    func `a vocabulary whose logits do not fit at once gives the gradients of smaller passes`()
        throws
    {
        let text = """
            {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
            "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 270000,
            "max_position_embeddings": 64, "rope_theta": 10000.0, "rms_norm_eps": 1e-6,
            "tie_word_embeddings": false}
            """
        let config = try ModelConfig(huggingFace: json(text), file: "config.json")
        let kernels = try KernelContext(pool: WorkerPool(threadCount: 2))
        let network = TrainableNetwork(config: config, kernels: kernels, rowCapacity: 23)
        network.initialize(seed: 3)
        var (batch, parts) = (TokenBatch(), [TokenBatch]())
        for length in [7, 8, 5, 3] {
            var part = TokenBatch()
            let tokens = (0..<length).map { Int32(31_337 * ($0 + length) % 270_000) }
            part.append(tokens: tokens, targets: tokens.reversed())
            batch.append(tokens: tokens, targets: tokens.reversed())
            parts.append(part)
        }
        var calls: [Range<Int>] = []
        network.forward(batch)
        network.backward(batch) { rows, _ in
            calls.append(rows)
            return rows.map { Float($0) }
        }
        #expect(calls == [0..<8, 8..<16, 16..<23])
        let whole = network.gradients.floats(0..<network.layout.count)
        network.gradients.clear()
        for (part, rows) in zip(parts, batch.sequences) {
            network.forward(part)
            network.backward(part) { _, _ in rows.map { Float($0) } }
        }
        Self.expectClose(
            network.gradients.floats(0..<network.layout.count), whole, network.layout)
    }

    @Test(arguments: fixtures)
    func `a snapshot predicts what the network does, and keeps its parameters`(
        fixture: Fixture
    ) throws {
        let network = try GradientParityTests.network(fixture, rows: 40)
        let model = try network.snapshot(
            pool: network.kernels.pool, options: ModelOptions(keyValueByteCount: 4 << 20))
        let tokens = (0..<40).map { Int32($0 * 37 % 256) }
        var batch = TokenBatch()
        batch.append(tokens: tokens, targets: tokens.dropFirst() + [-1])
        network.forward(batch)
        let expected = network.targetStatistics(batch)
        network.parameters.clear()
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let logits = model.forward(sequence.batch(tokens, position: 0, .all))
        for row in 0..<39 {
            let found = logProbabilities(of: logits.row(row))[Int(batch.targets[row])]
            #expect(abs(found - expected[row].logProbability) < 1e-4)
        }
    }

    @Test func `initial parameters follow from the seed, and their sizes from the shapes`() throws {
        let network = try GradientParityTests.network(Self.fixtures[2], rows: 1)
        func drawn(_ seed: UInt64) -> [Float] {
            network.initialize(seed: seed)
            return network.parameters.floats(0..<network.layout.count)
        }
        let first = drawn(1)
        #expect(firstDifference(drawn(2), first) != nil)
        #expect(firstDifference(drawn(1), first) == nil)
        for entry in network.layout.entries {
            let values = first[entry.range]
            let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
            switch entry.role {
            case .embedding: #expect(abs(deviation / 0.02 - 1) < 0.1)
            case .matrix:
                let isLast = entry.name.contains("o_proj") || entry.name.contains("down_proj")
                let width = Float(entry.shape[1]) * (isLast ? 4 : 1)
                #expect(abs(deviation * width.squareRoot() / 0.6 - 1) < 0.1, "\(entry.name)")
            case .vector:
                let value: Float = entry.name.hasSuffix("bias") ? 0 : 1
                #expect(values.allSatisfy { $0 == value })
            }
        }
    }

    /// Within 1e-6 of each tensor's norm: sums in another order.
    static func expectClose(_ found: [Float], _ expected: [Float], _ layout: ParameterLayout) {
        for entry in layout.entries {
            let norm = expected[entry.range].reduce(0) { $0 + $1 * $1 }.squareRoot()
            let error = zip(found[entry.range], expected[entry.range])
                .reduce(0) { max($0, abs($1.0 - $1.1)) }
            #expect(error <= 1e-6 * norm, "\(entry.name): \(error / norm)")
        }
    }
}
