import Checkpoints
import Foundation
import Kernels
import Models
import TestSupport
import Testing

/// Gradients against those that torch computes for the same loss of the same weights.
@Suite struct GradientParityTests {
    static func network(
        _ fixture: Fixture, rows: Int, threads: Int = 2, set: InstructionSet? = nil
    ) throws -> TrainableNetwork {
        let kernels = try KernelContext(
            pool: WorkerPool(threadCount: threads), instructionSet: set)
        return try TrainableNetwork(
            Checkpoint.open(path: fixture.path), kernels: kernels, rowCapacity: rows)
    }

    /// Σ weights · -log p(target), and its gradient in `network.gradients`.
    static func loss(
        _ network: TrainableNetwork, _ batch: TokenBatch, weights: [Float]
    ) -> Double {
        network.gradients.clear()
        network.forward(batch)
        var loss = 0.0
        network.backward(batch) { rows, statistics in
            for (row, statistic) in zip(rows, statistics) where batch.targets[row] >= 0 {
                loss -= Double(weights[row]) * Double(statistic.logProbability)
            }
            return Array(weights[rows])
        }
        return loss
    }

    @Test(arguments: Fixture.all)
    func `loss and gradients agree with torch`(fixture: Fixture) throws {
        let golden = try fixture.gradients()
        let batch = golden.batch
        let network = try Self.network(fixture, rows: batch.rowCount)
        let loss = Self.loss(network, batch, weights: golden.weights)
        #expect(abs(loss - golden.loss) <= 1e-5 * abs(golden.loss))
        #expect(Set(network.layout.entries.map(\.name)) == Set(golden.tensors.keys))
        var worst = 0.0
        for entry in network.layout.entries {
            let expected = try #require(golden.tensors[entry.name])
            let found = network.gradients.floats(entry.range).map(Double.init)
            try #require(found.count == expected.count, "\(entry.name)")
            var generator = SeededGenerator(seed: expected.seed)
            let dot = found.reduce(0) { $0 + (generator.next() & 1 == 1 ? $1 : -$1) }
            let norm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
            var errors = [
                norm - expected.norm, found.reduce(0, +) - expected.sum, dot - expected.dot,
            ]
            errors += zip(found, expected.first).map(-)
            let error = errors.map(abs).max().map { $0 / expected.norm } ?? .infinity
            #expect(error <= 3e-5, "\(entry.name)")
            worst = max(worst, error)
        }
        if ProcessInfo.processInfo.environment["LACONIC_SHOW_PARITY"] != nil {
            print(
                "\(fixture.name): loss \(loss) against \(golden.loss), largest difference of a",
                "gradient \(worst) of its tensor's norm")
        }
    }
}
