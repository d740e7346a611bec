import Glibc
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

@Suite struct ValidationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func checkpoint(_ tensors: [(String, [Float], [Int])]) throws -> Checkpoint {
        let path = "\(directory.path)/a.safetensors"
        let views = try tensors.map { name, values, shape in
            (name: name, tensor: try TensorView(values, shape: shape))
        }
        try SafetensorsWriter.write(views, to: path)
        return try Checkpoint.open(path: path)
    }

    private func error(_ checkpoint: Checkpoint, _ pool: WorkerPool? = nil) -> CheckpointError? {
        SafetensorsBuilder.error { () throws(CheckpointError) in
            try checkpoint.validateTensors(using: pool)
        }
    }

    @Test func theFirstNonFiniteWeightIsNamedByItsIndex() throws {
        var generator = SeededGenerator(seed: 11)
        for bad in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            for _ in 0..<20 {
                let shape = [2, 3, 5].map { _ in Int.random(in: 1...6, using: &generator) }
                let count = shape.reduce(1, *)
                var values = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
                let index = shape.map { Int.random(in: 0..<$0, using: &generator) }
                values[(index[0] * shape[1] + index[1]) * shape[2] + index[2]] = bad
                let checkpoint = try checkpoint([("good", [1, 2], [2]), ("bad", values, shape)])
                #expect(
                    error(checkpoint)
                        == .nonFiniteWeight(
                            file: checkpoint.location, tensor: "bad", index: index))
            }
        }
    }

    @Test func theSameElementIsNamedWhateverTheThreads() throws {
        // Over one piece of four megabytes, so that workers may meet the later ones first.
        let count = 3 << 20
        var values = [Float](repeating: 0.5, count: count)
        values[(2 << 20) + 5] = .nan
        values[count - 1] = .infinity
        let checkpoint = try checkpoint([
            ("a", [1], [1]), ("b", values, [count]), ("c", [.nan], []),
        ])
        let pool = try WorkerPool(threadCount: 3)
        let expected = CheckpointError.nonFiniteWeight(
            file: checkpoint.location, tensor: "b", index: [(2 << 20) + 5])
        for _ in 0..<5 { #expect(error(checkpoint, pool) == expected) }
        #expect(error(checkpoint) == expected)
    }

    @Test func progressEndsAtTheTotal() throws {
        let checkpoint = try checkpoint([("a", [1, 2, 3], [3]), ("b", [], [0, 2])])
        var reports: [[Int]] = []
        try checkpoint.validateTensors { reports.append([$0, $1]) }
        #expect(reports == [[12, 12]])
    }

    @Test func scalesOfBlocksAreWeightsToo() throws {
        var builder = GGUFBuilder()
        var blocks = [UInt8](repeating: 0, count: 34 * 4)
        blocks[34 * 2 + 1] = 0x7E
        builder.tensor("q", type: 8, dimensions: [64, 2], contents: blocks)
        let path = try directory.write(builder.file, to: "a.gguf")
        guard
            case .nonFiniteWeight(path, "q", let index) = error(try Checkpoint.open(path: path))
        else {
            Issue.record("a NaN scale passed")
            return
        }
        #expect(index.first == 1)
    }

    @Test(.enabled(if: Self.kernelLoadsPages))
    func aFileTruncatedAfterOpeningIsAnErrorNotASignal() throws {
        let count = 1 << 20
        let checkpoint = try checkpoint([("a", [Float](repeating: 1, count: count), [count])])
        try checkpoint.validateTensors()
        let view = try checkpoint.require("a", shape: [count])
        #expect(unsafe truncate(checkpoint.location, 1 << 16) == 0)
        #expect(throws: CheckpointError.self) { try checkpoint.load(view) }
        guard case .unreadable(checkpoint.location, _) = error(checkpoint) else {
            Issue.record("a file that is gone was scanned")
            return
        }
    }

    @Test func pagesComeAndGoWithoutChangingWhatIsRead() throws {
        let values = (0..<100_000).map(Float.init)
        let checkpoint = try checkpoint([("a", values, [1_000, 100])])
        let view = try checkpoint.require("a", shape: [1_000, 100])
        checkpoint.prefetch(view)
        try checkpoint.load(view)
        #expect(view.floats() == values)
        checkpoint.discardPages(of: view)
        #expect(view.floats() == values)
        let other = try TensorView(values, shape: [100_000])
        checkpoint.discardPages(of: other)
        #expect(other.floats() == values, "memory that is no file's must stay")
    }

    /// Whether this kernel knows MADV_POPULATE_READ (22), without which the loss goes unnoticed.
    private static var kernelLoadsPages: Bool {
        let start = unsafe mmap(nil, 4_096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        defer { unsafe munmap(start, 4_096) }
        return unsafe madvise(start, 4_096, 22) == 0
    }
}
