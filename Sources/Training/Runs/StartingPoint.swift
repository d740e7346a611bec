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
    func network(
        kernels: KernelContext, rowCapacity: Int
    ) throws(TrainingError) -> TrainableNetwork {
        do {
            return try TrainableNetwork(
                checkpoint, kernels: kernels, rowCapacity: rowCapacity,
                longestSequence: longestSequence)
        } catch {
            throw .start("\(error)")
        }
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
