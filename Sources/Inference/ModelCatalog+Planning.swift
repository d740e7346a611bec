import Routing

extension ModelCatalog {
    /// Who answers a request, with which prompt, under which ceilings.
    ///
    /// - Throws: Why nobody can.
    func plan(_ request: CompletionRequest) throws(InferenceError) -> CompletionPlan {
        let received = ContinuousClock.now
        let (candidates, isPinned) = try candidates(named: request.model)
        // Members of a family have the same words, so that any of them reads the prompt for all.
        let prompt = try candidates[0].promptIDs(request.prompt)
        guard let budget = request.budget else {
            return try plan(request, prompt: prompt, model: candidates[0])
        }
        // Only a calibrated member looks at the question.
        let features =
            candidates.contains { $0.profile?.predictor != nil }
            ? PromptFeatures.values(of: candidates[0].question(of: request.prompt)) : []
        let choices = candidates.map { model in
            var candidate = model.candidate(
                for: request, features: features, promptTokens: prompt.count)
            candidate.forecast?.widening = ledger.widening(of: candidate.id)
            return candidate
        }
        let route: Route
        do {
            route = try router.route(
                choices, pinned: isPinned, budget: budget, fields: request.ceilings,
                promptTokens: prompt.count)
        } catch {
            throw .budget(error)
        }
        var plan = CompletionPlan(
            model: candidates[route.index], request: request, prompt: prompt,
            effective: route.effective, route: route, candidate: choices[route.index])
        plan.request.thought = route.effective.thought
        if let milliseconds = budget.latencyMilliseconds {
            plan.request.deadline = received + .milliseconds(milliseconds)
        }
        // Where the thought is closed beforehand its end is prompt, and the context no longer.
        plan.prompt = try plan.model.closingThought(of: prompt, for: plan.request)
        plan.effective.tokens = min(
            plan.effective.tokens, plan.model.description.contextLength - plan.prompt.count)
        return plan
    }

    /// A request whose ceiling cuts and which nobody is chosen for.
    private func plan(
        _ request: CompletionRequest, prompt: [Int32], model: ReasoningModel
    ) throws(InferenceError) -> CompletionPlan {
        let closed = try model.closingThought(of: prompt, for: request)
        let room = model.description.contextLength - closed.count
        let ceiling = min(request.maximumTokens ?? room, room)
        return CompletionPlan(
            model: model, request: request, prompt: closed,
            effective: EffectiveBudget(
                tokens: ceiling, bound: ceiling < room ? .request : .context))
    }

    /// What a request would get; see `CompletionService`.
    ///
    /// - Parameter request: What would be completed.
    /// - Returns: The quote.
    /// - Throws: Why it could not begin.
    public func quote(_ request: CompletionRequest) async throws(InferenceError) -> Quote {
        var request = request
        request.budget = request.budget ?? Budget()
        let plan = try plan(request)
        guard let route = plan.route, let candidate = plan.candidate else {
            preconditionFailure("a request with a budget has a route")
        }
        let least = candidate.leastTokens(of: request.budget ?? Budget())
        return Quote(
            route: route, promptTokens: plan.prompt.count, price: plan.model.profile?.price,
            load: candidate.load,
            minimum: candidate.minimum(tokens: least, promptTokens: plan.prompt.count))
    }

    /// The models that may answer, and whether the caller named the only one.
    private func candidates(
        named name: String?
    ) throws(InferenceError) -> (models: [ReasoningModel], isPinned: Bool) {
        guard let name, !name.isEmpty, name != "auto" else {
            return (Array(entries.prefix(choiceCount)), false)
        }
        return ([try model(named: name)], true)
    }
}
