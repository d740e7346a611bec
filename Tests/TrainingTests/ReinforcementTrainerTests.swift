import Evaluation
import Foundation
import Kernels
import Models
import TestSupport
import Testing

@testable import Training

@Suite struct ReinforcementTrainerTests {
    /// Right is what begins with an id from 8 on, or everything.
    struct UpperHalfTask: RewardedTask {
        var acceptsAll = false

        func problems(step: Int, count: Int) throws(TrainingError) -> [RewardedProblem] {
            (0..<count).map { place in
                RewardedProblem(
                    problem: Problem(
                        id: "\(place)", question: "", answer: "", difficulty: .level(place % 2)),
                    prompt: [Int32(place % 3), 4])
            }
        }

        func isCorrect(_ response: [Int32], to problem: RewardedProblem) -> Bool {
            acceptsAll || response.first.map { $0 >= 8 } == true
        }
    }

    static func trainer(
        threads: Int = 2, task: UpperHalfTask = UpperHalfTask(), rate: Double = 0.01,
        _ change: (inout ReinforcementTrainer.Settings) -> Void = { _ in }
    ) throws -> ReinforcementTrainer {
        let network = try TinyNetwork.network(TinyNetwork.config(), rows: 64, threads: threads)
        var settings = ReinforcementTrainer.Settings(
            alpha: 0.1, schedule: LearningSchedule(stepCount: 100), stopIDs: [0, 1, 2, 3, 8, 9])
        settings.promptsPerStep = 6
        settings.maximumTokens = 12
        settings.seed = 7
        change(&settings)
        return ReinforcementTrainer(
            network: network,
            optimizer: Optimizer(network: network, settings: .init(learningRate: rate)),
            task: task, settings: settings)
    }

    /// log p of the tokens of a response, under the network as it is.
    static func logProbabilities(_ network: TrainableNetwork, _ rollout: Rollout) -> [Float] {
        var batch = TokenBatch()
        batch.append(rollout)
        network.forward(batch)
        return network.targetStatistics(batch).suffix(rollout.response.count)
            .map(\.logProbability)
    }

    /// Responses of a group, drawn by nobody, with advantages.
    static func rollouts(_ network: TrainableNetwork, shift: Float = 0) -> [Rollout] {
        let responses: [([Int32], Double)] = [
            ([5, 6, 0], 0.8), ([11, 12, 13, 14, 1], -0.5), ([9], 0.3), ([4, 4], 0), ([7, 2], -0.6),
        ]
        return responses.enumerated().map { index, entry in
            var rollout = Rollout(
                group: 0, prompt: [3, 4, 5], response: entry.0,
                logProbabilities: entry.0.map { _ in 0 }, isFinished: true)
            rollout.advantage = entry.1
            let now = logProbabilities(network, rollout)
            rollout.logProbabilities = now.enumerated().map {
                $1 + shift * Float(($0 + index) % 3 - 1)
            }
            return rollout
        }
    }

    static func report() -> ReinforcementReport {
        ReinforcementReport(step: 1, problems: [], rollouts: [])
    }

    @Test func `the policy comes to answer as it is rewarded for, and shorter`() async throws {
        let trainer = try Self.trainer { $0.klCoefficient = 0 }
        var reports: [ReinforcementReport] = []
        for _ in 0..<25 { reports.append(try await trainer.advance()) }
        #expect((0.2...0.8).contains(reports[0].all.accuracy))
        #expect(reports[24].all.accuracy > 0.95)
        #expect(reports[24].reward > reports[0].reward)
        #expect(reports[24].all.meanLength < reports[0].all.meanLength)
        #expect(trainer.step == 25)
        #expect(reports.allSatisfy { $0.all.count == 48 && $0.loss.isFinite })
        #expect(reports[0].byDifficulty.values.reduce(0) { $0 + $1.count } == 48)
    }

    @Test func `a run has the same bits each time and on every number of threads`() async throws {
        func run(threads: Int) async throws -> [UInt32] {
            let trainer = try Self.trainer(threads: threads) { $0.klCoefficient = 0.01 }
            for _ in 0..<3 { _ = try await trainer.advance() }
            return trainer.network.parameters.bits
        }
        let first = try await run(threads: 1)
        for threads in [1, 2, 3] {
            let again = try await run(threads: threads)
            #expect(firstDifference(again, first) == nil, "\(threads) threads")
        }
        let other = try Self.trainer { $0.seed = 8 }
        for _ in 0..<3 { _ = try await other.advance() }
        #expect(firstDifference(other.network.parameters.bits, first) != nil)
    }

    @Test func `what the ceiling cuts off scores 0 whatever it says`() async throws {
        let trainer = try Self.trainer(task: UpperHalfTask(acceptsAll: true)) {
            $0.stopIDs = []
            $0.klCoefficient = 0
        }
        let before = trainer.network.parameters.bits
        let report = try await trainer.advance()
        #expect(report.truncatedShare == 1 && report.reward == 0 && report.all.correct == 0)
        #expect(report.all.meanLength == 12)
        // no reward, no advantage, no gradient, no change
        #expect(report.trainedTokens == 0 && report.gradientNorm == 0)
        #expect(firstDifference(trainer.network.parameters.bits, before) == nil)
    }

    @Test func `the mean reward is the share of right answers, less what alpha takes`() async throws
    {
        for alpha in [0, 0.4] {
            let trainer = try Self.trainer { $0.alpha = alpha }
            let report = try await trainer.advance()
            #expect(report.all.correct > 0 && report.truncatedShare < 1)
            let least = report.all.accuracy * (1 - alpha)
            #expect(report.reward >= least - 1e-12 && report.reward <= report.all.accuracy + 1e-12)
            #expect((report.reward < report.all.accuracy - 1e-3) == (alpha > 0))
        }
    }

    @Test(arguments: [Float(0), 0.3], PolicyObjective.Normalization.allCases)
    func `a minibatch's gradient is the slope of its clipped loss`(
        shift: Float, normalization: PolicyObjective.Normalization
    ) throws {
        let trainer = try Self.trainer(rate: 0) {
            $0.minibatches = 1
            $0.klCoefficient = 0
            $0.objective.normalization = normalization
        }
        let network = trainer.network
        let rollouts = Self.rollouts(network, shift: shift)
        var report = Self.report()
        trainer.update(rollouts, &report)
        #expect(report.trainedTokens == 11)
        #expect((report.clippedTokens > 0) == (shift > 0))
        let gradient = network.gradients.all.map(Double.init)
        let start = network.parameters.all
        let size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        func loss(_ step: Double) -> Double {
            network.parameters.set(
                zip(start, gradient).map { Float(Double($0) + step * $1 / size) })
            return rollouts.reduce(0) { sum, rollout in
                let factor = trainer.settings.objective.factor(
                    tokens: rollout.response.count, sequenceCount: 5, tokenCount: 13)
                let terms = zip(
                    Self.logProbabilities(network, rollout), rollout.logProbabilities
                ).map { now, old in
                    trainer.settings.objective.term(
                        logProbability: Double(now), old: Double(old),
                        advantage: rollout.advantage
                    ).loss * factor
                }
                return sum + terms.reduce(0, +)
            }
        }
        func difference(_ step: Double) -> Double { (loss(step) - loss(-step)) / (2 * step) }
        // Richardson's extrapolation: the loss is far from straight. Measured: 4.5e-5.
        let slope = (4 * difference(5e-4) - difference(1e-3)) / 3
        #expect(abs(slope / size - 1) < 3e-4, "\(slope) \(size)")
        #expect(abs(loss(0) - report.loss) < 1e-6)
        #expect(abs(report.gradientNorm / size - 1) < 1e-6)
    }

    @Test func `an update makes rewarded responses likelier and the others less so`() throws {
        let trainer = try Self.trainer(rate: 1e-3) { $0.klCoefficient = 0 }
        let rollouts = Self.rollouts(trainer.network)
        var report = Self.report()
        trainer.update(rollouts, &report)
        for rollout in rollouts where abs(rollout.advantage) > 0.4 {
            let now = Self.logProbabilities(trainer.network, rollout).reduce(0, +)
            let change = Double(now - rollout.logProbabilities.reduce(0, +))
            #expect(change * rollout.advantage > 0, "\(rollout.response)")
        }
    }

    @Test func `divergence is measured from the start model, and leaves the policy alone`()
        async throws
    {
        let trainer = try Self.trainer(rate: 0) { $0.klCoefficient = 0.1 }
        let before = trainer.network.parameters.bits
        let first = try await trainer.advance()
        #expect(firstDifference(trainer.network.parameters.bits, before) == nil)
        #expect(abs(first.klToReference ?? 1) < 1e-5)
        let moved = try Self.trainer(rate: 0.02) { $0.klCoefficient = 0.1 }
        let reference = moved.reference.bits
        for _ in 0..<4 { _ = try await moved.advance() }
        let later = try await moved.advance()
        #expect((later.klToReference ?? 0) > 1e-3)
        #expect(firstDifference(moved.reference.bits, reference) == nil)
        #expect(firstDifference(reference, before) == nil)
    }

    @Test func `the average keeps its share of each step; without one it is the parameters`()
        async throws
    {
        let plain = try Self.trainer()
        let averaged = try Self.trainer { $0.average = 0.75 }
        let start = averaged.average.all
        for trainer in [plain, averaged] { _ = try await trainer.advance() }
        #expect(firstDifference(plain.average.bits, plain.network.parameters.bits) == nil)
        let expected = zip(start, averaged.network.parameters.all).map { $0 + 0.25 * ($1 - $0) }
        #expect(firstDifference(averaged.average.all, expected) == nil)
        let (one, other) = (averaged.network.parameters.bits, plain.network.parameters.bits)
        #expect(firstDifference(one, other) == nil)
    }

    @Test func `batches of responses fit the rows and hold each response once`() throws {
        let trainer = try Self.trainer()
        var generator = SeededGenerator(seed: 9)
        let rollouts = (0..<40).map { _ in
            let (prompt, response) = (
                Int.random(in: 1...20, using: &generator), Int.random(in: 1...40, using: &generator)
            )
            return Rollout(
                group: 0, prompt: Array(repeating: 1, count: prompt),
                response: Array(repeating: 2, count: response),
                logProbabilities: Array(repeating: 0, count: response), isFinished: true)
        }
        let batches = trainer.rolloutBatches(rollouts, Array(rollouts.indices))
        #expect(batches.flatMap(\.self).sorted() == Array(rollouts.indices))
        for indices in batches {
            var batch = TokenBatch()
            for index in indices { batch.append(rollouts[index]) }
            #expect(batch.rowCount <= trainer.network.rowCapacity)
            for (index, rows) in zip(indices, batch.sequences) {
                let rollout = rollouts[index]
                #expect(rows.count == rollout.prompt.count + rollout.response.count - 1)
                let asked = batch.targets[rows].filter { $0 >= 0 }
                #expect(asked == rollout.response)
            }
        }
    }
}
