import Checkpoints
import Foundation
import Models
import Testing

/// A folder of `Fixtures`: a checkpoint and what transformers computed with it.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// What `golden.json` holds.
    struct Golden: Decodable {
        let tolerance: Float
        let vocabularySize: Int
        let tokens: [Int32]
        let positions: [Int]
        let prompt: [Int32]
        let greedy: [Int32]
        let margins: [Float]
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures")

    static let all = [
        "qwen2-tied-f32", "qwen2-untied-bf16-sharded", "llama3-rope-f16",
        "llama-linear-biased-f32", "qwen3-f32", "qwen2-yarn-f32", "qwen2-sliding-f32",
        "mistral-sliding-bf16", "llama3-rope-gguf-f16", "llama3-rope-gguf-q8",
        "qwen2-yarn-gguf-f32", "qwen3-gguf-mixed",
    ].map(Fixture.init)

    let name: String

    var testDescription: String { name }
    var folder: URL { Self.folder.appendingPathComponent(name) }

    /// Where `Checkpoint.open` finds it.
    var path: String {
        let gguf = folder.appendingPathComponent("model.gguf").path
        return FileManager.default.fileExists(atPath: gguf) ? gguf : folder.path
    }

    func golden() throws -> Golden {
        try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: folder.appendingPathComponent("golden.json")))
    }

    /// Log-probabilities, `[positions, vocabularySize]`, f32.
    func logProbabilities() throws -> [Float] {
        let data = try Data(contentsOf: folder.appendingPathComponent("golden.bin"))
        return stride(from: 0, to: data.count, by: 4).map { offset in
            let bits = data[offset..<offset + 4].reversed().reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
            return Float(bitPattern: bits)
        }
    }
}

/// Parses JSON text into the value that configs are read from.
func json(_ text: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text.utf8).span, file: "config.json")
}
