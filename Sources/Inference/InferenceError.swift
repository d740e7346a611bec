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
    /// A field has a value that cannot be honoured.
    case invalidRequest(field: String, message: String)
}
