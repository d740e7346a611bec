import Evaluation
import Foundation
import Inference
public import Kernels
import Models

/// A reinforcement run from a checkpoint to a member of a family; see ``SupervisedRun``.
public struct ReinforcementRun: Sendable {
    /// The checkpoint it starts from, which divergence is measured from.
    public var start: String
    /// What is asked and how answers are graded.
    public var source: SupervisedRun.Source
    /// The penalty on length.
    public var alpha: Double
    /// How steps are made.
    public var settings: Recipe.Reinforcement
    /// How questions are put.
    public var wording: Recipe.Wording
    /// What problems and samples follow from; the same for all members, so that they differ by
    /// alpha alone.
    public var seed: UInt64
    /// Where state and metrics are kept.
    public var folder: String
    /// Where the result shall appear.
    public var result: String

    /// A run; see the properties.
    public init(
        start: String, source: SupervisedRun.Source, alpha: Double,
        settings: Recipe.Reinforcement, wording: Recipe.Wording, seed: UInt64, folder: String,
        result: String
    ) {
        self.start = start
        self.source = source
        self.alpha = alpha
        self.settings = settings
        self.wording = wording
        self.seed = seed
        self.folder = folder
        self.result = result
    }

    /// The longest prompt, in tokens, that a step takes.
    private static let longestPrompt = 512

    /// Runs to the end, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - kernels: The operations to compute with.
    ///   - progress: Told after each step.
    /// - Throws: `TrainingError`; `.cancelled` once the state is on disk.
    public func run(
        kernels: KernelContext, progress: (TrainingProgress) -> Void
    ) async throws(TrainingError) {
        guard (0..<1).contains(alpha) else {
            throw .setting(name: "alpha", expected: "0 up to 1", found: "\(alpha)")
        }
        let folder = try RunFolder(folder, result: result)
        let longest = Self.longestPrompt + settings.maximumTokens
        let start = try StartingPoint(
            start, longestSequence: longest,
            setting: "a prompt of \(Self.longestPrompt) tokens and the longest response")
        let task = try task(start.prompts)
        let network = try start.network(kernels: kernels, rowCapacity: max(longest, 8192))
        let trainer = ReinforcementTrainer(
            network: network,
            optimizer: Optimizer(network: network, settings: settings.optimizer),
            task: task,
            settings: settings.settings(alpha: alpha, stopIDs: start.prompts.stopIDs, seed: seed))
        let state = TrainingState<Int>(path: folder.state, run: try identity())
        let buffers = [
            ("parameters", network.parameters), ("average", trainer.average),
            ("first_moments", trainer.optimizer.firstMoments),
            ("second_moments", trainer.optimizer.secondMoments),
        ]
        let step = try state.load(buffers) { (0...settings.steps).contains($0) }
        if let step { trainer.step = step }
        let log = try MetricsLog(path: folder.metrics, lastStep: trainer.step)
        let peak = kernels.measuredPeak()
        while trainer.step < settings.steps {
            let metrics: TrainingMetrics
            do {
                metrics = TrainingMetrics(
                    try await trainer.advance(), network: network.matrixOperationsPerToken,
                    peak: peak)
            } catch {
                if error == .cancelled { try state.save(trainer.step, buffers) }
                throw error
            }
            try log.append(metrics)
            if trainer.step % settings.saveEvery == 0 || trainer.step == settings.steps {
                try state.save(trainer.step, buffers)
            }
            progress(
                TrainingProgress(
                    stage: "alpha \(alpha)", stepCount: settings.steps, metrics: metrics))
        }
        try CheckpointFolder(path: result).write(
            network, settings.average > 0 ? trainer.average : nil, companions: start.companions)
    }

    private func task(_ prompts: CheckpointPrompts) throws(TrainingError) -> any RewardedTask {
        let wording = QuestionWording(percent: wording.instructionPercent, seed: seed)
        switch source {
        case .generated:
            return try ArithmeticTask(
                seed: seed, mix: settings.mix.weights, prompts: prompts, wording: wording)
        case .problems(let path):
            return ProblemSetTask(
                set: try StartingPoint.problems(path), prompts: prompts, wording: wording,
                seed: seed)
        }
    }

    private func identity() throws(TrainingError) -> String {
        let source =
            switch source {
            case .generated: "generated"
            case .problems(let path): path
            }
        // Neither how many members there are nor how many train at once changes any of them, nor
        // how often states are saved; and with a rate that never falls, more steps go on where
        // fewer ended.
        var settings = settings
        settings.steps = 0
        settings.saveEvery = 1
        settings.alphas = []
        settings.jobs = 1
        return try RunIdentity(
            kind: "rl", start: start, source: source, seed: seed, settings: settings,
            wording: wording, alpha: alpha
        ).text
    }
}
