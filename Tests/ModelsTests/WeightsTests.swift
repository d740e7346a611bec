import Checkpoints
import Foundation
import Kernels
import Models
import Testing

@Suite struct WeightsTests {
    private static func weights(_ checkpoint: Checkpoint) throws -> Weights {
        try Weights(checkpoint, config: ModelConfig(checkpoint))
    }

    @Test(arguments: [
        "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight",
        "model.layers.0.self_attn.q_proj.weight", "model.layers.2.self_attn.v_proj.bias",
        "model.layers.1.mlp.down_proj.weight", "model.layers.2.post_attention_layernorm.weight",
    ])
    func `a missing tensor is named`(name: String) throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-untied-bf16-sharded"))
        scratch[name] = nil
        let checkpoint = try scratch.open()
        #expect(
            throws: ModelError.checkpoint(.missingTensor(file: scratch.path, tensor: name))
        ) { try Self.weights(checkpoint) }
        #expect(throws: ModelError.self) { try ModelInspection(checkpoint) }
    }

    @Test(arguments: [
        ("model.layers.0.self_attn.k_proj.weight", [48, 24], [24, 48]),
        ("model.layers.1.self_attn.q_proj.bias", [24, 2], [48]),
        ("model.norm.weight", [47], [48]),
        ("model.embed_tokens.weight", [255, 48], [256, 48]),
    ])
    func `a misshapen tensor is named with both shapes`(
        name: String, found: [Int], expected: [Int]
    ) throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        scratch[name] = try TensorView(
            [Float](repeating: 0.5, count: found.reduce(1, *)), shape: found)
        let checkpoint = try scratch.open()
        let file = "\(scratch.path)/model.safetensors"
        #expect(
            throws: ModelError.checkpoint(
                .wrongShape(file: file, tensor: name, expected: expected, found: found))
        ) { try Self.weights(checkpoint) }
    }

    @Test func `a tensor of a type that cannot be computed with is named`() throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        _ = try scratch.open()
        let file = URL(fileURLWithPath: scratch.path).appendingPathComponent("model.safetensors")
        var bytes = try Data(contentsOf: file)
        let name = try #require(bytes.range(of: Data("model.norm.weight".utf8)))
        let type = try #require(
            bytes.range(of: Data("F32".utf8), in: name.upperBound..<bytes.count))
        bytes.replaceSubrange(type, with: Data("I32".utf8))
        try bytes.write(to: file)
        let checkpoint = try Checkpoint.open(path: scratch.path)
        let error = try #require(throws: ModelError.self) { try Self.weights(checkpoint) }
        #expect(error.description.contains("model.norm.weight"))
        #expect(error.description.contains("I32"))
    }

    @Test func `a checkpoint without config is refused`() throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        _ = try scratch.open()
        try FileManager.default.removeItem(atPath: "\(scratch.path)/config.json")
        let single = try Checkpoint.open(path: "\(scratch.path)/model.safetensors")
        let error = try #require(throws: ModelError.self) { try ModelConfig(single) }
        #expect(error.description.contains("config.json"))
    }

    @Test func `an output matrix in the file wins over the flag that ties it`() throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        let own = try TensorView(
            (0..<256 * 48).map { Float($0 % 13) - 6 }, shape: [256, 48])
        scratch["lm_head.weight"] = own
        let weights = try Self.weights(scratch.open())
        #expect(weights.output.view?.floats() == own.floats())
        #expect(weights.embedding.view?.floats() != own.floats())
    }

    @Test func `an untied model without output matrix is refused`() throws {
        let scratch = try ScratchCheckpoint(Fixture(name: "qwen2-tied-f32"))
        try scratch.editConfig(
            #""tie_word_embeddings": true"#, to: #""tie_word_embeddings": false"#)
        let checkpoint = try scratch.open()
        #expect(
            throws: ModelError.checkpoint(
                .missingTensor(file: scratch.path, tensor: "lm_head.weight"))
        ) { try Self.weights(checkpoint) }
    }

    @Test func `matrices are views of the file and keep their types`() throws {
        let checkpoint = try Checkpoint.open(
            path: Fixture(name: "llama3-rope-gguf-q8").path)
        let weights = try Self.weights(checkpoint)
        let query = try #require(checkpoint.tensor(named: "blk.0.attn_q.weight"))
        #expect(weights.layers[0].query.matrix.view?.storage === query.storage)
        #expect(weights.layers[0].query.matrix.view?.elementType == .q8_0)
    }

    @Test(arguments: [Float.nan, 0, -1, .infinity])
    func `a frequency divisor that is no sane number is refused`(value: Float) throws {
        let source = Fixture(name: "llama3-rope-gguf-q8").path
        let name = "rope_freqs.weight"
        let info = try #require(Checkpoint.open(path: source).info(named: name))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: source))
        let start = info.byteRange.lowerBound + 4
        bytes.replaceSubrange(
            start..<start + 4,
            with: (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) })
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-models-\(UUID().uuidString).gguf")
        try bytes.write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let checkpoint = try Checkpoint.open(path: file.path)
        let error = try #require(throws: ModelError.self) { try ModelConfig(checkpoint) }
        #expect(error.description.contains("\(name)[1]"))
    }

    @Test(arguments: WeightFormat.allCases)
    func `matrices are kept as asked where their rows fill the groups`(format: WeightFormat) throws
    {
        let fixture = Fixture(name: "qwen2-untied-bf16-sharded")
        let checkpoint = try Checkpoint.open(path: fixture.path)
        let weights = try Weights(
            checkpoint, config: ModelConfig(checkpoint), as: format,
            using: WorkerPool(threadCount: 2))
        let packed = format == .auto ? .bf16 : PackedFormat(rawValue: format.rawValue)
        let (query, down) = (weights.layers[0].query.matrix, weights.layers[0].down.matrix)
        #expect(query.packedFormat == packed)
        #expect(query.view?.elementType == (packed == nil ? .bf16 : nil))
        // 112 columns are no whole number of groups of 32.
        let isInteger = packed?.isInteger == true
        #expect(down.packedFormat == (isInteger ? nil : packed))
        #expect(down.view?.elementType == (isInteger || packed == nil ? .bf16 : nil))
        #expect(weights.output.packedFormat == (isInteger ? .int8 : packed))

        var options = ModelOptions(keyValueByteCount: 8 << 20)
        options.weights = format
        let model = try Transformer.load(
            checkpoint, pool: WorkerPool(threadCount: 2), options: options)
        let golden = try fixture.golden()
        let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
        let logits = model.forward(
            sequence.batch(Array(golden.tokens[..<128]), position: 0, .all))
        let expected = try fixture.logProbabilities()
        for (index, position) in golden.positions.enumerated() where position < 128 {
            let found = logProbabilities(of: logits.row(position))
            let row = expected[index * found.count..<(index + 1) * found.count]
            let worst = zip(found, row).map { abs($0 - $1) }.max() ?? .infinity
            // Packed weights move the scores of so small a model by tenths.
            #expect(worst < (packed == nil ? golden.tolerance : packed == .int8 ? 1 : 4))
        }
    }
}
