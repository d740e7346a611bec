public import Tokenization
import Decoding
import Kernels
import Routing

/// The checkpoints that are served, by name.
public struct ModelCatalog: CompletionService {
    let entries: [ReasoningModel]
    private let engines: [Engine]
    /// How many of the first entries the router chooses among where no model is named.
    let choiceCount: Int
    /// The family among the entries.
    let family: ServedFamily?
    /// What reads a prompt's hidden state before the router chooses.
    let probe: FamilyProbe?
    /// The workers that all models compute on.
    let pool: WorkerPool
    let router = Router()
    let ledger = RoutingLedger()

    /// A catalog of models, the default first.
    ///
    /// - Parameters:
    ///   - entries: The models, at least one.
    ///   - engines: What runs them.
    ///   - pool: The workers that they compute on.
    ///   - choiceCount: How many of the first are members of one family, to choose among.
    ///   - family: The family among the entries.
    ///   - probe: What reads a prompt's hidden state for them.
    init(
        entries: [ReasoningModel], engines: [Engine], pool: WorkerPool, choiceCount: Int = 1,
        family: ServedFamily? = nil, probe: FamilyProbe? = nil
    ) {
        precondition(!entries.isEmpty && (1...entries.count).contains(choiceCount))
        self.entries = entries
        self.engines = engines
        self.pool = pool
        self.choiceCount = choiceCount
        self.family = family
        self.probe = probe
    }

    /// What is served, the default first; members between others as long as they are in memory.
    public var models: [ModelDescription] {
        (entries + (family?.mixed ?? [])).map { model in
            var description = model.description
            description.status = model.status
            return description
        }
    }

    /// A model by its name, one that would be made for a request too.
    ///
    /// - Parameter name: As a request names it.
    /// - Returns: What it is, or would be; nil where a request of that model would be refused.
    public func model(called name: String) -> ModelDescription? {
        guard let model = try? model(named: name) else { return nil }
        var description = model.description
        description.status = model.status
        return description.id == name ? description : nil
    }

    /// What the family's weights take, and took to load.
    public var loading: LoadingStatistics { family?.store.statistics ?? LoadingStatistics() }

    /// What the engines hold and have done, all together.
    public var decoding: EngineStatistics {
        EngineStatistics(sumOf: engines.map(\.statistics))
    }

    /// How the engines' steps went, all together.
    public var decodingHistograms: DecodingHistograms {
        engines.reduce(into: DecodingHistograms()) { $0.add($1.histograms) }
    }

    /// The oldest heartbeat of the engines, in seconds ago.
    public var secondsSinceHeartbeat: Double {
        engines.map(\.secondsSinceHeartbeat).max() ?? 0
    }

    /// Waits until each engine's loop has turned; see `Engine.waitForTurn()`.
    public func waitForTurn() async {
        for engine in engines { await engine.waitForTurn() }
    }

    /// Sequences that hold pages now, as of the last step.
    var runningCount: Int {
        decoding.running
    }

    /// Begins a completion; see `CompletionService`.
    ///
    /// - Parameter request: What to complete.
    /// - Returns: The request's events.
    /// - Throws: Why it could not begin.
    public func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        guard request.policy == .escalate else { return try await begin(try await plan(request)) }
        let (escalation, reading) = try await escalation(of: request)
        if let escalation { return try await escalation.events() }
        return try await begin(try await plan(request, reading: reading))
    }

    /// Submits what was planned.
    func begin(
        _ plan: CompletionPlan
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        let (model, prompt, ceiling) = (plan.model, plan.prompt, plan.effective.tokens)
        var sequence = try model.sequence(
            for: plan.request, prompt: prompt, maximumTokens: max(1, ceiling))
        sequence.expectedTokens = plan.route?.meanTokens.map { Int($0.rounded(.up)) }
        var plan = plan
        let streams: [TokenStream]
        (streams, plan.loading) = try await model.submit(sequence, samples: plan.request.samples)
        let (events, continuation) = AsyncStream.makeStream(of: CompletionEvent.self)
        if let route = plan.route, !streams.isEmpty { ledger.note(route) }
        let completion = Completion(
            plan, streams: streams, ledger: ledger, continuation: continuation)
        let task = Task { await completion.run() }
        continuation.onTermination = { _ in
            task.cancel()
            for stream in streams { model.engine.cancel(stream.id) }
        }
        return events
    }

    /// Text to ids with the named model's tokenizer.
    ///
    /// - Parameters:
    ///   - text: What to tokenise.
    ///   - addSpecialTokens: Whether the model's own start and end tokens are added.
    ///   - parsesSpecialTokens: Whether special tokens written in the text become their ids.
    ///   - model: The model; `nil` is the default.
    /// - Returns: One report a token.
    /// - Throws: `InferenceError.unknownModel`.
    public func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        let model = try self.model(named: model)
        let tokenizer = model.text.tokenizer
        // The ids that a completion of this text reads: a BOS in the text is not doubled.
        let ids =
            addSpecialTokens && parsesSpecialTokens
            ? tokenizer.encodePrompt(text)
            : tokenizer.encode(
                text, addSpecialTokens: addSpecialTokens, parseSpecial: parsesSpecialTokens)
        return ids.map { model.report($0, nil, isReasoning: false) }
    }

    /// The named model's special tokens and template.
    ///
    /// - Parameter model: The model; `nil` is the default.
    /// - Returns: Their texts.
    /// - Throws: `InferenceError.unknownModel`.
    public func tokenizer(
        ofModel model: String?
    ) throws(InferenceError) -> TokenizerDescription {
        let text = try self.model(named: model).text
        let tokens = text.templateTokens.compactMapValues { token -> String? in
            if case .string(let text) = token { text } else { nil }
        }
        return TokenizerDescription(
            specialTokens: tokens, chatTemplate: text.templates.sources["default"])
    }

    /// Ids to text with the named model's tokenizer.
    ///
    /// - Parameters:
    ///   - ids: The tokens.
    ///   - model: The model; `nil` is the default.
    /// - Returns: Their text, special tokens included.
    /// - Throws: `InferenceError.invalidToken` and `.unknownModel`.
    public func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String {
        let model = try self.model(named: model)
        let size = model.text.vocabularySize
        if let id = ids.first(where: { $0 < 0 || $0 >= size }) {
            throw .invalidToken(id: id, vocabularySize: size)
        }
        return model.text.tokenizer.decode(ids, skipSpecialTokens: false)
    }

    /// The chat template's text for a conversation.
    ///
    /// - Parameters:
    ///   - conversation: The template's variables.
    ///   - model: The model; `nil` is the default.
    /// - Returns: The text that the model would read.
    /// - Throws: `InferenceError.noChatTemplate`, `.templateFailed` and `.unknownModel`.
    public func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String {
        try self.model(named: model).applyTemplate(conversation)
    }

    /// Decodes one token with every checkpoint that is loaded, so that the first request finds
    /// mapped weights in memory; with the default, which that loads, where none is.
    ///
    /// - Throws: `InferenceError` when an engine refuses, or a token does not come.
    public func warmUp() async throws(InferenceError) {
        let loaded = entries.filter { $0.status == .loaded }
        for entry in loaded.isEmpty ? Array(entries.prefix(1)) : loaded {
            var request = SequenceRequest(prompt: [0], maximumTokens: 1)
            request.member = entry.member
            request.sampling.temperature = 0
            for stream in try await entry.submit(request).streams {
                var isDecoded = false
                for await event in stream {
                    if case .token = event { isDecoded = true }
                }
                guard isDecoded else {
                    throw .memberUnavailable(
                        model: entry.description.id, reason: "its first token did not come")
                }
            }
        }
    }

    /// What routing promised and what came of it.
    public var routing: RoutingStatistics { ledger.statistics }

    /// Refuses new work and waits until what runs has finished.
    public func drain() async {
        for engine in engines { await engine.drain() }
    }

    func model(named name: String?) throws(InferenceError) -> ReasoningModel {
        guard let name, !name.isEmpty, name != "auto" else { return entries[0] }
        if let entry = entries.first(where: { $0.description.id == name }) { return entry }
        if let model = family?.model(named: name) { return model }
        throw .unknownModel(asked: name, served: entries.map(\.description.id))
    }
}

extension InferenceError {
    /// The engine's refusal of so many tokens in the caller's terms.
    init(_ error: DecodingError, neededTokens: Int, availableTokens: Int) {
        switch error {
        case .emptyPrompt:
            self = .emptyPrompt
        case .contextLengthExceeded(let promptTokens, _, let contextLength):
            self = .contextLengthExceeded(
                promptTokens: promptTokens, contextLength: contextLength)
        case .tokenOutOfRange(let field, let id, let vocabularySize):
            self =
                field == "prompt"
                ? .invalidToken(id: id, vocabularySize: vocabularySize)
                : .invalidRequest(
                    field: "\(Self.callersName(field)).\(id)",
                    message: "expected a token id below \(vocabularySize)")
        case .insufficientPages:
            self = .insufficientMemory(
                neededTokens: neededTokens, availableTokens: availableTokens)
        case .saturated(let depth, let seconds):
            self = .queueFull(depth: depth, retryAfterSeconds: seconds)
        case .shuttingDown:
            self = .shuttingDown
        case .maximumTokensTooSmall:
            self = .invalidRequest(field: "max_tokens", message: error.description)
        case .invalidSampleCount(let count, let limit):
            self = .invalidRequest(
                field: "n", message: "expected 1 to \(limit), found \(count)")
        case .invalidSampling(let field, let value, let range):
            self = .invalidRequest(
                field: Self.callersName(field), message: "expected \(range), found \(value)")
        case .invalidThought(let field, let value, let range):
            self = .invalidRequest(
                field: "budget.\(Self.budgetNames[field] ?? Self.callersName(field))",
                message: "expected \(range), found \(value)")
        case .unknownMember:
            self = .invalidRequest(field: "model", message: error.description)
        }
    }

    private static let budgetNames = [
        "maximumTokens": "reasoning_tokens", "answerReserve": "answer_tokens",
    ]

    /// The name that callers know a sampling field by: `logitBias` is their `logit_bias`.
    private static func callersName(_ field: String) -> String {
        field.reduce(into: "") { name, letter in
            name += letter.isUppercase ? "_\(letter.lowercased())" : "\(letter)"
        }
    }
}
