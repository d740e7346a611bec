public import Evaluation

/// What a step of reinforcement learning came to.
public struct ReinforcementReport: Sendable {
    /// Some of the step's responses.
    public struct Group: Sendable, Equatable {
        /// Responses.
        public var count = 0
        /// The right ones.
        public var correct = 0
        /// Tokens of all responses.
        public var tokens = 0

        /// Share of right answers.
        public var accuracy: Double { Double(correct) / Double(max(1, count)) }
        /// Mean tokens of a response.
        public var meanLength: Double { Double(tokens) / Double(max(1, count)) }
    }

    /// The step's number, from 1.
    public var step: Int
    /// All responses.
    public var all = Group()
    /// The responses by the difficulty of their problems.
    public var byDifficulty: [Difficulty: Group] = [:]
    /// Mean reward.
    public var reward = 0.0
    /// Mean of log p - log p_reference over all tokens; nil where it is not computed.
    public var klToReference: Double?
    /// Share of responses that were cut off.
    public var truncatedShare = 0.0
    /// The mean loss.
    public var loss = 0.0
    /// Tokens that had a gradient.
    public var trainedTokens = 0
    /// Tokens on the clipped side.
    public var clippedTokens = 0
    var entropySum = 0.0
    /// The largest norm of a minibatch's gradient before it was cut.
    public var gradientNorm = 0.0
    /// The share of the full learning rate.
    public var rateFactor = 0.0
    /// Seconds spent drawing responses.
    public var samplingSeconds = 0.0
    /// Seconds spent on everything else.
    public var trainingSeconds = 0.0

    /// Mean entropy of the policy at trained tokens, in nats.
    public var entropy: Double { entropySum / Double(max(1, trainedTokens)) }
    /// Share of trained tokens on the clipped side.
    public var clipShare: Double { Double(clippedTokens) / Double(max(1, trainedTokens)) }

    /// Tokens of prompts and responses, which the update computes.
    var computedTokens = 0

    init(step: Int, problems: [RewardedProblem], rollouts: [Rollout]) {
        self.step = step
        for rollout in rollouts {
            all.add(rollout)
            if let difficulty = problems[rollout.group].problem.difficulty {
                byDifficulty[difficulty, default: Group()].add(rollout)
            }
        }
        computedTokens = rollouts.reduce(0) { $0 + $1.prompt.count + $1.response.count }
        let count = Double(max(1, rollouts.count))
        reward = rollouts.reduce(0) { $0 + $1.reward } / count
        truncatedShare = Double(rollouts.count { !$0.isFinished }) / count
        let ratios = rollouts.flatMap(\.logRatiosToReference)
        if !ratios.isEmpty {
            klToReference = ratios.reduce(0) { $0 + Double($1) } / Double(ratios.count)
        }
    }
}

extension ReinforcementReport.Group {
    fileprivate mutating func add(_ rollout: Rollout) {
        count += 1
        correct += rollout.isCorrect ? 1 : 0
        tokens += rollout.response.count
    }
}
