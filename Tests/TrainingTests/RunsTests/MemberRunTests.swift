import Foundation
import Kernels
import Testing
import Training

@Suite struct MemberRunTests {
    private let root: ScratchFolder
    private let recipe: Recipe

    /// The shipped base is the start, because only what is sometimes right is ever rewarded.
    init() throws {
        root = try ScratchFolder()
        recipe = try TinyRecipe.read()
        try FileManager.default.createDirectory(
            atPath: "\(root.path)/made/family", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: TinyStart.repository.appendingPathComponent(
                "Sources/laconic/Resources/family/base"
            ).path, toPath: "\(root.path)/made/family/base")
    }

    private static func kernels() throws -> KernelContext {
        try KernelContext(pool: WorkerPool(threadCount: 1))
    }

    private func run(_ name: String, alpha: Double = 0.4) -> ReinforcementRun {
        ReinforcementRun(
            start: "\(root.path)/made/family/base", source: .generated, alpha: alpha,
            settings: recipe.reinforcement, wording: recipe.wording, seed: recipe.seed,
            folder: "\(root.path)/\(name)", result: "\(root.path)/\(name)/model")
    }

    private func weights(_ name: String) throws -> Data {
        try root.data("\(name)/model/model.safetensors")
    }

    @Test func `a stopped run goes on to the bits of an uninterrupted one`() async throws {
        try await run("whole").run(kernels: Self.kernels()) { _ in }
        let stopped = run("stopped")
        await stop(after: 2) { progress in
            let kernels = try KernelContext(pool: WorkerPool(threadCount: 1))
            try await stopped.run(kernels: kernels, progress: progress)
        }
        #expect(try root.steps("stopped") == [1, 2])
        try await stopped.run(kernels: Self.kernels()) { _ in }
        #expect(try weights("stopped") == weights("whole"))
        #expect(try root.metrics("stopped") == root.metrics("whole"))
    }

    @Test func `a run killed between two states makes the lost steps again, each once`()
        async throws
    {
        // The only state before the end is saved after step 3, so step 2 has none to go on from.
        let path = root.path
        try await run("whole").run(kernels: Self.kernels()) { progress in
            guard progress.metrics.step == 2 else { return }
            try? FileManager.default.copyItem(atPath: "\(path)/whole", toPath: "\(path)/killed")
        }
        #expect(try root.steps("killed") == [1, 2])
        var made: [Int] = []
        try await run("killed").run(kernels: Self.kernels()) { made.append($0.metrics.step) }
        #expect(made == [1, 2, 3, 4])
        #expect(try weights("killed") == weights("whole"))
        #expect(try root.metrics("killed") == root.metrics("whole"))
    }

    @Test func `another alpha's state is refused`() async throws {
        try await run("run").run(kernels: Self.kernels()) { _ in }
        await #expect(
            throws: TrainingError.file(
                path: "\(root.path)/run/state.safetensors",
                reason: "belongs to a run with other settings; give another folder")
        ) { try await run("run", alpha: 0.2).run(kernels: Self.kernels()) { _ in } }
    }

    @Test func `an alpha beyond its range is refused before anything is read`() async {
        await #expect(
            throws: TrainingError.setting(name: "alpha", expected: "0 up to 1", found: "1.5")
        ) { try await run("run", alpha: 1.5).run(kernels: Self.kernels()) { _ in } }
    }

    @Test func `members do not depend on how many train at once, nor on threads`() async throws {
        let manager = FileManager.default
        try manager.copyItem(atPath: "\(root.path)/made", toPath: "\(root.path)/other")
        try await FamilyRun(recipe: recipe, folder: "\(root.path)/made").trainMembers(
            threads: 1
        ) { _ in }
        var others = recipe
        others.reinforcement.jobs = 2
        try await FamilyRun(recipe: others, folder: "\(root.path)/other").trainMembers(
            threads: 4
        ) { _ in }
        for member in ["alpha_0", "alpha_0.4"] {
            let name = "family/\(member)/model.safetensors"
            #expect(try root.data("made/\(name)") == root.data("other/\(name)"))
            #expect(
                try root.metrics("made/runs/\(member)") == root.metrics("other/runs/\(member)"))
        }
        #expect(
            try root.data("made/family/alpha_0/model.safetensors")
                != root.data("made/family/alpha_0.4/model.safetensors"))
    }
}
