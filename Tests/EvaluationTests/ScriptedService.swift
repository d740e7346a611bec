import Inference
import Routing
import Synchronization
import Tokenization

/// A completion service that says what its script says and remembers what it was asked.
final class ScriptedService: CompletionService {
    /// What one request comes to: events, or a refusal.
    typealias Script =
        @Sendable (_ request: CompletionRequest, _ number: Int) throws(InferenceError)
        -> [CompletionEvent]

    private let script: Script
    private let state = Mutex<[CompletionRequest]>([])

    init(_ script: @escaping Script) {
        self.script = script
    }

    var requests: [CompletionRequest] { state.withLock { $0 } }

    var models: [ModelDescription] {
        [("alpha_0", 0.0), ("alpha_0.4", 0.4)].map { name, alpha in
            ModelDescription(
                id: name, created: 0, contextLength: 2048, architecture: "qwen2",
                elementType: "bf16", parameterCount: 837_760, alpha: alpha)
        }
    }

    var secondsSinceHeartbeat: Double { 0 }

    func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        let number = state.withLock { requests in
            requests.append(request)
            return requests.count
        }
        let events = try script(request, number)
        let (stream, continuation) = AsyncStream.makeStream(of: CompletionEvent.self)
        for event in events { continuation.yield(event) }
        continuation.finish()
        return stream
    }

    var routing: RoutingStatistics { RoutingStatistics() }

    func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote {
        throw .shuttingDown
    }

    func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        throw .shuttingDown
    }

    func tokenizer(
        ofModel model: String?
    ) throws(InferenceError) -> TokenizerDescription {
        throw .shuttingDown
    }

    func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String {
        throw .shuttingDown
    }

    func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String {
        throw .shuttingDown
    }

    /// A thought and an answer, each in two pieces.
    static func events(_ answer: String, finish: FinishReason = .stop) -> [CompletionEvent] {
        [
            .accepted(
                CompletionEvent.Accepted(
                    model: "m", promptTokens: 21,
                    effective: EffectiveBudget(tokens: 64, bound: .context),
                    startsInReasoning: true)),
            .delta(.init(sample: 0, reasoning: "I ", content: "", tokens: [])),
            .delta(.init(sample: 0, reasoning: "think.", content: "", tokens: [])),
            .delta(.init(sample: 0, reasoning: "", content: "\\boxed{", tokens: [])),
            .delta(.init(sample: 0, reasoning: "", content: "\(answer)}", tokens: [])),
            .finished(
                .init(
                    sample: 0, reason: finish, stopString: nil, completionTokens: 9,
                    reasoningTokens: 4)),
        ]
    }
}
