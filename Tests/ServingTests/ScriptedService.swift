import Inference
import Routing
import Synchronization
import Tokenization

/// A completion service that says what its script says and remembers what it was asked.
///
/// Its tokenizer has one token per byte and a start token, 256. A completion is the script's
/// thought and answer in pieces, each piece one token, cut at the request's ceiling.
final class ScriptedService: CompletionService {
    struct Script: Sendable {
        var thought: [String] = []
        var answer: [String] = ["391"]
        /// Bytes of the answer's tokens where they are not the pieces' own.
        var answerTokens: [[UInt8]]?
        var refusal: (@Sendable (CompletionRequest) -> InferenceError?)?
        /// Events after which nothing more comes until `release()` or the completion's end.
        var eventsBeforeSilence: Int?
        /// Which requests fall silent.
        var fallsSilent: @Sendable (CompletionRequest) -> Bool = { _ in true }
        /// Ends the stream after so many events, without an ending event.
        var eventsBeforeFailure: Int?
        /// How each sample ends, instead of `.stop` or `.length`.
        var ending: FinishReason?
        var pause: Duration = .zero
        var heartbeat = 0.1
        var contextLength = 1000
        /// What was measured of the second model.
        var profile: [FamilyManifest.Level] = []
        /// The one member, where its routes are to be told.
        var candidate: Candidate?
        var routing = RoutingStatistics()
        var loading = LoadingStatistics()
        var decoding = EngineStatistics()
        /// What each request waits for weights.
        var loadTime = Duration.zero
        /// Changes what is listed.
        var describe: @Sendable (inout [ModelDescription]) -> Void = { _ in }
        /// What budgets are changed by.
        var handle: GenerationHandle?
        /// What each sample finds in the prefix cache: the first so much, the others ten times.
        var cachedPromptTokens = 0
        /// When each sample reached which stage.
        var stages: CompletionEvent.Finished.Stages?
    }

    struct Record {
        var requests: [CompletionRequest] = []
        var cancelled = 0
        var completed = 0
        /// Completions that have more to say.
        var unfinished: Set<Int> = []
        var isReleased = false
    }

    static let start: Int32 = 256
    static let startBytes = Array("<s>".utf8)

    let script: Script
    private let state = Mutex(Record())

    init(_ script: Script = Script()) {
        self.script = script
    }

    var record: Record { state.withLock { $0 } }

    /// Ends every silence.
    func release() {
        state.withLock { $0.isReleased = true }
    }
    var secondsSinceHeartbeat: Double { script.heartbeat }

    var models: [ModelDescription] {
        var models = [("tiny-a0", 0.0), ("org/tiny-a2", 0.2)].map { name, alpha in
            ModelDescription(
                id: name, created: 1_700_000_000, contextLength: script.contextLength,
                architecture: "qwen2", elementType: "bf16", parameterCount: 123, alpha: alpha)
        }
        script.describe(&models)
        if !script.profile.isEmpty {
            models[1].price = Price(prompt: 0.1, completion: 1)
            models[1].profile = script.profile
        }
        return models
    }

    private func resolve(_ model: String?) throws(InferenceError) -> ModelDescription {
        let models = models
        guard let model, model != "auto" else { return models[0] }
        guard let found = models.first(where: { $0.id == model }) else {
            throw .unknownModel(asked: model, served: models.map(\.id))
        }
        return found
    }

    func complete(
        _ request: CompletionRequest
    ) async throws(InferenceError) -> AsyncStream<CompletionEvent> {
        state.withLock { $0.requests.append(request) }
        if let refusal = script.refusal?(request) { throw refusal }
        let model = try resolve(request.model)
        let prompt = try promptTokens(request)
        let room = model.contextLength - prompt.count
        guard room > 0 else {
            throw .contextLengthExceeded(
                promptTokens: prompt.count, contextLength: model.contextLength)
        }
        let (effective, route) = try decide(request, model, promptTokens: prompt.count)
        let ceiling = effective.tokens
        var accepted = CompletionEvent.Accepted(
            model: model.id, promptTokens: prompt.count, effective: effective,
            startsInReasoning: !script.thought.isEmpty, route: route,
            price: script.candidate?.price, handle: script.handle)
        accepted.loading = script.loadTime
        let opening: [CompletionEvent] =
            [.accepted(accepted)] + (request.echo ? [.echo(prompt)] : [])
        let events = opening + events(of: request, ceiling: ceiling)
        return play(events, silence: script.fallsSilent(request) ? script.eventsBeforeSilence : nil)
    }

    var routing: RoutingStatistics { script.routing }

    var loading: LoadingStatistics { script.loading }

    var decoding: EngineStatistics { script.decoding }

    func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote {
        let model = try resolve(request.model)
        let prompt = try promptTokens(request)
        let (_, route) = try decide(request, model, promptTokens: prompt.count)
        guard let route, let candidate = script.candidate else { throw .shuttingDown }
        let least = candidate.leastTokens(of: request.budget ?? Budget())
        return Quote(
            route: route, promptTokens: prompt.count, price: candidate.price,
            load: candidate.load,
            minimum: candidate.minimum(tokens: least, promptTokens: prompt.count))
    }

    /// The ceilings, and the route where the script has a candidate.
    private func decide(
        _ request: CompletionRequest, _ model: ModelDescription, promptTokens: Int
    ) throws(InferenceError) -> (EffectiveBudget, Route?) {
        let candidate =
            script.candidate
            ?? Candidate(id: model.id, alpha: model.alpha, contextLength: model.contextLength)
        do {
            let route = try Router().route(
                [candidate], budget: request.budget ?? Budget(), fields: request.ceilings,
                promptTokens: promptTokens)
            return (route.effective, script.candidate == nil ? nil : route)
        } catch {
            throw .budget(error)
        }
    }

    private func play(
        _ events: [CompletionEvent], silence: Int?
    ) -> AsyncStream<CompletionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: CompletionEvent.self)
        let script = script
        let number = state.withLock {
            $0.unfinished.insert($0.requests.count)
            return $0.requests.count
        }
        let task = Task { [self] in
            for (position, event) in events.enumerated() {
                if position == script.eventsBeforeFailure { break }
                if position == silence {
                    while !Task.isCancelled, !record.isReleased {
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
                if script.pause > .zero { try? await Task.sleep(for: script.pause) }
                if Task.isCancelled { return }
                if position == events.count - 1 {
                    _ = state.withLock { $0.unfinished.remove(number) }
                }
                continuation.yield(event)
            }
            continuation.finish()
        }
        continuation.onTermination = { [self] termination in
            task.cancel()
            state.withLock {
                // To leave after the last word is no cancellation.
                if case .cancelled = termination, $0.unfinished.remove(number) != nil {
                    $0.cancelled += 1
                } else {
                    $0.completed += 1
                }
            }
        }
        return stream
    }

    private func events(of request: CompletionRequest, ceiling: Int) -> [CompletionEvent] {
        let lanes = (0..<request.samples).map { sample -> [CompletionEvent] in
            var events: [CompletionEvent] = []
            var spent = (all: 0, reasoning: 0)
            let pieces = script.thought.map { ($0, true) } + script.answer.map { ($0, false) }
            for (position, (piece, isReasoning)) in pieces.enumerated() {
                guard spent.all < ceiling else { break }
                spent.all += 1
                if isReasoning { spent.reasoning += 1 }
                let inThought = isReasoning && request.separatesReasoning
                let wantsTokens = request.topLogprobs != nil || request.reportsTokens
                let answerPosition = position - script.thought.count
                let bytes =
                    isReasoning ? nil : script.answerTokens.map { $0[answerPosition] }
                var delta = CompletionEvent.Delta(
                    sample: sample, reasoning: inThought ? piece : "",
                    content: inThought ? "" : piece,
                    tokens: wantsTokens
                        ? [token(bytes ?? Array(piece.utf8), request, inThought)] : [])
                // The last one is told by the end alone, as where text is held back.
                if position < pieces.count - 1 {
                    delta.tokenCount = 1
                    delta.reasoningCount = isReasoning ? 1 : 0
                }
                events.append(.delta(delta))
            }
            let isWhole = spent.all == pieces.count && !request.ignoresEndOfSequence
            var finished = CompletionEvent.Finished(
                sample: sample, reason: script.ending ?? (isWhole ? .stop : .length),
                stopString: nil, completionTokens: spent.all,
                reasoningTokens: spent.reasoning,
                endsInReasoning: script.answer.isEmpty && request.separatesReasoning,
                cachedPromptTokens: script.cachedPromptTokens * (sample == 0 ? 1 : 10))
            finished.stages = script.stages
            events.append(.finished(finished))
            return events
        }
        // Samples take turns, as in a batch.
        let longest = lanes.map(\.count).max() ?? 0
        return (0..<longest).flatMap { turn in
            lanes.compactMap { turn < $0.count ? $0[turn] : nil }
        }
    }

    private func token(
        _ bytes: [UInt8], _ request: CompletionRequest, _ isReasoning: Bool
    ) -> TokenReport {
        let rivals = [
            TokenReport.Alternative(id: 7, bytes: bytes, logprob: -0.25),
            TokenReport.Alternative(id: 8, bytes: [UInt8(ascii: "x")], logprob: -2),
        ]
        return TokenReport(
            id: 7, bytes: bytes, logprob: request.topLogprobs == nil ? nil : -0.25,
            top: Array(rivals.prefix(request.topLogprobs ?? 0)), isReasoning: isReasoning)
    }

    private func promptTokens(_ request: CompletionRequest) throws(InferenceError) -> [TokenReport]
    {
        var tokens: [TokenReport] = []
        switch request.prompt {
        case .text(let text):
            tokens = try tokenize(text, addSpecialTokens: true, model: nil)
        case .ids(let ids):
            guard !ids.isEmpty else { throw .emptyPrompt }
            for id in ids {
                guard (0...256).contains(id) else {
                    throw .invalidToken(id: id, vocabularySize: 257)
                }
                let bytes = id == Self.start ? Self.startBytes : [UInt8(id)]
                tokens.append(
                    TokenReport(id: id, bytes: bytes, logprob: nil, top: [], isReasoning: false))
            }
        case .conversation(let variables):
            let text = try applyTemplate(variables, model: nil)
            tokens = try tokenize(text, addSpecialTokens: false, model: nil)
        }
        for index in tokens.indices.dropFirst() where request.topLogprobs != nil {
            tokens[index].logprob = -1.5
            tokens[index].top =
                (request.topLogprobs ?? 0) > 0
                ? [TokenReport.Alternative(id: 9, bytes: [UInt8(ascii: "y")], logprob: -0.5)] : []
        }
        return tokens
    }

    func tokenize(
        _ text: String, addSpecialTokens: Bool, parsesSpecialTokens: Bool, model: String?
    ) throws(InferenceError) -> [TokenReport] {
        _ = try resolve(model)
        let start = TokenReport(
            id: Self.start, bytes: Self.startBytes, logprob: nil, top: [], isReasoning: false,
            isSpecial: true)
        return (addSpecialTokens ? [start] : [])
            + text.utf8.map {
                TokenReport(
                    id: Int32($0), bytes: [$0], logprob: nil, top: [], isReasoning: false)
            }
    }

    func tokenizer(
        ofModel model: String?
    ) throws(InferenceError) -> TokenizerDescription {
        _ = try resolve(model)
        return TokenizerDescription(
            specialTokens: ["bos_token": "<s>", "eos_token": "</s>"], chatTemplate: "{{ messages }}"
        )
    }

    func detokenize(_ ids: [Int32], model: String?) throws(InferenceError) -> String {
        _ = try resolve(model)
        var bytes: [UInt8] = []
        for id in ids {
            guard let byte = UInt8(exactly: id) else {
                throw .invalidToken(id: id, vocabularySize: 257)
            }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func applyTemplate(
        _ conversation: [String: TemplateValue], model: String?
    ) throws(InferenceError) -> String {
        _ = try resolve(model)
        guard case .array(let messages) = conversation["messages"] else {
            throw .templateFailed("no messages")
        }
        var text = ""
        for case .object(let members) in messages {
            for case .string(let value) in members.filter({ $0.key != "name" }).map(\.value) {
                text += "|\(value)"
            }
        }
        return text + "\n"
    }
}
