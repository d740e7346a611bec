import Checkpoints
import Foundation
import Inference
import Kernels

@testable import Training

/// A family's start checkpoint on disk, from the recipe of smoke tests.
///
/// The folder goes with it.
final class TinyStart {
    /// Its words, made once for all tests.
    static let prompts = Result { try TinyStart().prompts }

    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    let path: String
    let recipe: Recipe
    let prompts: CheckpointPrompts

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-\(UUID().uuidString)").path
        recipe = try Recipe(
            path: Self.repository.appendingPathComponent("deploy/recipes/smoke.json").path)
        let kernels = try KernelContext(pool: TinyNetwork.pools.get()[0])
        try FamilyStart(recipe: recipe).write(to: path, kernels: kernels)
        prompts = try CheckpointPrompts(
            Checkpoint.open(path: path), vocabularySize: recipe.network.vocabularyRows)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
