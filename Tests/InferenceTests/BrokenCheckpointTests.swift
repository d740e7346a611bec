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
        #expect(line.contains("tokenizer.json"))
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

    @Test func aWeightThatIsNotANumberIsNamed() throws {
        let line = try failure { checkpoint in
            let url = URL(fileURLWithPath: "\(checkpoint.path)/model.safetensors")
            var data = try Data(contentsOf: url)
            data.replaceSubrange(
                data.count - 4..<data.count, with: [0, 0, 0xC0, 0x7F])
            try data.write(to: url)
        }
        #expect(line.contains("model.safetensors"))
        #expect(line.contains("layers.") || line.contains("norm"))
    }
}
