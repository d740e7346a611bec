import Evaluation
import Models

extension Recipe {
    /// Learning from worked solutions: AdamW, or Muon for matrices beside it.
    public struct Supervised: Codable, Sendable, Equatable {
        /// Optimiser steps.
        public var steps: Int
        /// Tokens after which a step has enough examples.
        public var tokensPerStep: Int
        /// Longer examples are left out.
        public var longestExample: Int
        /// AdamW's learning rate.
        public var learningRate: Double
        /// Muon's learning rate; 0 leaves matrices with AdamW.
        public var matrixLearningRate: Double
        /// AdamW's β₁.
        public var beta1: Double
        /// AdamW's β₂.
        public var beta2: Double
        /// Weight decay of matrices and embeddings.
        public var weightDecay: Double
        /// The norm that gradients are cut to.
        public var gradientClip: Double
        /// Steps until the full rate.
        public var warmupSteps: Int
        /// The share of all steps over which the rate falls to 0.
        public var decayShare: Double
        /// Steps between states on disk.
        public var saveEvery: Int
        /// How often each tier comes.
        public var mix: Mix
    }

    /// Learning from rewards; see ``ReinforcementTrainer/Settings``.
    public struct Reinforcement: Codable, Sendable, Equatable {
        /// The penalties on length, a member each.
        public var alphas: [Double]
        /// Members that train side by side, each on its share of the threads; with more members
        /// than threads, one has work while others wait for the last of their responses.
        public var jobs: Int
        /// Steps: rollout and updates.
        public var steps: Int
        /// Prompts of a step.
        public var promptsPerStep: Int
        /// Responses to each prompt.
        public var samplesPerPrompt: Int
        /// Updates of a step.
        public var minibatches: Int
        /// Ceiling on the tokens of a response.
        public var maximumTokens: Int
        /// Divides the logits where responses are drawn.
        public var temperature: Double
        /// Adam's learning rate.
        public var learningRate: Double
        /// Adam's β₁.
        public var beta1: Double
        /// Adam's β₂.
        public var beta2: Double
        /// The norm that gradients are cut to.
        public var gradientClip: Double
        /// Steps until the full rate.
        public var warmupSteps: Int
        /// PPO's ε.
        public var clip: Double
        /// How tokens become one loss.
        public var normalization: PolicyObjective.Normalization
        /// β, the weight of the divergence from the start model; 0 spares its forward pass.
        public var klCoefficient: Double
        /// Whether advantages are whitened over all tokens of a step.
        public var whitensAdvantages: Bool
        /// How much of the moving average a step keeps; 0 ships the last parameters.
        public var average: Double
        /// Steps between states on disk.
        public var saveEvery: Int
        /// How often each tier comes.
        public var mix: Mix
    }
}

extension Recipe.Mix {
    var weights: [Tier: Int] { [.easy: easy, .medium: medium, .hard: hard] }
}

extension Recipe.Supervised {
    var schedule: LearningSchedule {
        LearningSchedule(stepCount: steps, warmupSteps: warmupSteps, decayShare: decayShare)
    }

    var optimizer: Optimizer.Settings {
        var settings = Optimizer.Settings(learningRate: learningRate)
        settings.matrixLearningRate = matrixLearningRate > 0 ? matrixLearningRate : nil
        settings.beta1 = beta1
        settings.beta2 = beta2
        settings.weightDecay = weightDecay
        settings.clip = gradientClip
        return settings
    }
}

extension Recipe.Reinforcement {
    var schedule: LearningSchedule {
        LearningSchedule(stepCount: steps, warmupSteps: warmupSteps)
    }

    var optimizer: Optimizer.Settings {
        var settings = Optimizer.Settings(learningRate: learningRate)
        settings.beta1 = beta1
        settings.beta2 = beta2
        settings.clip = gradientClip
        return settings
    }

    func settings(
        alpha: Double, stopIDs: Set<Int32>, seed: UInt64
    ) -> ReinforcementTrainer.Settings {
        var settings = ReinforcementTrainer.Settings(
            alpha: alpha, schedule: schedule, stopIDs: stopIDs)
        settings.promptsPerStep = promptsPerStep
        settings.samplesPerPrompt = samplesPerPrompt
        settings.maximumTokens = maximumTokens
        settings.temperature = Float(temperature)
        settings.minibatches = minibatches
        settings.objective = PolicyObjective(clip: clip, normalization: normalization)
        settings.klCoefficient = klCoefficient
        settings.whitensAdvantages = whitensAdvantages
        settings.average = Float(average)
        settings.seed = seed
        return settings
    }
}
