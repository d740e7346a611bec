public import Inference
import Routing
import Tokenization

/// Answers from a completion service in this process.
public struct EngineSource: ResponseSource {
    private let service: any CompletionService
    /// Those that can be asked.
    public let members: [Member]

    /// Answers of whichever member the service's router chooses, as one member named `auto`.
    ///
    /// - Parameters:
    ///   - router: What completes.
    ///   - remark: What distinguishes this router, such as a digest of its profiles.
    public init(router: any CompletionService, remark: String) {
        service = router
        members = [Member(name: "auto", origin: remark)]
    }

    /// Answers from a service.
    ///
    /// - Parameters:
    ///   - service: What completes.
    ///   - remark: What else distinguishes the weights, such as a conversion.
    public init(service: any CompletionService, remark: String = "") {
        self.service = service
        members = service.models.map { model in
            let origin = "\(model.architecture) \(model.parameterCount) \(model.elementType)"
            return Member(
                name: model.id, alpha: model.alpha,
                origin: remark.isEmpty ? origin : "\(origin) \(remark)")
        }
    }

    /// One answer; see `ResponseSource`.
    ///
    /// - Parameters:
    ///   - prompt: The message, or the raw text.
    ///   - member: The model's name.
    ///   - settings: How to sample.
    ///   - seed: The sample's own seed.
    /// - Returns: The answer.
    /// - Throws: `ResponseError.refused`, when the service cannot answer.
    public func respond(
        to prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) async throws(ResponseError) -> Response {
        let request = Self.request(prompt, member: member, settings: settings, seed: seed)
        while !Task.isCancelled {
            let events: AsyncStream<CompletionEvent>
            do {
                events = try await service.complete(request)
            } catch .queueFull(_, let seconds) {
                try? await Task.sleep(for: .seconds(max(1, seconds)))
                continue
            } catch .contextLengthExceeded(let promptTokens, _) {
                return Response(text: "", finish: .refused, promptTokens: promptTokens)
            } catch {
                throw .refused(Self.line(error))
            }
            return try await Self.collect(events)
        }
        return Response(text: "", finish: .cancelled)
    }

    private static func collect(
        _ events: AsyncStream<CompletionEvent>
    ) async throws(ResponseError) -> Response {
        var response = Response(text: "", finish: .cancelled)
        for await event in events {
            switch event {
            case .accepted(let accepted):
                response.promptTokens = accepted.promptTokens
            case .echo, .revised, .escalated:
                continue
            case .delta(let delta):
                response.reasoning += delta.reasoning
                response.text += delta.content
            case .finished(let finished):
                response.completionTokens = finished.completionTokens
                response.reasoningTokens = finished.reasoningTokens
                switch finished.reason {
                case .stop: response.finish = .stop
                case .length, .deadline: response.finish = .length
                case .cancelled, .shutdown: response.finish = .cancelled
                }
            }
        }
        if response.finish == .cancelled, !Task.isCancelled {
            throw .refused("the engine ended the answer early")
        }
        return response
    }

    /// A request whose conversation is one message of a user.
    ///
    /// - Parameter text: The message.
    /// - Returns: The request, everything else as it is by default.
    public static func question(_ text: String) -> CompletionRequest {
        let message = TemplateValue.object([
            TemplateValue.Pair(key: "role", value: .string("user")),
            TemplateValue.Pair(key: "content", value: .string(text)),
        ])
        return CompletionRequest(prompt: .conversation(["messages": .array([message])]))
    }

    private static func request(
        _ prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) -> CompletionRequest {
        var request =
            settings.usesChatTemplate ? question(prompt) : CompletionRequest(prompt: .text(prompt))
        request.model = member
        request.maximumTokens = settings.maximumTokens
        if settings.reasoningTokens != nil || settings.budgetTokens != nil {
            var budget = Budget()
            budget.reasoningTokens = settings.reasoningTokens
            budget.tokens = settings.budgetTokens
            budget.effort = settings.effort
            request.budget = budget
            request.policy = settings.policy
            request.ceilings.maximumTokens = settings.maximumTokens
        }
        // Everything is said, so that a checkpoint's own defaults change nothing.
        request.sampling.temperature = Float(settings.temperature)
        request.sampling.topP = Float(settings.topP)
        request.sampling.topK = 0
        request.sampling.minP = 0
        request.sampling.repetitionPenalty = 1
        request.sampling.seed = seed
        return request
    }

    private static func line(_ error: InferenceError) -> String {
        switch error {
        case .unknownModel(let asked, let served):
            "no model '\(asked)'; there are \(served.joined(separator: ", "))"
        case .noChatTemplate(let model):
            "\(model) has no chat template; --raw continues the text as it is"
        case .templateFailed(let message): "the chat template failed: \(message)"
        case .insufficientMemory(let needed, let available):
            "\(needed) tokens do not fit the KV cache, which holds \(available)"
        case .invalidRequest(let field, let message): "\(field): \(message)"
        case .emptyPrompt: "the prompt holds no token"
        case .shuttingDown: "the engine is shutting down"
        default: "\(error)"
        }
    }
}
