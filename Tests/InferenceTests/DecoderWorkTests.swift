import Checkpoints
import Kernels
import Models
import Testing

@testable import Inference

@Suite struct DecoderWorkTests {
    /// h 32, f 64, two layers, q 32, k 16, vocabulary 262, tied, f32 (see `TinyCheckpoint`).
    private func shape(weights: WeightFormat = .stored) throws -> DecoderShape {
        let tiny = try TinyCheckpoint()
        let inspection = try ModelInspection(try Checkpoint.open(path: tiny.path))
        return DecoderShape(inspection, weights: weights, keyValueType: .f16)
    }

    @Test func `weights are counted as they are in memory`() throws {
        // q and output 32·32, k and v 16·32, gate, up and down 64·32 each.
        let matrices = 2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32
        // Two norms of 32; biases 32 + 16 + 16.
        let vectors = 2 * 32 + 64
        #expect(try shape().layerByteCount == 4 * (2 * (matrices + vectors) + 32))
        #expect(try shape().outputByteCount == 4 * 262 * 32)
        let half = try shape(weights: .bf16)
        #expect(half.layerByteCount == 2 * 2 * matrices + 4 * (2 * vectors + 32))
        // Packed rows fill panels of 16: 272 of them.
        #expect(half.outputByteCount == 2 * 272 * 32)
    }

    @Test func `a decode step is what a hand counts`() throws {
        let shape = try shape()
        // Per layer: 2·32·(2·16) + 2·32·(2·32) + 2·32·(3·64) + 4·32·11; then 2·32·262.
        let (products, attention) = (2 * (2048 + 4096 + 12288) + 16768, 2 * 1408)
        // Keys and values of a token and layer in f16: 2·16·2 bytes; 11 read and 1 written.
        let cache = 2 * 64 * 12
        #expect(
            shape.decoding(context: 10, batch: 1)
                == DecoderWork(
                    byteCount: shape.stepWeightByteCount + cache, productOperationCount: products,
                    attentionOperationCount: attention))
        #expect(
            shape.decoding(context: 10, batch: 3)
                == DecoderWork(
                    byteCount: shape.stepWeightByteCount + 3 * cache,
                    productOperationCount: 3 * products, attentionOperationCount: 3 * attention))
        // Contexts 9 to 11: the middle is the mean.
        #expect(
            shape.decoding(context: 9, batch: 1, steps: 3)
                == shape.decoding(context: 10, batch: 1))
    }

    @Test func `a prompt is what a hand counts, in whole and in chunks`() throws {
        let shape = try shape()
        // Three rows attend to 1 + 2 + 3 tokens. The last layer makes keys and values of all,
        // and the rest of the last row alone, which attends to 3.
        let first = 3 * (2048 + 4096 + 12288) + 4 * 32 * 6
        let last = 3 * 2048 + (4096 + 12288) + 4 * 32 * 3
        let whole = shape.prefill(length: 3, chunk: 8)
        #expect(whole.operationCount == first + last + 16768)
        // Three tokens written and three read in each layer.
        #expect(whole.byteCount == shape.stepWeightByteCount + 2 * 64 * 6)
        let cut = shape.prefill(length: 3, chunk: 2)
        #expect(cut.operationCount == whole.operationCount)
        // The first layer reads 2, then 3; the last 3; three are written in each.
        #expect(
            cut.byteCount
                == shape.stepWeightByteCount + shape.layerByteCount + 64 * (2 + 3 + 3 + 6))
    }

    @Test func `the roof is the slower of moving and computing`() {
        let limits = MachineLimits(
            cacheByteCount: 1000, memory: [10, 20], cache: [200], operations: [.f32: 50])
        let moving = DecoderWork(byteCount: 100, productOperationCount: 100)
        #expect(
            limits.roof(of: moving, residentByteCount: 501, arithmetic: .f32)
                == .init(bound: .memory, seconds: 5))
        #expect(
            limits.roof(of: moving, residentByteCount: 500, arithmetic: .f32)
                == .init(bound: .arithmetic(.f32), seconds: 2))
        let cached = DecoderWork(byteCount: 1000, productOperationCount: 100)
        #expect(
            limits.roof(of: cached, residentByteCount: 500, arithmetic: .int8)
                == .init(bound: .cache, seconds: 5))
        // Without a peak of its own an arithmetic has that of f32; with one, attention keeps f32's.
        let both = MachineLimits(
            cacheByteCount: 0, memory: [1e9], cache: [], operations: [.f32: 50, .int8: 200])
        let mixed = DecoderWork(productOperationCount: 400, attentionOperationCount: 100)
        #expect(
            both.roof(of: mixed, residentByteCount: 1, arithmetic: .int8)
                == .init(bound: .arithmetic(.int8), seconds: 4))
    }

    @Test func `the present roof is what binds, measured again`() throws {
        let kernels = try KernelContext(pool: WorkerPool(threadCount: 1))
        var limits = MachineLimits(
            cacheByteCount: 1 << 19, memory: [1], cache: [1], operations: [.f32: 1, .int8: 1])
        let moving = DecoderWork(byteCount: 1 << 20)
        let roof = limits.presentRoof(
            of: moving, residentByteCount: 1, arithmetic: .f32, with: kernels)
        #expect(roof.bound == .cache && limits.cache.count == 9 && limits.memory == [1])
        #expect(roof.seconds == Double(1 << 20) / (limits.cache.dropFirst().max() ?? 0))
        let computing = DecoderWork(
            byteCount: 1, productOperationCount: 1000, attentionOperationCount: 10)
        let second = limits.presentRoof(
            of: computing, residentByteCount: 1, arithmetic: .f32, with: kernels)
        #expect(second.bound == .arithmetic(.f32) && limits.operations[.int8] == 1)
        #expect(abs(second.seconds * (limits.operations[.f32] ?? 0) - 1010) < 1e-6)
    }

    @Test func `packed matrices are counted packed, and multiplied as bytes`() throws {
        let tiny = try TinyCheckpoint()
        let inspection = try ModelInspection(try Checkpoint.open(path: tiny.path))
        #expect(!inspection.packsAllMatrices(as: .stored) { _ in true })
        #expect(!inspection.packsAllMatrices(as: .bf16dot, where: \.isInteger))
        #expect(inspection.packsAllMatrices(as: .bf16dot) { $0 == .bf16dot })
        #expect(inspection.packsAllMatrices(as: .int8, where: \.isInteger))
        let packed = try shape(weights: .int8)
        let bytes = { PackedFormat.int8.byteCount(rows: $0, columns: $1) }
        // q and output, k and v, gate and up, down; vectors stay f32.
        let layer = 2 * bytes(32, 32) + 2 * bytes(16, 32) + 2 * bytes(64, 32) + bytes(32, 64)
        #expect(packed.outputByteCount == bytes(262, 32))
        #expect(packed.layerByteCount == 2 * layer + 4 * (2 * (2 * 32 + 64) + 32))
    }
}
