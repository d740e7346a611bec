import Testing

@testable import Inference

@Suite struct GenerationDefaultsTests {
    private func defaults(_ generation: [String: Any]?) throws -> GenerationDefaults {
        let checkpoint = try TinyCheckpoint()
        if let generation {
            try checkpoint.write("generation_config.json", generation)
        } else {
            try checkpoint.remove("generation_config.json")
        }
        return try ModelSource(path: checkpoint.path).text.defaults
    }

    @Test func withoutAWordItIsWhatReasoningModelsWant() throws {
        let defaults = try defaults(nil)
        #expect(defaults.temperature == 0.6 && defaults.topP == 0.95)
        #expect(defaults.stopIDs == [TinyCheckpoint.endOfSequence])
    }

    @Test func aCheckpointThatDoesNotSampleIsGreedy() throws {
        #expect(try defaults(["do_sample": false, "temperature": 0.9]).temperature == 0)
    }

    @Test func aCheckpointThatOnlySaysToSampleCutsNothing() throws {
        let defaults = try defaults(["do_sample": true])
        #expect(defaults.temperature == 1 && defaults.topP == 1 && defaults.topK == 0)
    }

    @Test func severalStopIDsAllHoldBesideTheTokenizers() throws {
        let defaults = try defaults(["eos_token_id": [5, 6]])
        #expect(defaults.stopIDs == [5, 6, TinyCheckpoint.endOfSequence])
    }

    @Test func allFieldsAreTaken() throws {
        let defaults = try defaults([
            "temperature": 0.5, "top_p": 0.8, "top_k": 20, "min_p": 0.1,
            "repetition_penalty": 1.1,
        ])
        #expect(defaults.temperature == 0.5 && defaults.topP == 0.8 && defaults.topK == 20)
        #expect(defaults.minP == 0.1 && defaults.repetitionPenalty == 1.1)
    }
}
