extension Recipe.Supervised {
    /// Settings for teaching a finished model from a file: AdamW at a low rate.
    public static let fineTuning = Recipe.Supervised(
        steps: 500, tokensPerStep: 8192, longestExample: 1024, learningRate: 1e-5,
        matrixLearningRate: 0, beta1: 0.9, beta2: 0.95, weightDecay: 0, gradientClip: 1,
        warmupSteps: 20, decayShare: 0.5, saveEvery: 20,
        mix: Recipe.Mix(easy: 1, medium: 1, hard: 1)
    )
}

extension Recipe.Reinforcement {
    /// The paper's numbers (arXiv 2502.04463, section 5.1, and the authors' scripts), for a model
    /// of 1.5 billion parameters.
    public static let paper = Recipe.Reinforcement(
        alphas: [0, 0.05, 0.1, 0.2, 0.4], jobs: 1, steps: 100, promptsPerStep: 32,
        samplesPerPrompt: 8, minibatches: 2, maximumTokens: 32_000, temperature: 1,
        learningRate: 5e-6, beta1: 0.9, beta2: 0.95, gradientClip: 1, warmupSteps: 3, clip: 0.2,
        normalization: .sequence, klCoefficient: 0.001, whitensAdvantages: false, average: 0,
        saveEvery: 10, mix: Recipe.Mix(easy: 1, medium: 1, hard: 1))
}
