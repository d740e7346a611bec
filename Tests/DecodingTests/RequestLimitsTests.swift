import Testing

@testable import Decoding

@Suite struct RequestLimitsTests {
    private func refusal(
        samples: Int = 1, _ change: (inout SequenceRequest) -> Void
    ) -> DecodingError? {
        var shape = ScriptedModel.Shape()
        shape.pageCount = 8
        let limits = RequestLimits(
            model: ScriptedModel(shape), configuration: EngineConfiguration())
        var request = SequenceRequest(prompt: [1, 2, 3], maximumTokens: 4)
        change(&request)
        do throws(DecodingError) {
            try limits.validate(request, samples: samples)
            return nil
        } catch {
            return error
        }
    }

    @Test("what can run is taken, up to the last page and the last token")
    func valid() {
        #expect(refusal { _ in } == nil)
        // The last new token needs no page: 3 + 30 - 1 = 32 = 8 pages of 4.
        #expect(refusal { $0.maximumTokens = 30 } == nil)
        #expect(
            refusal { $0.maximumTokens = 31 } == .insufficientPages(needed: 9, total: 8))
        #expect(refusal(samples: 256) { _ in } == nil)
    }

    @Test("what cannot run is refused with the numbers")
    func invalid() {
        #expect(refusal { $0.prompt = [] } == .emptyPrompt)
        #expect(refusal { $0.maximumTokens = 0 } == .maximumTokensTooSmall(0))
        #expect(refusal { $0.maximumTokens = .min } == .maximumTokensTooSmall(.min))
        for tooMany in [510, Int.max] {
            #expect(
                refusal { $0.maximumTokens = tooMany }
                    == .contextLengthExceeded(
                        promptTokens: 3, maximumTokens: tooMany, contextLength: 512))
        }
        for id in [Int32(24), -1, .max, .min] {
            #expect(
                refusal { $0.prompt.append(id) }
                    == .tokenOutOfRange(field: "prompt", id: id, vocabularySize: 24))
            #expect(
                refusal { $0.sampling.logitBias = [3: 1, id: 1] }
                    == .tokenOutOfRange(field: "logitBias", id: id, vocabularySize: 24))
        }
        for member in [2, -1] {
            #expect(refusal { $0.member = member } == .unknownMember(member, memberCount: 2))
        }
        for samples in [0, -1, 257, .max] {
            #expect(
                refusal(samples: samples) { _ in }
                    == .invalidSampleCount(samples, limit: 256))
        }
    }

    @Test("sampling values outside their ranges are refused by name")
    func sampling() {
        func field(_ change: (inout SequenceRequest) -> Void) -> String? {
            guard case .invalidSampling(let field, _, _)? = refusal(change) else { return nil }
            return field
        }
        for value in [-0.1, .nan, .infinity] as [Float] {
            #expect(field { $0.sampling.temperature = value } == "temperature")
        }
        for value in [0, -0.1, 1.01, .nan, .infinity] as [Float] {
            #expect(field { $0.sampling.topP = value } == "topP")
        }
        for value in [-0.1, 1.01, .nan] as [Float] {
            #expect(field { $0.sampling.minP = value } == "minP")
        }
        for value in [0, -1, .nan, .infinity] as [Float] {
            #expect(field { $0.sampling.repetitionPenalty = value } == "repetitionPenalty")
        }
        for value in [-2.1, 2.1, .nan, .infinity] as [Float] {
            #expect(field { $0.sampling.presencePenalty = value } == "presencePenalty")
            #expect(field { $0.sampling.frequencyPenalty = value } == "frequencyPenalty")
        }
        #expect(field { $0.sampling.topK = -1 } == "topK")
        #expect(field { $0.sampling.logitBias = [0: .infinity] } == "logitBias")
        #expect(field { $0.topLogprobs = -1 } == "topLogprobs")
        #expect(field { $0.topLogprobs = 129 } == "topLogprobs")
        #expect(field { $0.sampling.topK = .max } == nil)
    }

    @Test("every error says in one line what was expected and found")
    func descriptions() {
        let error = refusal { $0.sampling.topP = 2 }
        #expect(error?.description == "topP: expected above 0 and at most 1, found 2.0")
        for error: DecodingError in [
            .emptyPrompt, .saturated(queueDepth: 1, retryAfterSeconds: 2), .shuttingDown,
            .insufficientPages(needed: 9, total: 8), .unknownMember(1, memberCount: 1),
        ] {
            #expect(!error.description.contains("\n") && error.description.contains(":"))
        }
    }
}
