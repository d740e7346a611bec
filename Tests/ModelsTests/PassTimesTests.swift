import Checkpoints
import Kernels
import Testing

@testable import Models

/// Where the time of passes goes.
@Suite struct PassTimesTests {
    private static let prompt = (0..<160).map { Int32($0 * 13 % 256) }

    private static func load(threads: Int) throws -> Transformer {
        try Transformer.load(
            Checkpoint.open(path: Fixture(name: "qwen2-tied-f32").path),
            pool: WorkerPool(threadCount: threads),
            options: ModelOptions(keyValueByteCount: 16 << 20))
    }

    @Test(arguments: [ThreadChoice.Way.together, .alone, .apart])
    func `every thread's time is counted once, whatever way a pass takes`(
        way: ThreadChoice.Way
    ) throws {
        for threads in [1, 2, 3] where way == .together || threads > 1 {
            let model = try Self.load(threads: threads)
            let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
            let batch = sequence.batch(Self.prompt, position: 0, .last)
            let start = ContinuousClock.now
            let times = model.timed {
                for _ in 0..<3 {
                    _ = model.runner.run(batch, through: [0: model.network], way)
                }
            }
            let wall = start.duration(to: .now)
            for kind in [OperationTimes.Kind.products, .attention, .caching, .elementwise] {
                #expect(times[kind] > .zero, "\(kind) of \(threads), \(way)")
            }
            // Operations of a team are its caller's time; parts have a thread each.
            #expect(times.total <= wall * (way == .apart ? threads : 1), "\(threads), \(way)")
        }
    }

    @Test func `passes that nobody asks about are not counted`() throws {
        let model = try Self.load(threads: 2)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let batch = sequence.batch(Self.prompt, position: 0, .last)
        let before = model.timed {}
        _ = model.forward(batch)
        #expect(before == OperationTimes() && model.timed {} == OperationTimes())
    }

    @Test func `counting changes no bit`() throws {
        let model = try Self.load(threads: 2)
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let batch = sequence.batch(Self.prompt, position: 0, .all)
        let expected = model.forward(batch).values
        var counted: [Float] = []
        _ = model.timed { counted = model.forward(batch).values }
        #expect(counted == expected)
    }
}
