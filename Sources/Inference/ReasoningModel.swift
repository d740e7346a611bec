import Decoding
import Routing
import Tokenization

/// A checkpoint that answers: its words, its habits, and the engine that runs its weights.
struct ReasoningModel: Sendable {
    /// What callers see of it.
    let description: ModelDescription
    /// Text to ids and back, template, tags, defaults.
    let text: ModelText
    /// Where it is decoded.
    let engine: Engine
    /// Which of the engine's members it is.
    let member: Int
    /// What the family's manifest says of it.
    var profile: FamilyManifest.Member?

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
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - plan: What was decided about it.
    ///   - received: When it came.
    func sequence(
        for request: CompletionRequest, plan: CompletionPlan,
        received: ContinuousClock.Instant
    ) -> SequenceRequest {
        var sequence = SequenceRequest(
            prompt: plan.prompt, maximumTokens: max(1, plan.effective.tokens))
        sequence.thought = thoughtControl(for: request, plan: plan)
        if let milliseconds = request.budget?.latencyMilliseconds {
            sequence.deadline = received + .milliseconds(milliseconds)
        }
        sequence.member = member
        sequence.sampling = text.defaults.sampling(request.sampling)
        sequence.stopIDs = stopIDs(for: request)
        sequence.topLogprobs = request.topLogprobs
        sequence.promptLogprobs = request.echo && request.topLogprobs != nil
        return sequence
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
            isReasoning: isReasoning)
    }
}
