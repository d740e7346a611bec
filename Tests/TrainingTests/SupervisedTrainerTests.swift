import Kernels
import Models
import TestSupport
import Testing

@testable import Training

@Suite struct SupervisedTrainerTests {
    /// Numbers that count up from a random start, the first not learned; every seventh too long.
    struct CountingSource: ExampleSource {
        var failsFrom = Int.max

        func example(_ index: Int) throws(TrainingError) -> SupervisedExample {
            if index >= failsFrom { throw .cancelled }
            var generator = SeededGenerator(seed: UInt64(index))
            let start = Int32.random(in: 0..<16, using: &generator)
            let length = index % 7 == 6 ? 40 : Int32.random(in: 2...11, using: &generator)
            return SupervisedExample(
                tokens: (0..<length).map { (start + $0) % 16 },
                isLearned: (0..<length).map { $0 > 0 })
        }
    }

    static func trainer(
        rows: Int = 128, threads: Int = 2, muon: Bool = false, source: CountingSource = .init()
    ) throws -> SupervisedTrainer {
        let network = try TinyNetwork.network(
            TinyNetwork.config(hiddenSize: 16), rows: rows, threads: threads)
        var settings = Optimizer.Settings(learningRate: 0.02)
        settings.matrixLearningRate = muon ? 0.02 : nil
        return SupervisedTrainer(
            network: network, optimizer: Optimizer(network: network, settings: settings),
            source: source,
            settings: .init(
                schedule: LearningSchedule(stepCount: 60, warmupSteps: 5, decayShare: 0.2),
                tokensPerStep: 100, longestExample: 12))
    }

    @Test(arguments: [false, true])
    func `the loss falls from that of guessing to nearly none`(muon: Bool) throws {
        let trainer = try Self.trainer(muon: muon)
        var reports: [SupervisedTrainer.Report] = []
        for _ in 0..<60 { reports.append(try trainer.step()) }
        // log 16 = 2.77
        #expect(abs(reports[0].loss - 2.77) < 0.1)
        #expect(abs(reports[0].entropy - 2.77) < 0.1)
        #expect(reports[59].loss < 0.1)
        #expect(trainer.position.step == 60)
        #expect(trainer.position.tokens == reports.reduce(0) { $0 + $1.tokens })
        #expect(reports.allSatisfy { $0.learnedTokens < $0.tokens && $0.tokens >= 100 })
    }

    @Test(arguments: [false, true])
    func `a run has the same bits each time and on every number of threads`(muon: Bool) throws {
        func run(threads: Int) throws -> ([UInt32], [SupervisedTrainer.Report]) {
            let trainer = try Self.trainer(threads: threads, muon: muon)
            let reports = try (0..<6).map { _ in try trainer.step() }
            return (trainer.network.parameters.bits, reports)
        }
        let first = try run(threads: 1)
        for threads in [1, 2, 3] {
            let again = try run(threads: threads)
            #expect(firstDifference(again.0, first.0) == nil, "\(threads) threads")
            #expect(again.1 == first.1, "\(threads) threads")
        }
    }

    @Test func `several passes a step come to what one does`() throws {
        let (whole, parts) = (try Self.trainer(rows: 128), try Self.trainer(rows: 12))
        for step in 0..<8 {
            let (one, many) = (try whole.step(), try parts.step())
            #expect(one.tokens == many.tokens && one.learnedTokens == many.learnedTokens)
            #expect(abs(one.loss - many.loss) < 1e-5, "step \(step)")
            #expect(abs(one.gradientNorm / many.gradientNorm - 1) < 1e-4, "step \(step)")
        }
    }

    @Test func `a run goes on from its position, parameters and moments as if never stopped`()
        throws
    {
        let whole = try Self.trainer()
        for _ in 0..<3 { _ = try whole.step() }
        let resumed = try Self.trainer()
        let kernels = whole.network.kernels
        kernels.copy(from: whole.network.parameters, to: resumed.network.parameters)
        kernels.copy(from: whole.optimizer.firstMoments, to: resumed.optimizer.firstMoments)
        kernels.copy(from: whole.optimizer.secondMoments, to: resumed.optimizer.secondMoments)
        resumed.position = whole.position
        for _ in 0..<3 {
            let (one, other) = (try whole.step(), try resumed.step())
            #expect(one == other)
        }
        let (one, other) = (whole.network.parameters.bits, resumed.network.parameters.bits)
        #expect(firstDifference(one, other) == nil)
    }

    @Test func `a step whose examples cannot be had changes nothing`() throws {
        let trainer = try Self.trainer(source: CountingSource(failsFrom: 40))
        #expect(throws: TrainingError.cancelled) { while true { _ = try trainer.step() } }
        let (bits, position) = (trainer.network.parameters.bits, trainer.position)
        #expect(position.step > 0)
        #expect(throws: TrainingError.cancelled) { try trainer.step() }
        #expect(firstDifference(trainer.network.parameters.bits, bits) == nil)
        #expect(trainer.position == position)
    }

    @Test func `a source of too long examples is refused, not searched for ever`() throws {
        struct LongSource: ExampleSource {
            func example(_ index: Int) throws(TrainingError) -> SupervisedExample {
                SupervisedExample(
                    tokens: [1, 2, 3, 4], isLearned: [false, true, true, true])
            }
        }
        let network = try TinyNetwork.network(TinyNetwork.config(), rows: 8)
        let trainer = SupervisedTrainer(
            network: network,
            optimizer: Optimizer(network: network, settings: .init(learningRate: 1)),
            source: LongSource(),
            settings: .init(
                schedule: LearningSchedule(stepCount: 1), tokensPerStep: 4, longestExample: 3))
        #expect(throws: TrainingError.self) { try trainer.step() }
    }

    @Test func `a token that is not learned has no part in the loss`() throws {
        let network = try TinyNetwork.network(TinyNetwork.config(), rows: 8)
        let batches = TokenBatch.batches(
            of: [SupervisedExample(tokens: [5, 6, 7], isLearned: [false, true, false])],
            rowCapacity: 8)
        #expect(batches.map(\.targets) == [[6, -1, -1]])
        network.forward(batches[0])
        let statistics = network.targetStatistics(batches[0])
        #expect(statistics[0] != .none && statistics[1...] == [.none, .none])
    }

    @Test(arguments: [11, 12, 30, 1000])
    func `packing keeps every example whole, once, within the rows, longest first`(rows: Int) throws
    {
        let examples = try (0..<50).map { try CountingSource().example($0) }
            .filter { $0.tokens.count <= 11 }
        let batches = TokenBatch.batches(of: examples, rowCapacity: rows)
        #expect(batches.allSatisfy { $0.rowCount <= rows && $0.rowCount > 0 })
        let packed = batches.flatMap { batch in batch.sequences.map { (batch, $0) } }
        #expect(packed.count == examples.count)
        #expect(zip(packed, packed.dropFirst()).allSatisfy { $0.1.count >= $1.1.count })
        func key(_ tokens: ArraySlice<Int32>, _ targets: ArraySlice<Int32>) -> String {
            "\(Array(tokens)) \(Array(targets))"
        }
        let found = packed.map { key($0.tokens[$1], $0.targets[$1]) }.sorted()
        #expect(found == examples.map { key($0.tokens[...], $0.targets[...]) }.sorted())
        for batch in batches {
            #expect(batch.sequences.first?.lowerBound == 0)
            #expect(batch.sequences.last?.upperBound == batch.rowCount)
            let pairs = zip(batch.sequences, batch.sequences.dropFirst())
            #expect(pairs.allSatisfy { $0.upperBound == $1.lowerBound })
        }
    }
}
