import Checkpoints
import Evaluation
import Inference
import Kernels
import Models

/// The checkpoint that a run begins with, of any format, looked at before anything costs time.
struct StartingPoint {
    /// What the results of runs are stored as.
    static let resultType = ElementType.bf16

    let path: String
    /// Its words.
    let prompts: CheckpointPrompts
    /// What goes beside the weights of the result.
    let companions: CheckpointCompanions
    private let checkpoint: Checkpoint
    private let longestSequence: Int

    /// Opens a checkpoint.
    ///
    /// - Parameters:
    ///   - path: A folder or a file, as served.
    ///   - longestSequence: The most tokens of a sequence that will be trained on.
    ///   - setting: What that length is called.
    ///   - type: What the result will be stored as.
    /// - Throws: `TrainingError` naming what is missing or too long, and `.export` where the result
    ///   could not be written.
    init(
        _ path: String, longestSequence: Int, setting: String, type: ElementType = resultType
    ) throws(TrainingError) {
        do {
            let checkpoint = try Checkpoint.open(path: path)
            let config = try ModelConfig(checkpoint)
            guard longestSequence <= config.contextLength else {
                throw TrainingError.setting(
                    name: setting, expected: "at most the model's \(config.contextLength) tokens",
                    found: "\(longestSequence)")
            }
            prompts = try CheckpointPrompts(checkpoint, vocabularySize: config.vocabularySize)
            companions = try CheckpointCompanions(checkpoint, type: type)
            self.checkpoint = checkpoint
        } catch let error as TrainingError {
            throw error
        } catch ModelLoadingError.notExportable(let path, let reason) {
            throw .export(path: path, reason: reason)
        } catch {
            throw .start("\(error)")
        }
        self.path = path
        self.longestSequence = longestSequence
    }

    /// Its network in f32.
    ///
    /// - Parameters:
    ///   - kernels: The operations to compute with.
    ///   - rowCapacity: The most tokens of a batch; fewer where they would take too much memory.
    /// - Returns: The network.
    /// - Throws: `TrainingError.start` for everything in the checkpoint that does not fit.
    func network(
        kernels: KernelContext, rowCapacity: Int
    ) throws(TrainingError) -> TrainableNetwork {
        do {
            let rows = Self.rowCapacity(
                try ModelConfig(checkpoint), wanted: rowCapacity, longestSequence: longestSequence)
            return try TrainableNetwork(
                checkpoint, kernels: kernels, rowCapacity: rows, longestSequence: longestSequence)
        } catch {
            throw .start("\(error)")
        }
    }

    /// Rows for batches whose activations take about 2 GiB at most, or for the longest sequence.
    ///
    /// It follows from the model and not from the machine, as the order of a gradient's sums does.
    static func rowCapacity(_ config: ModelConfig, wanted: Int, longestSequence: Int) -> Int {
        let (bytes, limit) = (
            TrainableNetwork.activationByteCount(config: config, rowCount: wanted), 2 << 30
        )
        guard bytes > limit else { return max(wanted, longestSequence) }
        return max(longestSequence, wanted * limit / bytes)
    }

    /// A problem file.
    static func problems(_ path: String) throws(TrainingError) -> ProblemSet {
        do {
            return try ProblemSet(path: path)
        } catch {
            throw .start("\(error)")
        }
    }
}
