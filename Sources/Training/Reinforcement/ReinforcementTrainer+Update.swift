import Evaluation
import Kernels
import Models

extension ReinforcementTrainer {
    /// Changes the parameters once for each minibatch, and the average once.
    func update(_ rollouts: [Rollout], _ report: inout ReinforcementReport) {
        var advantages = rollouts.map {
            $0.tokenAdvantages(klCoefficient: settings.klCoefficient)
        }
        if settings.whitensAdvantages { Self.whiten(&advantages) }
        let order = Self.shuffled(
            rollouts.count, seed: settings.seed ^ UInt64(step + 1) &* 0x9E37_79B9_7F4A_7C15)
        let factor = settings.schedule.factor(step: step + 1)
        for part in 0..<settings.minibatches {
            let range =
                order.count * part / settings.minibatches..<order.count * (part + 1)
                / settings.minibatches
            let minibatch = Array(order[range])
            guard !minibatch.isEmpty else { continue }
            accumulate(rollouts, minibatch, advantages, &report)
            let number = step * settings.minibatches + part + 1
            report.gradientNorm = max(
                report.gradientNorm, optimizer.step(number: number, rateFactor: factor))
        }
        step += 1
        if settings.average == 0 {
            // A blend by all of the difference would be off by its rounding.
            network.kernels.copy(from: network.parameters, to: average)
        } else {
            network.kernels.blend(
                average, toward: network.parameters, by: 1 - settings.average,
                range: 0..<network.layout.count)
        }
        report.rateFactor = factor
    }

    /// Leaves the gradient of a minibatch's mean loss in the network.
    private func accumulate(
        _ rollouts: [Rollout], _ minibatch: [Int], _ advantages: [[Double]],
        _ report: inout ReinforcementReport
    ) {
        network.gradients.clear()
        let tokenCount = minibatch.reduce(0) { $0 + rollouts[$1].response.count }
        // A response without advantage has no gradient: its passes are spared.
        let useful = minibatch.filter { index in advantages[index].contains { $0 != 0 } }
        for indices in rolloutBatches(rollouts, useful) {
            var batch = TokenBatch()
            for index in indices { batch.append(rollouts[index]) }
            var rowTerms: [RowTerm?] = Array(repeating: nil, count: batch.rowCount)
            for (index, rows) in zip(indices, batch.sequences) {
                let rollout = rollouts[index]
                let scale = settings.objective.factor(
                    tokens: rollout.response.count, sequenceCount: minibatch.count,
                    tokenCount: tokenCount)
                for (token, row) in rows.suffix(rollout.response.count).enumerated() {
                    rowTerms[row] = RowTerm(
                        old: Double(rollout.logProbabilities[token]),
                        advantage: advantages[index][token], scale: scale)
                }
            }
            network.forward(batch)
            network.backward(batch) { rows, statistics in
                zip(rows, statistics).map { row, statistic in
                    guard let term = rowTerms[row] else { return 0 }
                    return weigh(term, statistic, &report)
                }
            }
        }
    }

    private func weigh(
        _ row: RowTerm, _ statistic: TargetStatistics, _ report: inout ReinforcementReport
    ) -> Float {
        let term = settings.objective.term(
            logProbability: Double(statistic.logProbability), old: row.old,
            advantage: row.advantage)
        report.loss += term.loss * row.scale / Double(settings.minibatches)
        report.trainedTokens += 1
        report.clippedTokens += term.isClipped ? 1 : 0
        report.entropySum += Double(statistic.entropy)
        return Float(term.weight * row.scale)
    }

    /// What one row's loss needs besides its log-probability.
    private struct RowTerm {
        let old: Double
        let advantage: Double
        let scale: Double
    }

    /// Gives all tokens' advantages mean 0 and deviation 1.
    static func whiten(_ advantages: inout [[Double]]) {
        let count = Double(max(1, advantages.reduce(0) { $0 + $1.count }))
        let mean = advantages.reduce(0.0) { $0 + $1.reduce(0, +) } / count
        let variance =
            advantages.reduce(0.0) { sum, tokens in
                sum + tokens.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            } / count
        let factor = 1 / (variance.squareRoot() + 1e-8)
        for index in advantages.indices {
            advantages[index] = advantages[index].map { ($0 - mean) * factor }
        }
    }

    /// The numbers below `count` in an order that follows from the seed.
    private static func shuffled(_ count: Int, seed: UInt64) -> [Int] {
        var random = RandomSource(seed: seed)
        return random.shuffled(Array(0..<count))
    }
}
