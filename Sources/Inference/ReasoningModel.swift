import Decoding
import Grammars
import Routing
import Tokenization

/// A checkpoint that answers: its words, its habits, and the engine that runs its weights.
struct ReasoningModel: Sendable {
    /// What callers see of it.
    var description: ModelDescription
    /// Text to ids and back, template, tags, defaults.
    let text: ModelText
    /// Where it is decoded.
    let engine: Engine
    /// Which of the engine's members it is.
    let member: Int
    /// What the family's manifest says of it.
    var profile: FamilyManifest.Member?
    /// What keeps its weights in memory; nil where they always are.
    var store: MemberStore?
    /// The two members that it lies between, lower alpha first; empty for one that was trained.
    var neighbours: [ReasoningModel] = []
    /// How far it lies from the first of those to the second.
    var share = 0.0

    /// Where its weights are.
    var status: LoadingStatus { store?.status(of: member) ?? .loaded }

    /// Submits a sequence once the member's weights are in memory, where they then stay until it
    /// has ended.
    ///
    /// - Parameters:
    ///   - sequence: What to decode.
    ///   - samples: How many.
    /// - Throws: Why it cannot be begun.
    /// - Returns: The events of each sample, none if the waiting task was cancelled, and how long
    ///   it waited for the weights, nothing where they were in memory.
    func submit(
        _ sequence: SequenceRequest, samples: Int = 1
    ) async throws(InferenceError) -> (streams: [TokenStream], loading: Duration) {
        do throws(DecodingError) {
            // Nothing is loaded for what is refused anyway.
            try engine.validate(sequence, samples: samples)
        } catch {
            throw refusal(error, of: sequence)
        }
        var sequence = sequence
        var loading = Duration.zero
        if let store {
            let (start, isLoaded) = (ContinuousClock.now, status == .loaded)
            let hold = try await store.hold(
                member, for: sequence.client, until: sequence.deadline)
            guard let hold else { return ([], .zero) }
            sequence.hold = hold
            if !isLoaded { loading = start.duration(to: .now) }
        }
        do throws(DecodingError) {
            return (try engine.submit(sequence, samples: samples), loading)
        } catch {
            throw refusal(error, of: sequence)
        }
    }

    private func refusal(_ error: DecodingError, of sequence: SequenceRequest) -> InferenceError {
        InferenceError(
            error, neededTokens: sequence.prompt.count + sequence.maximumTokens,
            availableTokens: description.contextLength)
    }

    /// The prompt's ids, checked against vocabulary and context.
    func promptIDs(_ prompt: CompletionRequest.Prompt) throws(InferenceError) -> [Int32] {
        let ids: [Int32]
        switch prompt {
        case .text(let text):
            ids = self.text.tokenizer.encodePrompt(text)
        case .ids(let given):
            ids = given
            let size = self.text.vocabularySize
            if let id = given.first(where: { $0 < 0 || $0 >= size }) {
                throw .invalidToken(id: id, vocabularySize: size)
            }
        case .conversation(let variables):
            // The template writes every special token itself: adding more would double the BOS.
            ids = self.text.tokenizer.encode(
                try applyTemplate(variables), addSpecialTokens: false)
        }
        guard !ids.isEmpty else { throw .emptyPrompt }
        guard ids.count < description.contextLength else {
            throw .contextLengthExceeded(
                promptTokens: ids.count, contextLength: description.contextLength)
        }
        return ids
    }

    /// The conversation as the model's template writes it.
    func applyTemplate(
        _ variables: [String: TemplateValue]
    ) throws(InferenceError) -> String {
        guard let template = text.template(for: variables) else {
            throw .noChatTemplate(model: description.id)
        }
        var variables = variables.merging(text.templateTokens) { given, _ in given }
        if variables["add_generation_prompt"] == nil {
            variables["add_generation_prompt"] = .boolean(true)
        }
        do {
            return try template.render(variables)
        } catch {
            throw .templateFailed("\(error)")
        }
    }

    /// The sequence that answers a request.
    func sequence(
        for request: CompletionRequest, prompt: [Int32], maximumTokens: Int
    ) throws(InferenceError) -> SequenceRequest {
        var sequence = SequenceRequest(prompt: prompt, maximumTokens: maximumTokens)
        sequence.member = member
        sequence.sampling = text.defaults.sampling(request.sampling)
        sequence.stopIDs = stopIDs(for: request)
        sequence.topLogprobs = request.topLogprobs
        sequence.promptLogprobs = request.echo && request.topLogprobs != nil
        sequence.thought = thought(for: request, prompt: prompt)
        sequence.deadline = request.deadline
        sequence.client = request.client
        if let grammar = request.grammar {
            let grammar = try text.grammars.grammar(grammar)
            sequence.grammar = grammar
            // A thought that leaves no room for the shortest answer leaves none at all.
            if let reserve = sequence.thought?.answerReserve {
                sequence.thought?.answerReserve = max(reserve, grammar.leastTokens)
            }
        }
        return sequence
    }

    /// The prompt with its thought closed, where the request leaves no room for one.
    func closingThought(
        of prompt: [Int32], for request: CompletionRequest
    ) throws(InferenceError) -> [Int32] {
        guard request.separatesReasoning, let ceilings = request.thought,
            let ceiling = ceilings.maximumTokens, text.endsInReasoning(prompt),
            ceiling < (ceilings.closes ? text.closer.count : 1)
        else { return prompt }
        let closed = prompt + text.closer
        guard closed.count < description.contextLength else {
            throw .contextLengthExceeded(
                promptTokens: closed.count, contextLength: description.contextLength)
        }
        return closed
    }

    /// What a sequence's thought may cost; `nil` where no thought is told apart.
    private func thought(
        for request: CompletionRequest, prompt: [Int32]
    ) -> ThoughtControl? {
        guard request.separatesReasoning, let ceilings = request.thought, let tags = text.tags,
            let shapes = text.shapes
        else { return nil }
        var control = ThoughtControl(
            open: tags.open, close: tags.close, closer: text.closer, shapes: shapes)
        control.startsOpen = text.endsInReasoning(prompt)
        control.startsClosed = text.endsBehindThought(prompt)
        control.maximumTokens = ceilings.maximumTokens
        control.answerReserve = ceilings.answerReserve
        control.grace = ceilings.grace
        control.closes = ceilings.closes
        return control
    }

    /// The ids that end a sample of a request.
    func stopIDs(for request: CompletionRequest) -> Set<Int32> {
        request.ignoresEndOfSequence
            ? request.stopIDs : request.stopIDs.union(text.defaults.stopIDs)
    }

    /// A token as callers see it.
    func report(_ id: Int32, _ logprob: TokenLogprob?, isReasoning: Bool) -> TokenReport {
        TokenReport(
            id: id, bytes: text.tokenizer.bytes(of: id), logprob: logprob?.logprob,
            top: (logprob?.top ?? []).map { alternative in
                TokenReport.Alternative(
                    id: alternative.id, bytes: text.tokenizer.bytes(of: alternative.id),
                    logprob: alternative.logprob)
            },
            isReasoning: isReasoning, isSpecial: text.tokenizer.isSpecial(id))
    }
}
