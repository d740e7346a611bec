import Foundation
import Testing

@testable import Inference

@Suite struct BrokenCheckpointTests {
    private func failure(_ damage: (TinyCheckpoint) throws -> Void) throws -> String {
        let checkpoint = try TinyCheckpoint()
        try damage(checkpoint)
        let error = try #require(throws: ModelLoadingError.self) {
            _ = try CheckpointReport(path: checkpoint.path) { _, _ in }
        }
        #expect(!error.description.contains("\n"))
        return error.description
    }

    private func overwrite(_ checkpoint: TinyCheckpoint, _ file: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(checkpoint.path)/\(file)"))
    }

    @Test func aWholeCheckpointPasses() throws {
        let checkpoint = try TinyCheckpoint()
        let report = try CheckpointReport(path: checkpoint.path) { _, _ in }
        #expect(report.architecture == "qwen2")
        #expect(report.stopIDs == [TinyCheckpoint.endOfSequence])
        #expect(report.reasoning == "[260] to [261]")
        #expect(report.addsBOS)
        #expect(report.specialIDs.first?.id == TinyCheckpoint.beginOfSequence)
    }

    @Test func aBrokenTokenizerIsNamed() throws {
        let line = try failure { try overwrite($0, "tokenizer.json", "{\"model\": {") }
        #expect(line.contains("/tokenizer.json: byte 11: "))
    }

    @Test func aBrokenTokenizerConfigurationIsNamedAndTheTokenizerIsNot() throws {
        let line = try failure { try overwrite($0, "tokenizer_config.json", "[]") }
        #expect(line.contains("/tokenizer_config.json: "))
        #expect(!line.contains("tokenizer.json"))
    }

    @Test func aGenerationConfigurationThatIsNoObjectIsNamed() throws {
        for text in ["[1, 2]", "null", "3"] {
            let line = try failure { try overwrite($0, "generation_config.json", text) }
            #expect(line.contains("/generation_config.json: "))
            #expect(line.contains("expected an object"))
        }
    }

    @Test func aMissingTokenizerIsNamed() throws {
        let line = try failure {
            try FileManager.default.removeItem(atPath: "\($0.path)/tokenizer.json")
        }
        #expect(line.contains("no tokenizer"))
    }

    @Test func aBrokenTemplateIsNamed() throws {
        let line = try failure { try overwrite($0, "chat_template.jinja", "{% for %}") }
        #expect(line.contains("chat_template.jinja") && line.contains("line 1"))
    }

    @Test func aStopIDOutsideTheVocabularyIsNamed() throws {
        let line = try failure { try $0.write("generation_config.json", ["eos_token_id": 9999]) }
        #expect(line.contains("generation_config.json") && line.contains("eos_token_id"))
        #expect(line.contains("9999"))
    }

    @Test func aSamplingDefaultOutOfRangeIsNamed() throws {
        let line = try failure { try $0.write("generation_config.json", ["temperature": -1]) }
        #expect(line.contains("temperature"))
    }

    @Test func truncatedWeightsAreNamed() throws {
        let line = try failure { checkpoint in
            let file = try FileHandle(
                forWritingTo: URL(fileURLWithPath: "\(checkpoint.path)/model.safetensors"))
            let size = try file.seekToEnd()
            try file.truncate(atOffset: size - 100)
        }
        #expect(line.contains("model.safetensors"))
    }

    private func breakLastWeight(_ checkpoint: TinyCheckpoint) throws {
        let url = URL(fileURLWithPath: "\(checkpoint.path)/model.safetensors")
        var data = try Data(contentsOf: url)
        data.replaceSubrange(data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
        try data.write(to: url)
    }

    @Test func aWeightThatIsNotANumberIsNamed() throws {
        let line = try failure(breakLastWeight)
        #expect(line.contains("model.safetensors"))
        #expect(line.contains("layers.") || line.contains("norm"))
    }

    @Test func whatInspectionRefusesIsNotServedEither() throws {
        let inspected = try TinyCheckpoint()
        try breakLastWeight(inspected)
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        let refused = try #require(throws: ModelLoadingError.self) {
            _ = try CheckpointReport(path: inspected.path) { _, _ in }
        }
        let unserved = try #require(throws: ModelLoadingError.self) {
            _ = try ModelCatalog.load(
                models: [inspected.path], family: nil, options: options, progress: { _ in })
        }
        #expect(unserved.description == refused.description)
    }
}
