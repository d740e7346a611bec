import Checkpoints
import Kernels
import Models

extension FamilyModel {
    /// A family all of whose members are there.
    static func load(
        _ checkpoints: [Checkpoint], pool: WorkerPool, options: ModelOptions
    ) throws -> FamilyModel {
        let model = try empty(
            checkpoints.map { try ModelInspection($0) }, pool: pool, options: options)
        for (member, checkpoint) in checkpoints.enumerated() {
            try model.weights.load(checkpoint, as: member, in: options.weights, using: pool)
        }
        return model
    }
}
