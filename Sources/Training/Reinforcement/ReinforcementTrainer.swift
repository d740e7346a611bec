import Evaluation
public import Kernels
public import Models

/// Trains a policy to answer rightly and no longer than needed (arXiv 2502.04463).
///
/// A step draws responses to some prompts with the serving engine, rewards them with the length
/// penalty, compares each with the others of its prompt (RLOO), and follows PPO's clipped
/// objective over a few minibatches. The moving average of the parameters is what is kept.
public final class ReinforcementTrainer {
    /// How steps are made; the defaults are the paper's (its section 5.1), but for the rates.
    public struct Settings: Sendable, Equatable {
        /// How strongly length is punished, in [0, 1).
        public var alpha: Double
        /// Steps and warm-up.
        public var schedule: LearningSchedule
        /// Prompts of a step.
        public var promptsPerStep = 32
        /// Responses to each prompt, at least 2.
        public var samplesPerPrompt = 8
        /// Ceiling on the tokens of a response; what it cuts off scores 0.
        public var maximumTokens = 32_000
        /// Divides the logits where responses are drawn.
        public var temperature: Float = 1
        /// Parts that a step's responses are divided into, each an update.
        public var minibatches = 2
        /// Clipping and normalisation of the loss.
        public var objective = PolicyObjective()
        /// β, the weight of the divergence from the start model; 0 spares its forward pass.
        public var klCoefficient = 0.001
        /// Whether advantages are whitened over all tokens of a step, as the authors' code does.
        public var whitensAdvantages = false
        /// How much of the moving average a step keeps; 0 keeps the last parameters.
        public var average: Float = 0
        /// Ids that end a response.
        public var stopIDs: Set<Int32>
        /// All responses follow from it.
        public var seed: UInt64 = 0

        /// Settings with the paper's numbers where it has them.
        public init(alpha: Double, schedule: LearningSchedule, stopIDs: Set<Int32>) {
            self.alpha = alpha
            self.schedule = schedule
            self.stopIDs = stopIDs
        }
    }

    /// What is trained.
    public let network: TrainableNetwork
    /// What changes it.
    public let optimizer: Optimizer
    /// The moving average of the parameters.
    public let average: FloatBuffer
    /// The start model's parameters, which divergence is measured from.
    public let reference: FloatBuffer
    /// Steps made; set it, with all buffers, to go on from a checkpoint.
    public var step = 0

    let task: any RewardedTask
    let settings: Settings
    private let sampler: RolloutSampler

    /// A trainer that starts from the network's parameters.
    ///
    /// - Parameters:
    ///   - network: What is trained; takes prompt and longest response in one batch.
    ///   - optimizer: What changes it.
    ///   - task: What it is trained on.
    ///   - settings: How steps are made.
    public init(
        network: TrainableNetwork, optimizer: Optimizer, task: any RewardedTask,
        settings: Settings
    ) {
        precondition(settings.samplesPerPrompt >= 2, "a group of \(settings.samplesPerPrompt)")
        self.network = network
        self.optimizer = optimizer
        self.task = task
        self.settings = settings
        average = FloatBuffer(count: network.layout.count)
        reference = FloatBuffer(count: network.layout.count)
        network.kernels.copy(from: network.parameters, to: average)
        network.kernels.copy(from: network.parameters, to: reference)
        sampler = RolloutSampler(
            settings: RolloutSampler.Settings(
                samplesPerPrompt: settings.samplesPerPrompt, temperature: settings.temperature,
                maximumTokens: settings.maximumTokens, stopIDs: settings.stopIDs),
            pool: network.kernels.pool)
    }

    /// Makes one step: responses, rewards, updates.
    ///
    /// - Returns: What it came to.
    /// - Throws: Where a prompt or a response cannot be had, or the task was cancelled; nothing
    ///   has changed then.
    public func advance() async throws(TrainingError) -> ReinforcementReport {
        let clock = ContinuousClock()
        let start = clock.now
        let number = step + 1
        let problems = try task.problems(step: number, count: settings.promptsPerStep)
        var groups = try await sampler.responses(
            of: network, to: problems.map(\.prompt), seed: settings.seed &+ UInt64(number) << 48)
        let sampled = clock.now
        for index in groups.indices {
            reward(&groups[index], problem: problems[index])
        }
        var rollouts = groups.flatMap(\.self)
        if settings.klCoefficient > 0 { compareWithReference(&rollouts) }
        var report = ReinforcementReport(step: number, problems: problems, rollouts: rollouts)
        update(rollouts, &report)
        report.samplingSeconds = (sampled - start) / .seconds(1)
        report.trainingSeconds = (clock.now - sampled) / .seconds(1)
        return report
    }

    private func reward(_ group: inout [Rollout], problem: RewardedProblem) {
        for index in group.indices {
            group[index].isCorrect =
                group[index].isFinished && task.isCorrect(group[index].response, to: problem)
        }
        let rewards = LengthPenalty(alpha: settings.alpha).rewards(
            lengths: group.map(\.response.count), isCorrect: group.map(\.isCorrect))
        let advantages = LeaveOneOut.advantages(of: rewards)
        for index in group.indices {
            group[index].reward = rewards[index]
            group[index].advantage = advantages[index]
        }
    }

    /// Fills in how far each token strays from the start model.
    private func compareWithReference(_ rollouts: inout [Rollout]) {
        let kernels = network.kernels
        let policy = FloatBuffer(count: network.layout.count)
        kernels.copy(from: network.parameters, to: policy)
        kernels.copy(from: reference, to: network.parameters)
        for indices in rolloutBatches(rollouts, Array(rollouts.indices)) {
            var batch = TokenBatch()
            for index in indices { batch.append(rollouts[index]) }
            network.forward(batch)
            let statistics = network.targetStatistics(batch)
            for (index, rows) in zip(indices, batch.sequences) {
                let responseRows = rows.suffix(rollouts[index].response.count)
                rollouts[index].logRatiosToReference = zip(
                    rollouts[index].logProbabilities, responseRows
                ).map { $0 - statistics[$1].logProbability }
            }
        }
        kernels.copy(from: policy, to: network.parameters)
    }

    /// Packs rollouts into batches that fit the network, longest first.
    func rolloutBatches(_ rollouts: [Rollout], _ indices: [Int]) -> [[Int]] {
        func rows(_ index: Int) -> Int {
            rollouts[index].prompt.count + rollouts[index].response.count - 1
        }
        var batches: [[Int]] = []
        var room = 0
        for index in indices.sorted(by: { (rows($0), $1) > (rows($1), $0) }) {
            if batches.isEmpty || rows(index) > room {
                batches.append([])
                room = network.rowCapacity
            }
            batches[batches.count - 1].append(index)
            room -= rows(index)
        }
        return batches
    }
}
