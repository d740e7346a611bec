import Checkpoints
import Evaluation
import Inference
import Kernels
import Models

/// The checkpoint that a run begins with.
struct StartingPoint {
    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// Its network in f32, and its words.
    func network(
        kernels: KernelContext, rowCapacity: Int, longestSequence: Int
    ) throws(TrainingError) -> (TrainableNetwork, CheckpointPrompts) {
        do {
            let checkpoint = try Checkpoint.open(path: path)
            let network = try TrainableNetwork(
                checkpoint, kernels: kernels, rowCapacity: rowCapacity,
                longestSequence: longestSequence)
            let prompts = try CheckpointPrompts(
                checkpoint, vocabularySize: network.config.vocabularySize)
            guard longestSequence <= network.config.contextLength else {
                throw TrainingError.setting(
                    name: "longest sequence",
                    expected: "at most the model's \(network.config.contextLength) tokens",
                    found: "\(longestSequence)")
            }
            return (network, prompts)
        } catch let error as TrainingError {
            throw error
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
