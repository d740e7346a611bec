import Decoding
import TestSupport
import Testing

@testable import Inference

/// Guesses with real arithmetic and text: a checkpoint on disk, decoded with and without.
@Suite(.timeLimit(.minutes(5))) struct SpeculationTests {
    private struct Said: Equatable {
        var text = ""
        var tokens: [TokenReport] = []
        var count = 0
        var reason: FinishReason?
        var stop: String?
    }

    private func catalog(_ checkpoint: TinyCheckpoint, _ mode: Speculation) throws -> ModelCatalog {
        var options = LoadOptions()
        options.keyValueMemory = 16 << 20
        options.engine.speculation = mode
        return try ModelCatalog.load(
            models: [checkpoint.path], family: nil, options: options, progress: { _ in })
    }

    private func said(_ request: CompletionRequest, by catalog: ModelCatalog) async throws -> Said {
        var said = Said()
        for await event in try await catalog.complete(request) {
            switch event {
            case .delta(let delta):
                said.text += delta.reasoning + delta.content
                said.tokens += delta.tokens
            case .finished(let finished):
                said.count = finished.completionTokens
                said.reason = finished.reason
                said.stop = finished.stopString
            default: break
            }
        }
        return said
    }

    @Test(
        "ids, chances and stop strings are to the bit what they are without guesses",
        arguments: UInt64(1)...4)
    func sameBits(seed: UInt64) async throws {
        let checkpoint = try TinyCheckpoint(seed: seed)
        let plain = try catalog(checkpoint, .off)
        let guessing = try catalog(checkpoint, .always(6))
        for temperature: Float in [0, 0.4, 1] {
            // Words that stood in the prompt, and a habit of saying few: so guesses are right.
            var request = CompletionRequest(prompt: .text("ab ab ab cab cab ab"))
            request.maximumTokens = 80
            request.sampling.seed = seed
            request.sampling.temperature = temperature
            request.sampling.topP = 1
            request.sampling.logitBias = [97: 6, 98: 6]
            request.topLogprobs = 2
            let expected = try await said(request, by: plain)
            #expect(try await said(request, by: guessing) == expected)
            guard expected.text.count > 20 else { continue }
            let start = expected.text.index(expected.text.startIndex, offsetBy: 12)
            request.stopStrings = [String(expected.text[start...].prefix(5))]
            let stopped = try await said(request, by: plain)
            #expect(stopped.stop != nil && stopped.count < expected.count)
            #expect(try await said(request, by: guessing) == stopped)
        }
        await guessing.drain()
        let statistics = guessing.decoding
        #expect(statistics.draftTokensAccepted > 0 && statistics.pagesUsed == 0)
    }
}
