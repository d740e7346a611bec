public import Routing

/// Why a completion could not begin.
public enum InferenceError: Error, Equatable, Sendable {
    /// No checkpoint of that name is served.
    case unknownModel(asked: String, served: [String])
    /// The prompt leaves no room for a token.
    case contextLengthExceeded(promptTokens: Int, contextLength: Int)
    /// The prompt holds no token.
    case emptyPrompt
    /// A token id is outside the vocabulary.
    case invalidToken(id: Int32, vocabularySize: Int)
    /// The model has no chat template.
    case noChatTemplate(model: String)
    /// The chat template refused the conversation; the message is the template's.
    case templateFailed(String)
    /// The request needs more KV pages than exist.
    case insufficientMemory(neededTokens: Int, availableTokens: Int)
    /// The queue is full; try again in so many seconds.
    case queueFull(depth: Int, retryAfterSeconds: Int)
    /// The server is draining.
    case shuttingDown
    /// The member's weights cannot be brought into memory.
    case memberUnavailable(model: String, reason: String)
    /// The budget is none, or nobody can answer within it.
    case budget(RoutingError)
    /// A field has a value that cannot be honoured.
    case invalidRequest(field: String, message: String)
}

extension InferenceError: CustomStringConvertible {
    /// One sentence that names the field, what is wrong and what would be right.
    public var description: String {
        switch self {
        case .unknownModel(let asked, let served):
            served.isEmpty
                ? "no model is served"
                : "the model '\(asked)' does not exist; served: \(served.joined(separator: ", "))"
        case .contextLengthExceeded(let promptTokens, let contextLength):
            // Gateways and clients recognise this case by the words "maximum context length is".
            """
            This model's maximum context length is \(contextLength) tokens, but the prompt holds \
            \(promptTokens) tokens and leaves no room for a new one. Please shorten the prompt.
            """
        case .emptyPrompt:
            "the prompt holds no token"
        case .invalidToken(let id, let vocabularySize):
            "token id \(id) is outside the vocabulary of \(vocabularySize)"
        case .noChatTemplate(let model):
            "the model '\(model)' has no chat template; send plain text instead"
        case .templateFailed(let message):
            "the chat template refused the conversation: \(message)"
        case .insufficientMemory(let needed, let available):
            """
            the request may need room for \(needed) tokens and the server has \(available); lower \
            'max_tokens' or 'budget', or shorten the prompt
            """
        case .queueFull(let depth, let seconds):
            "\(depth) requests are waiting already; try again in \(seconds) s"
        case .shuttingDown:
            "the server is shutting down and takes no new requests"
        case .memberUnavailable(let model, let reason):
            "the model '\(model)' cannot be loaded: \(reason)"
        case .budget(let error):
            error.description
        case .invalidRequest(let field, let message):
            "'\(field)': \(message)"
        }
    }
}
