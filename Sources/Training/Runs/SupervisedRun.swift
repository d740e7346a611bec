import Checkpoints
import Foundation
import Inference
public import Kernels
import Models

/// A supervised run from a checkpoint to a checkpoint, which can be stopped at any moment.
///
/// The run's folder holds its state and its metrics. Run again with the same settings, it goes on
/// from the last state to the same bits as an uninterrupted run.
public struct SupervisedRun: Sendable {
    /// What is learned.
    public enum Source: Sendable {
        /// Generated problems with worked solutions.
        case generated
        /// The solutions of a problem file.
        case problems(path: String)
    }

    /// The checkpoint it starts from.
    public var start: String
    /// What is learned.
    public var source: Source
    /// How.
    public var settings: Recipe.Supervised
    /// How questions are put.
    public var wording: Recipe.Wording
    /// What order and wording follow from.
    public var seed: UInt64
    /// Where state and metrics are kept.
    public var folder: String
    /// Where the result shall appear.
    public var result: String

    /// A run; see the properties.
    public init(
        start: String, source: Source, settings: Recipe.Supervised, wording: Recipe.Wording,
        seed: UInt64, folder: String, result: String
    ) {
        self.start = start
        self.source = source
        self.settings = settings
        self.wording = wording
        self.seed = seed
        self.folder = folder
        self.result = result
    }

    /// Runs to the end, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - kernels: The operations to compute with.
    ///   - progress: Told after each step.
    /// - Throws: `TrainingError`; `.cancelled` once the state is on disk.
    public func run(
        kernels: KernelContext, progress: (TrainingProgress) -> Void
    ) throws(TrainingError) {
        let folder = try RunFolder(folder, result: result)
        let start = try StartingPoint(
            start, longestSequence: settings.longestExample, setting: "longest example")
        let examples = try examples(start.prompts)
        let network = try start.network(
            kernels: kernels,
            rowCapacity: max(settings.longestExample, min(settings.tokensPerStep, 8192)))
        let trainer = SupervisedTrainer(
            network: network,
            optimizer: Optimizer(network: network, settings: settings.optimizer),
            source: examples,
            settings: SupervisedTrainer.Settings(
                schedule: settings.schedule, tokensPerStep: settings.tokensPerStep,
                longestExample: settings.longestExample))
        let state = TrainingState<SupervisedTrainer.Position>(
            path: folder.state, run: try identity())
        let buffers = [
            ("parameters", network.parameters),
            ("first_moments", trainer.optimizer.firstMoments),
            ("second_moments", trainer.optimizer.secondMoments),
        ]
        let position = try state.load(buffers) { position in
            (0...settings.steps).contains(position.step) && position.nextExample >= 0
                && position.tokens >= 0
        }
        if let position { trainer.position = position }
        let log = try MetricsLog(path: folder.metrics, lastStep: trainer.position.step)
        let (clock, peak) = (ContinuousClock(), kernels.measuredPeak())
        while trainer.position.step < settings.steps {
            guard !Task.isCancelled else {
                try state.save(trainer.position, buffers)
                throw .cancelled
            }
            let begin = clock.now
            let report = try trainer.step()
            let step = trainer.position.step
            let metrics = TrainingMetrics(
                report, step: step, seconds: (clock.now - begin) / .seconds(1),
                network: network.matrixOperationsPerToken, peak: peak)
            try log.append(metrics)
            if step % settings.saveEvery == 0 || step == settings.steps {
                try state.save(trainer.position, buffers)
            }
            progress(TrainingProgress(stage: "sft", stepCount: settings.steps, metrics: metrics))
        }
        try CheckpointFolder(path: result).write(
            network, companions: start.companions)
    }

    private func examples(_ prompts: CheckpointPrompts) throws(TrainingError) -> any ExampleSource {
        let wording = QuestionWording(percent: wording.instructionPercent, seed: seed)
        switch source {
        case .generated:
            return try ArithmeticExamples(
                corpus: TraceCorpus(seed: seed, mix: settings.mix.weights), prompts: prompts,
                wording: wording)
        case .problems(let path):
            return try SolvedExamples(
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
        // How often the state is saved changes nothing.
        var settings = settings
        settings.saveEvery = 1
        return try RunIdentity(
            kind: "sft", start: start, source: source, seed: seed, settings: settings,
            wording: wording
        ).text
    }
}
