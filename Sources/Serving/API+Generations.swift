import HTTP
import Inference
import Routing

extension API {
    /// `PATCH /v1/generations/{id}`: a new budget for an answer that is being streamed.
    ///
    ///     {"budget": 4096}                                     a new ceiling on its tokens
    ///     {"budget": {"tokens": 900, "reasoning_tokens": 700}} or on its thought
    ///     {"answer_now": true}                                 close the thought with the next token
    ///
    /// The answer is `{"id":…,"object":"generation.revision","effective":{…}}`. 404 when no such
    /// answer is under way, 409 when there is no memory for a higher ceiling.
    func reviseGeneration(_ request: HTTPRequest) async throws -> HTTPResponse {
        let id = request.parameters["id"] ?? ""
        var body = try await fields(of: request)
        let revision = try body.revision()
        guard let generation = generations.find(id), Requester.owns(generation.owner) else {
            throw ServingError.noSuchGeneration(id: String(id.prefix(64)))
        }
        var effective: EffectiveBudget?
        if let tokens = revision.tokens { try generation.charge?.raise(toTokens: tokens) }
        for handle in generation.handles {
            if let revised = await handle.revise(revision) { effective = revised }
        }
        guard let effective else {
            // Between the search and the step it may have ended.
            throw generations.find(id) == nil
                ? ServingError.noSuchGeneration(id: String(id.prefix(64)))
                : ServingError.revisionRefused
        }
        return Self.response(
            JSONWriter.object { json in
                json.field("id", id)
                json.field("object", "generation.revision")
                json.object("effective") { $0.write(effective) }
            })
    }
}

extension RequestFields {
    /// Reads what changes of a budget.
    fileprivate mutating func revision() throws(ServingError) -> GenerationHandle.Revision {
        var revision = GenerationHandle.Revision()
        revision.answersNow = try boolean("answer_now") ?? false
        let budget = try budget()
        revision.tokens = budget.tokens
        revision.reasoningTokens = budget.reasoningTokens
        guard budget.answerTokens == nil, budget.cost == nil, budget.effort == nil,
            budget.latencyMilliseconds == nil
        else {
            throw .unsupported(
                path: "budget",
                reason: "of an answer under way only 'tokens' and 'reasoning_tokens' can change")
        }
        if let unread = unread.first {
            throw .unsupported(path: unread, reason: "it cannot change once an answer is under way")
        }
        guard revision != GenerationHandle.Revision() else { throw .missing(path: "budget") }
        return revision
    }
}
