public import Inference
public import Tokenization

/// A service without a model, for a server that only gives rewards.
public struct RewardOnlyService: CompletionService {
    /// None.
    public let models: [ModelDescription] = []
    /// There is no loop that could stand still.
    public let secondsSinceHeartbeat = 0.0
    /// Nothing is routed.
    public let routing = RoutingStatistics()

    /// A service without a model.
    public init() {}

    private static func refusal(_ model: String?) -> InferenceError {
        .unknownModel(asked: model ?? "auto", served: [])
    }

    /// Refuses.
    ///
    /// - Parameter request: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        throw Self.refusal(request.model)
    }

    /// Refuses.
    ///
    /// - Parameter request: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote {
        throw Self.refusal(request.model)
    }

    /// Refuses.
    ///
    /// - Parameters:
    ///   - text: Any.
    ///   - addSpecialTokens: Any.
    ///   - parsesSpecialTokens: Any.
    ///   - model: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        throw Self.refusal(model)
    }

    /// Refuses.
    ///
    /// - Parameter model: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func tokenizer(
        ofModel model: String?
    ) throws(InferenceError) -> TokenizerDescription {
        throw Self.refusal(model)
    }

    /// Refuses.
    ///
    /// - Parameters:
    ///   - ids: Any.
    ///   - model: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String {
        throw Self.refusal(model)
    }

    /// Refuses.
    ///
    /// - Parameters:
    ///   - conversation: Any.
    ///   - model: Any.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: Never.
    public func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String {
        throw Self.refusal(model)
    }
}
