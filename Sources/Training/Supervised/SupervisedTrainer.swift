import Kernels
public import Models

/// Teaches a network to continue prompts as examples do: cross-entropy over the learned tokens.
///
/// A step draws the next examples until their tokens are enough, runs them in passes that fit the
/// network's memory, and changes the parameters once. What happens depends on the examples, the
/// settings and the state alone.
public final class SupervisedTrainer {
    /// How steps are made.
    public struct Settings: Sendable, Equatable {
        /// Steps, warm-up and decay.
        public var schedule: LearningSchedule
        /// Tokens after which a step has enough examples.
        public var tokensPerStep: Int
        /// Longer examples are left out.
        public var longestExample: Int

        /// Settings; see the properties.
        public init(schedule: LearningSchedule, tokensPerStep: Int, longestExample: Int) {
            self.schedule = schedule
            self.tokensPerStep = tokensPerStep
            self.longestExample = longestExample
        }
    }

    /// Where a run stands, but for the parameters and moments.
    public struct Position: Sendable, Equatable, Codable {
        /// Steps made.
        public var step = 0
        /// The next example.
        public var nextExample = 0
        /// Tokens that went through the network, prompts included.
        public var tokens = 0

        /// The start.
        public init() {}
    }

    /// What a step came to.
    public struct Report: Sendable, Equatable {
        /// Tokens that went through the network.
        public var tokens: Int
        /// Tokens that were learned.
        public var learnedTokens: Int
        /// Mean of -log p over the learned tokens, in nats.
        public var loss: Double
        /// Mean entropy of the predictions at learned tokens, in nats.
        public var entropy: Double
        /// The norm of the gradient before it was cut.
        public var gradientNorm: Double
        /// The share of the full learning rate.
        public var rateFactor: Double
    }

    /// What is trained.
    public let network: TrainableNetwork
    /// What changes it.
    public let optimizer: Optimizer
    /// Where the run stands; set it, with parameters and moments, to go on from a checkpoint.
    public var position = Position()

    private let source: any ExampleSource
    private let settings: Settings

    /// A trainer at its start.
    ///
    /// - Parameters:
    ///   - network: What is trained.
    ///   - optimizer: What changes it.
    ///   - source: What is learned.
    ///   - settings: How steps are made; `longestExample` is at most the network's `rowCapacity`.
    public init(
        network: TrainableNetwork, optimizer: Optimizer, source: any ExampleSource,
        settings: Settings
    ) {
        precondition(
            settings.longestExample <= network.rowCapacity,
            "examples of \(settings.longestExample) tokens, \(network.rowCapacity) rows")
        self.network = network
        self.optimizer = optimizer
        self.source = source
        self.settings = settings
    }

    /// Makes one step.
    ///
    /// - Returns: What it came to.
    /// - Throws: Where an example cannot be had; nothing has changed then.
    public func step() throws(TrainingError) -> Report {
        let examples = try draw()
        let learned = examples.reduce(0) { $0 + $1.isLearned.count(where: \.self) }
        network.gradients.clear()
        var loss = 0.0
        var entropy = 0.0
        let weight = 1 / Float(max(1, learned))
        for batch in TokenBatch.batches(of: examples, rowCapacity: network.rowCapacity) {
            network.forward(batch)
            network.backward(batch) { rows, statistics in
                for (row, statistic) in zip(rows, statistics) where batch.targets[row] >= 0 {
                    loss -= Double(statistic.logProbability)
                    entropy += Double(statistic.entropy)
                }
                return Array(repeating: weight, count: rows.count)
            }
        }
        position.step += 1
        let factor = settings.schedule.factor(step: position.step)
        let norm = optimizer.step(number: position.step, rateFactor: factor)
        let tokens = examples.reduce(0) { $0 + $1.tokens.count }
        position.tokens += tokens
        return Report(
            tokens: tokens, learnedTokens: learned, loss: loss / Double(max(1, learned)),
            entropy: entropy / Double(max(1, learned)), gradientNorm: norm,
            rateFactor: factor)
    }

    private func draw() throws(TrainingError) -> [SupervisedExample] {
        var examples: [SupervisedExample] = []
        var tokens = 0
        var next = position.nextExample
        var refused = 0
        while tokens < settings.tokensPerStep {
            let example = try source.example(next)
            next += 1
            guard example.tokens.count <= settings.longestExample, example.tokens.count > 1 else {
                refused += 1
                guard refused < 10_000 else {
                    throw .setting(
                        name: "longestExample",
                        expected: "at least the length of some of 10000 examples in a row",
                        found: "\(settings.longestExample)")
                }
                continue
            }
            tokens += example.tokens.count
            examples.append(example)
        }
        position.nextExample = next
        return examples
    }
}

extension TokenBatch {
    /// Packs examples into as few batches as their order allows, longest first.
    static func batches(of examples: [SupervisedExample], rowCapacity: Int) -> [TokenBatch] {
        var batches: [TokenBatch] = []
        for example in examples.sorted(by: { $0.tokens.count > $1.tokens.count }) {
            let fits = batches.last.map { $0.rowCount + example.tokens.count <= rowCapacity }
            if fits != true { batches.append(TokenBatch()) }
            batches[batches.count - 1].append(tokens: example.tokens, targets: example.targets)
        }
        return batches
    }
}
