import Checkpoints
import Foundation
import Kernels
import Models
import Testing

/// A checkpoint of any format, written as a Hugging Face folder, is the same network.
@Suite struct HuggingFaceFileTests {
    static let gguf = Fixture.all.filter { $0.path.hasSuffix(".gguf") }

    /// The folder that training writes, in f32, without words.
    private static func export(_ fixture: Fixture, to path: String) throws {
        let kernels = try KernelContext(pool: #require(ParityTests.pool))
        let network = try TrainableNetwork(
            Checkpoint.open(path: fixture.path), kernels: kernels, rowCapacity: 1)
        let folder = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let config = try JSONValue.object(network.config.huggingFaceFile()).text
        try config.write(
            to: folder.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
        try SafetensorsWriter.write(
            network.tensors(as: .f32), to: "\(path)/model.safetensors")
    }

    private static func withExport(
        _ fixture: Fixture, _ body: (Checkpoint) throws -> Void
    ) throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("laconic-export-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try export(fixture, to: path)
        try body(Checkpoint.open(path: path))
    }

    @Test(arguments: Fixture.all)
    func `a config read again is the one that was written`(fixture: Fixture) throws {
        try Self.withExport(fixture) { checkpoint in
            var expected = try ModelConfig(Checkpoint.open(path: fixture.path))
            var found = try ModelConfig(checkpoint)
            #expect(found.rotary.pairing == .halves)
            let frequencies = found.rotary.frequencies(headSize: found.headSize)
            let wanted = expected.rotary.frequencies(headSize: expected.headSize)
            #expect(zip(frequencies, wanted).allSatisfy { abs($0 / $1 - 1) < 1e-5 })
            // GGUF's divisors become the scaling that they came from.
            expected.rotary = found.rotary
            found.rotary.pairing = expected.rotary.pairing
            #expect(found == expected)
        }
    }

    @Test(arguments: gguf)
    func `the folder of a GGUF file computes what the file does`(fixture: Fixture) throws {
        let golden = try fixture.golden()
        let expected = try fixture.logProbabilities()
        var options = ModelOptions(keyValueByteCount: 64 << 20)
        options.keyValueType = .f32
        try Self.withExport(fixture) { checkpoint in
            let pool = try #require(ParityTests.pool)
            let model = try Transformer.load(checkpoint, pool: pool, options: options)
            let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
            let logits = model.forward(sequence.batch(golden.tokens, position: 0, .all))
            var worst: Float = 0
            for (index, position) in golden.positions.enumerated() {
                let found = logProbabilities(of: logits.row(position))
                let row = expected[index * found.count..<(index + 1) * found.count]
                worst = max(worst, zip(found, row).map { abs($0 - $1) }.max() ?? .infinity)
            }
            #expect(worst <= 1e-3)
        }
    }

    @Test func `heads that keep the order of a GGUF file compute something else`() throws {
        let fixture = Fixture(name: "llama3-rope-gguf-f16")
        let golden = try fixture.golden()
        let expected = try fixture.logProbabilities()
        let source = try Checkpoint.open(path: fixture.path)
        try Self.withExport(fixture) { checkpoint in
            let tensors = try checkpoint.tensorNames.map { name in
                let layer = name.split(separator: ".").dropFirst(2).first ?? ""
                let part = name.contains("q_proj") ? "q" : name.contains("k_proj") ? "k" : nil
                let ordered = part.flatMap {
                    source.tensor(named: "blk.\(layer).attn_\($0).weight")
                }
                return (name: name, tensor: try #require(ordered ?? checkpoint.tensor(named: name)))
            }
            try SafetensorsWriter.write(
                tensors, to: "\(checkpoint.location)/model.safetensors")
            let model = try Transformer.load(
                Checkpoint.open(path: checkpoint.location), pool: #require(ParityTests.pool),
                options: ModelOptions(keyValueByteCount: 64 << 20))
            let sequence = TestSequence(pageCount: model.pageCount, pageSize: model.pageSize)
            let logits = model.forward(sequence.batch(golden.tokens, position: 0, .all))
            let last = try #require(golden.positions.last)
            let found = logProbabilities(of: logits.row(last))
            let worst = zip(found, expected.suffix(found.count)).map { abs($0 - $1) }.max()
            #expect(try #require(worst) > 0.1)
        }
    }
}
