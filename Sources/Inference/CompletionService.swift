// Passed on, so that readers of the numbers need not see the engine.
@_exported public import struct Decoding.DecodingHistograms
@_exported public import struct Decoding.EngineStatistics
@_exported public import struct Decoding.Histogram
public import Routing
public import Tokenization

/// What the API needs of inference; the tests of `Serving` put a scripted one in its place.
public protocol CompletionService: Sendable {
    /// The checkpoints that can be asked for by name.
    var models: [ModelDescription] { get }

    /// The checkpoint that answers to a name, one that is only made on demand too; nil where a
    /// request for it would be refused.
    func model(called name: String) -> ModelDescription?

    /// Begins a completion.
    ///
    /// - Throws: `InferenceError` when the request cannot be served; nothing was started then.
    /// - Returns: The request's events. Dropping the stream, or cancelling the task that reads
    ///   it, cancels the completion and frees its pages within one decode step.
    func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent>

    /// What a request would get, without a token being made.
    ///
    /// - Throws: `InferenceError`, as `complete` would.
    func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote

    /// Text to ids with the named model's tokenizer (`nil`: the default model's); special tokens
    /// written in the text become their ids if `parsesSpecialTokens`.
    func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport]

    /// The named model's special tokens and template (`nil`: the default model's).
    func tokenizer(ofModel model: String?) throws(InferenceError) -> TokenizerDescription

    /// Ids to text with the named model's tokenizer.
    func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String

    /// The chat template's text for a conversation.
    func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String

    /// What routing promised and what came of it.
    var routing: RoutingStatistics { get }

    /// What a family's weights take, and took to load.
    var loading: LoadingStatistics { get }

    /// What the decode loops hold and have done.
    var decoding: EngineStatistics { get }

    /// How the decode loops' steps went.
    var decodingHistograms: DecodingHistograms { get }

    /// When the decode loop last completed a turn, in seconds ago; small while healthy, also idle.
    var secondsSinceHeartbeat: Double { get }

    /// Waits until every decode loop has turned or, idle, its thread has answered; for ever where
    /// one is stuck, unless the waiting task is cancelled.
    func waitForTurn() async
}

extension CompletionService {
    /// Nothing is decoded.
    public var decoding: EngineStatistics { EngineStatistics() }

    /// There is no loop to wait for.
    public func waitForTurn() async {}

    /// No step was made.
    public var decodingHistograms: DecodingHistograms { DecodingHistograms() }

    /// One of those that are listed.
    ///
    /// - Parameter name: As a request names it.
    /// - Returns: What it is.
    public func model(called name: String) -> ModelDescription? {
        models.first { $0.id == name }
    }

    /// Nothing is loaded on demand.
    public var loading: LoadingStatistics { LoadingStatistics() }

    /// Text to ids; special tokens written in the text become their ids.
    ///
    /// - Parameters:
    ///   - text: What to tokenise.
    ///   - addSpecialTokens: Whether the model's own start and end tokens are added.
    ///   - model: The model; `nil` is the default.
    /// - Throws: `InferenceError.unknownModel`.
    /// - Returns: One report a token.
    public func tokenize(
        _ text: String, addSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        try tokenize(
            text, addSpecialTokens: addSpecialTokens, parsesSpecialTokens: true, model: model)
    }
}

/// A checkpoint as `GET /v1/models` shows it.
public struct ModelDescription: Sendable, Equatable {
    /// The name to ask for.
    public var id: String
    /// Seconds since 1970 when it was opened.
    public var created: Int
    /// Longest sequence in tokens.
    public var contextLength: Int
    /// Architecture, such as `qwen2`.
    public var architecture: String
    /// Element type of most weights, such as `bf16`.
    public var elementType: String
    /// Parameters.
    public var parameterCount: Int
    /// The length penalty it was trained with, when known.
    public var alpha: Double?
    /// What its tokens cost, where the family's manifest says so.
    public var price: Price?
    /// What was measured of it, by difficulty; empty where nothing was.
    public var profile: [FamilyManifest.Level]
    /// The two members that it lies between, where nobody trained it.
    public var between: [String] = []
    /// Where its weights are.
    public var status = LoadingStatus.loaded

    /// A checkpoint's description.
    public init(
        id: String, created: Int, contextLength: Int, architecture: String, elementType: String,
        parameterCount: Int, alpha: Double?, price: Price? = nil,
        profile: [FamilyManifest.Level] = []
    ) {
        self.id = id
        self.created = created
        self.contextLength = contextLength
        self.architecture = architecture
        self.elementType = elementType
        self.parameterCount = parameterCount
        self.alpha = alpha
        self.price = price
        self.profile = profile
    }
}
