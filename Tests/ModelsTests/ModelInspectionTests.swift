import Checkpoints
import Kernels

import Testing

@testable import Models

@Suite struct ModelInspectionTests {
    @Test func `parameters, bytes and cache are counted`() throws {
        let checkpoint = try Checkpoint.open(path: Fixture(name: "qwen2-untied-bf16-sharded").path)
        let inspection = try ModelInspection(checkpoint)
        let layer = 64 * 64 * 2 + 64 + 2 * (16 * 64 + 16) + 3 * 64 * 112 + 2 * 64
        let expected = 2 * 256 * 64 + 3 * layer + 64
        #expect(inspection.parameterCount == expected)
        #expect(
            inspection.typeShares == [
                .init(
                    type: .bf16, tensorCount: 3 + 3 * 12, elementCount: expected,
                    byteCount: 2 * expected)
            ])
        #expect(inspection.unexpectedTensors.isEmpty)
        #expect(inspection.keyValueType == .f32)
        let perToken = 2 * 3 * 16 * 4
        #expect(inspection.memoryByteCount(tokenCount: 10) == 2 * expected + 10 * perToken)
        #expect(
            inspection.memoryByteCount(tokenCount: 10, keyValueType: .f16)
                == 2 * expected + 5 * perToken)
        #expect(inspection.memoryByteCount(tokenCount: Int.max) == Int.max)
        try inspection.checkWeights(using: WorkerPool(threadCount: 2))
    }

    @Test(arguments: Fixture.all, WeightFormat.allCases)
    func `weights take the bytes that headers promise`(
        fixture: Fixture, format: WeightFormat
    ) throws {
        let checkpoint = try Checkpoint.open(path: fixture.path)
        let inspection = try ModelInspection(checkpoint)
        let vectors = WeightSlot.all(of: inspection.config).map { $0.shape(in: inspection.config) }
            .filter { $0.count == 1 }.reduce(0) { $0 + 4 * $1[0] }
        let weights = try Weights(
            checkpoint, config: inspection.config, as: format)
        let mixture = try Weights(
            WeightMixture(checkpoint, checkpoint, share: 0.25, as: format))
        for (weights, isMixed) in [(weights, false), (mixture, true)] {
            let twice = inspection.config.tiesEmbeddings ? weights.embedding.byteCount : 0
            #expect(
                inspection.loadedByteCount(as: format, isMixed: isMixed)
                    == weights.matrices.reduce(0) { $0 + $1.byteCount } - twice + vectors)
        }
        #expect(inspection.keyValueType(as: format) == weights.defaultKeyValueType)
    }

    @Test(arguments: Fixture.all)
    func `every tensor of a fixture is expected and finite`(fixture: Fixture) throws {
        let inspection = try ModelInspection(Checkpoint.open(path: fixture.path))
        #expect(inspection.unexpectedTensors.isEmpty)
        try inspection.checkWeights()
    }

    @Test func `tensors that the network does not use are listed`() throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        scratch["model.layers.0.self_attn.rotary_emb.inv_freq"] = try TensorView([1], shape: [1])
        scratch["model.layers.2.input_layernorm.weight"] = try TensorView([1], shape: [1])
        let inspection = try ModelInspection(scratch.open())
        #expect(
            inspection.unexpectedTensors == [
                "model.layers.0.self_attn.rotary_emb.inv_freq",
                "model.layers.2.input_layernorm.weight",
            ])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `a weight that is no number is found`(value: Float) throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        let name = "model.layers.1.mlp.up_proj.weight"
        var floats = try #require(scratch[name]).floats()
        floats[3 * 48 + 7] = value
        scratch[name] = try TensorView(floats, shape: [80, 48])
        let inspection = try ModelInspection(scratch.open())
        let file = "\(scratch.path)/model.safetensors"
        #expect(
            throws: ModelError.checkpoint(
                .nonFiniteWeight(file: file, tensor: name, index: [3, 7]))
        ) { try inspection.checkWeights() }
    }
}
