import Foundation
import Kernels
import Testing
import Training

@Suite struct SupervisedRunTests {
    let recipe: Recipe
    let scratch = try? ScratchFolder()

    init() throws {
        recipe = try TinyRecipe.read()
        try FamilyRun(recipe: recipe, folder: "\(root.path)/made").makeStart(kernels: kernels())
    }

    private var root: ScratchFolder {
        get throws { try #require(scratch) }
    }

    private func kernels(threads: Int = 1) throws -> KernelContext {
        try KernelContext(pool: WorkerPool(threadCount: threads))
    }

    private func run(
        _ name: String, settings: Recipe.Supervised? = nil
    ) throws -> SupervisedRun {
        let path = try root.path
        return SupervisedRun(
            start: "\(path)/made/start", source: .generated,
            settings: settings ?? recipe.supervised, wording: recipe.wording, seed: recipe.seed,
            folder: "\(path)/\(name)", result: "\(path)/\(name)/model")
    }

    private func weights(_ name: String) throws -> Data {
        try root.data("\(name)/model/model.safetensors")
    }

    @Test(arguments: [1, 3])
    func `a stopped run goes on to the bits of an uninterrupted one`(step: Int) async throws {
        try run("whole").run(kernels: try kernels()) { _ in }
        let stopped = try run("stopped")
        await stop(after: step) { progress in
            let kernels = try KernelContext(pool: WorkerPool(threadCount: 1))
            try stopped.run(kernels: kernels, progress: progress)
        }
        #expect(try root.steps("stopped") == Array(1...step))
        try stopped.run(kernels: try kernels()) { _ in }
        #expect(try weights("stopped") == weights("whole"))
        #expect(try root.metrics("stopped") == root.metrics("whole"))
    }

    @Test func `a run killed between two states makes the lost steps again, each once`() throws {
        let (path, manager) = (try root.path, FileManager.default)
        // States are saved after steps 2 and 4: step 3 is in the metrics alone.
        try run("whole").run(kernels: try kernels()) { progress in
            guard progress.metrics.step == 3 else { return }
            try? manager.copyItem(atPath: "\(path)/whole", toPath: "\(path)/killed")
        }
        #expect(try root.steps("killed") == [1, 2, 3])
        var made: [Int] = []
        try run("killed").run(kernels: try kernels()) { made.append($0.metrics.step) }
        #expect(made == [3, 4, 5])
        #expect(try weights("killed") == weights("whole"))
        #expect(try root.metrics("killed") == root.metrics("whole"))
    }

    @Test func `results do not depend on the number of threads`() throws {
        try run("one").run(kernels: try kernels(threads: 1)) { _ in }
        try run("three").run(kernels: try kernels(threads: 3)) { _ in }
        #expect(try weights("one") == weights("three"))
        #expect(try root.metrics("one") == root.metrics("three"))
    }

    @Test func `how often states are saved changes nothing, other settings another run`() throws {
        try run("run").run(kernels: try kernels()) { _ in }
        var settings = recipe.supervised
        settings.saveEvery = 1
        try run("run", settings: settings).run(kernels: try kernels()) { _ in }
        settings.learningRate *= 2
        let path = "\(try root.path)/run/state.safetensors"
        #expect(
            throws: TrainingError.file(
                path: path, reason: "belongs to a run with other settings; give another folder")
        ) { try run("run", settings: settings).run(kernels: try kernels()) { _ in } }
    }

    @Test func `a broken state is refused by name`() throws {
        try run("run").run(kernels: try kernels()) { _ in }
        let whole = try root.data("run/state.safetensors")
        for count in [0, 7, 8, 100, whole.count / 2, whole.count - 1] {
            try refuses(whole.prefix(count))
        }
        for place in 0..<200 {
            var bytes = whole
            bytes[bytes.startIndex + place] ^= 0x5A
            try refuses(bytes)
        }
        let position = Data("\\\"step\\\":5".utf8)
        let range = try #require(whole.range(of: position))
        var bytes = whole
        bytes.replaceSubrange(range, with: Data("\\\"step\\\":9".utf8))
        try refuses(bytes)
    }

    private func refuses(_ state: Data) throws {
        try root.write(state, to: "run/state.safetensors")
        do {
            try run("run").run(kernels: try kernels()) { _ in }
            Issue.record("a state of \(state.count) bytes was taken")
        } catch {
            #expect("\(error)".contains("state.safetensors"))
            #expect(!"\(error)".contains("\n"))
        }
    }
}
