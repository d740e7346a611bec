import Foundation
import Testing

@testable import Training

@Suite struct PolicyObjectiveTests {
    @Test(arguments: [-0.5, -0.19, 0, 0.15, 0.5], [-2.0, -0.1, 0.3, 5])
    func `the weight of -log p is the slope of the loss`(change: Double, advantage: Double) {
        let objective = PolicyObjective(clip: 0.2)
        func loss(_ x: Double) -> Double {
            objective.term(logProbability: x, old: -3, advantage: advantage).loss
        }
        let (x, step) = (-3 + change, 1e-6)
        let slope = (loss(x + step) - loss(x - step)) / (2 * step)
        let term = objective.term(logProbability: x, old: -3, advantage: advantage)
        #expect(abs(-term.weight - slope) < 1e-6 * max(1, abs(advantage)))
    }

    @Test func `at the policy that drew it a token weighs its advantage`() {
        let term = PolicyObjective().term(logProbability: -1.5, old: -1.5, advantage: 0.7)
        #expect(term == .init(loss: -0.7, weight: 0.7, isClipped: false))
    }

    @Test(arguments: [
        // ratio, advantage, clipped
        (1.5, 1.0, true), (0.5, 1.0, false), (1.5, -1.0, false), (0.5, -1.0, true),
        (1.19, 1.0, false), (0.81, -1.0, false), (1.5, 0.0, false),
    ])
    func `a token is clipped where its probability has moved far enough already`(
        ratio: Double, advantage: Double, isClipped: Bool
    ) {
        let term = PolicyObjective(clip: 0.2).term(
            logProbability: log(ratio) - 4, old: -4, advantage: advantage)
        #expect(term.isClipped == isClipped)
        #expect((term.weight == 0) == (isClipped || advantage == 0))
        let bound = min(max(ratio, 0.8), 1.2)
        #expect(abs(term.loss + min(ratio * advantage, bound * advantage)) < 1e-12)
    }

    @Test func `a ratio without bounds stays a number`() {
        for (now, old) in [(-1.0, -1000.0), (-1000, -1), (0, -1e30)] {
            for advantage in [-1.0, 1] {
                let term = PolicyObjective().term(
                    logProbability: now, old: old, advantage: advantage)
                #expect(term.loss.isFinite && term.weight.isFinite)
            }
        }
    }

    @Test func `the factors of a minibatch add up to one, by sequences or by tokens`() {
        let lengths = [3, 10, 1, 7]
        for normalization in PolicyObjective.Normalization.allCases {
            let objective = PolicyObjective(normalization: normalization)
            let factors = lengths.map {
                objective.factor(tokens: $0, sequenceCount: 4, tokenCount: 21)
            }
            let sum = zip(factors, lengths).reduce(0) { $0 + $1.0 * Double($1.1) }
            #expect(abs(sum - 1) < 1e-12)
            #expect((Set(factors).count == 1) == (normalization == .token))
        }
    }

    @Test func `a token's advantage lacks what the rest of the response strays`() {
        var rollout = Rollout(
            group: 0, prompt: [1], response: [2, 3, 4], logProbabilities: [-1, -1, -1],
            isFinished: true)
        rollout.advantage = 0.5
        #expect(rollout.tokenAdvantages(klCoefficient: 0.1) == [0.5, 0.5, 0.5])
        rollout.logRatiosToReference = [1, -2, 4]
        #expect(rollout.tokenAdvantages(klCoefficient: 0) == [0.5, 0.5, 0.5])
        let found = rollout.tokenAdvantages(klCoefficient: 0.1)
        for (value, expected) in zip(found, [0.5 - 0.3, 0.5 - 0.2, 0.5 - 0.4]) {
            #expect(abs(value - expected) < 1e-12)
        }
    }

    @Test func `whitened advantages have mean 0 and deviation 1 over all tokens, in order`() {
        var advantages = [[1.0, 2], [], [-5], [0.5, 0.5, 9]]
        let before = advantages.flatMap(\.self)
        ReinforcementTrainer.whiten(&advantages)
        let after = advantages.flatMap(\.self)
        #expect(advantages.map(\.count) == [2, 0, 1, 3])
        #expect(abs(after.reduce(0, +)) < 1e-9)
        #expect(abs(after.reduce(0) { $0 + $1 * $1 } / 6 - 1) < 1e-6)
        for (i, j) in zip(before.indices, before.indices.dropFirst()) {
            #expect((before[i] < before[j]) == (after[i] < after[j]))
        }
    }

    @Test func `equal advantages whiten to zeros`() {
        var advantages = [[2.0, 2], [2]]
        ReinforcementTrainer.whiten(&advantages)
        #expect(advantages == [[0, 0], [0]])
    }
}
