import Evaluation
import Foundation
public import Kernels
import Synchronization

/// A whole family from one recipe: tokenizer, base, members.
///
///     folder/
///       recipe.json          what all of it follows from
///       start/               tokenizer and random parameters
///       runs/sft/            state and metrics
///       runs/alpha_0.1/      likewise, one for each member
///       family/base/         the results
///       family/alpha_0.1/
///
/// What is there is not made again, so the same command goes on where it was stopped or killed.
public struct FamilyRun: Sendable {
    /// What the family follows from.
    public let recipe: Recipe
    /// Where everything is kept.
    public let folder: String

    /// A run.
    ///
    /// - Parameters:
    ///   - recipe: What the family follows from.
    ///   - folder: Where everything is kept; made where it is not there.
    /// - Throws: `TrainingError.file` where the folder belongs to another recipe.
    public init(recipe: Recipe, folder: String) throws(TrainingError) {
        self.recipe = recipe
        self.folder = try RunFolder(folder).path
        let path = "\(folder)/recipe.json"
        guard FileManager.default.fileExists(atPath: path) else {
            do {
                try recipe.json.write(to: URL(fileURLWithPath: path), options: .atomic)
            } catch {
                throw .file(path: path, reason: "cannot be written: \(SystemReason.of(error))")
            }
            return
        }
        guard recipe.isContinuation(of: try Recipe(path: path)) else {
            throw .file(
                path: path, reason: "is another recipe than the one given; give another folder")
        }
    }

    /// The folder of the members, that `laconic serve --family` takes.
    public var family: String { "\(folder)/family" }

    /// The path of the base.
    public var base: String { "\(family)/base" }

    /// The path of a member.
    public func member(alpha: Double) -> String { "\(family)/\(Self.name(alpha))" }

    static func name(_ alpha: Double) -> String {
        alpha == alpha.rounded() ? "alpha_\(Int(alpha))" : "alpha_\(alpha)"
    }

    /// Makes the tokenizer and the first parameters.
    ///
    /// - Parameter kernels: The operations to compute with.
    /// - Throws: `TrainingError` where the recipe gives no network or the disk fails.
    public func makeStart(kernels: KernelContext) throws(TrainingError) {
        guard !isThere(start) else { return }
        try FamilyStart(recipe: recipe).write(to: start, kernels: kernels)
    }

    /// Trains the base.
    ///
    /// - Parameters:
    ///   - kernels: The operations to compute with.
    ///   - progress: Told after each step.
    /// - Throws: `TrainingError`; `.cancelled` once the state is on disk.
    public func trainBase(
        kernels: KernelContext, progress: (TrainingProgress) -> Void
    ) throws(TrainingError) {
        try makeStart(kernels: kernels)
        guard !isThere(base) else { return }
        try SupervisedRun(
            start: start, source: .generated, settings: recipe.supervised,
            wording: recipe.wording, seed: recipe.seed, folder: "\(folder)/runs/sft", result: base
        ).run(kernels: kernels, progress: progress)
    }

    /// Trains members from the base, several side by side.
    ///
    /// - Parameters:
    ///   - alphas: Which; nil for all of the recipe.
    ///   - threads: Threads in all, shared by the members that train at once.
    ///   - progress: Told after each step, from any thread.
    /// - Throws: `TrainingError`; `.cancelled` once all states are on disk.
    public func trainMembers(
        _ alphas: [Double]? = nil, threads: Int,
        progress: @escaping @Sendable (TrainingProgress) -> Void
    ) async throws(TrainingError) {
        let waiting = (alphas ?? recipe.reinforcement.alphas).filter {
            !isThere(member(alpha: $0))
        }
        let jobs = min(recipe.reinforcement.jobs, max(1, waiting.count))
        let share = max(1, threads / jobs)
        do {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for (index, alpha) in waiting.enumerated() {
                    if index >= jobs { try await tasks.next() }
                    tasks.addTask {
                        try await trainMember(alpha, threads: share, progress: progress)
                    }
                }
                try await tasks.waitForAll()
            }
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .cancelled
        }
    }

    private func trainMember(
        _ alpha: Double, threads: Int, progress: @Sendable (TrainingProgress) -> Void
    ) async throws(TrainingError) {
        let kernels: KernelContext
        do {
            kernels = try KernelContext(pool: WorkerPool(threadCount: threads))
        } catch {
            throw .start("\(error)")
        }
        try await ReinforcementRun(
            start: base, source: .generated, alpha: alpha, settings: recipe.reinforcement,
            wording: recipe.wording, seed: recipe.seed,
            folder: "\(folder)/runs/\(Self.name(alpha))", result: member(alpha: alpha)
        ).run(kernels: kernels, progress: progress)
    }

    private var start: String { "\(folder)/start" }

    private func isThere(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }
}

extension Recipe {
    /// Whether a run of `other` may go on with this recipe: what was made stays what it is.
    func isContinuation(of other: Recipe) -> Bool {
        var (mine, theirs) = (self, other)
        for keyPath in [
            \Recipe.reinforcement.jobs, \Recipe.reinforcement.saveEvery,
            \Recipe.supervised.saveEvery,
        ] {
            mine[keyPath: keyPath] = 1
            theirs[keyPath: keyPath] = 1
        }
        // With a rate that never falls, more steps go on where fewer ended.
        mine.reinforcement.steps = theirs.reinforcement.steps
        mine.reinforcement.saveEvery = theirs.reinforcement.saveEvery
        mine.reinforcement.alphas = []
        theirs.reinforcement.alphas = []
        mine.evaluation = theirs.evaluation
        return mine == theirs
    }
}
