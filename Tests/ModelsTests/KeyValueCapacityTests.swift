import Checkpoints
import Kernels
import Testing

@testable import Models

@Suite struct KeyValueCapacityTests {
    /// 3 layers, 1 key-value head of 16: 192 bytes a token in f16, 3,072 a page of 16.
    private static func capacity(
        _ change: (inout ModelOptions) -> Void = { _ in }, budget: Int = 1 << 20,
        type: ElementType = .f16
    ) throws -> KeyValueCapacity {
        let checkpoint = try Checkpoint.open(path: Fixture(name: "qwen2-untied-bf16-sharded").path)
        var options = ModelOptions(keyValueByteCount: budget)
        change(&options)
        return try KeyValueCapacity(
            config: ModelConfig(checkpoint), defaultType: type,
            options: options)
    }

    @Test func `pages fill the budget and never exceed it`() throws {
        #expect(try Self.capacity().pageCount == (1 << 20) / 3072)
        #expect(try Self.capacity(budget: 3072).pageCount == 1)
        #expect(try Self.capacity(type: .f32).pageCount == (1 << 20) / 6144)
        // one head of 16 is 16 bytes and a scale of two: 108 bytes a token
        #expect(try Self.capacity(type: .q8_0).pageCount == (1 << 20) / (16 * 108))
    }

    @Test func `context is the smallest of model, wish and pages`() throws {
        #expect(try Self.capacity().contextLength == 4096)
        #expect(try Self.capacity { $0.contextLength = 100 }.contextLength == 100)
        #expect(try Self.capacity { $0.contextLength = 1 << 40 }.contextLength == 4096)
        #expect(try Self.capacity(budget: 2 * 3072 + 5).contextLength == 32)
    }

    @Test func `a budget below one page is refused with both numbers`() {
        for budget in [3071, 0, -1] {
            #expect(
                throws: ModelError.insufficientMemory(
                    neededByteCount: 3072, availableByteCount: budget)
            ) { try Self.capacity(budget: budget) }
        }
    }

    @Test func `pages beyond any use are not made`() throws {
        let capacity = try Self.capacity({ $0.contextLength = 16 }, budget: 1 << 40)
        #expect(capacity.pageCount == 256)
    }
}
