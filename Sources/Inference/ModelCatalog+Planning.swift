import Routing

extension ModelCatalog {
    /// Who answers a request, with which prompt, under which ceilings.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - isQuote: Whether the forecast itself is what is asked for.
    ///   - reading: What was read of its prompt before; nil reads it now.
    /// - Returns: What is to be submitted.
    /// - Throws: Why nobody can.
    func plan(
        _ request: CompletionRequest, isQuote: Bool = false, reading: PromptReading? = nil
    ) async throws(InferenceError) -> CompletionPlan {
        let received = ContinuousClock.now
        let (candidates, isPinned) = try candidates(for: request)
        let known: PromptReading
        if let reading {
            known = reading
        } else {
            let isForecast =
                isQuote || candidates.count > 1 || request.budget?.onExhausted == .reject
            known = try await read(request, for: candidates, probes: isForecast)
        }
        let (prompt, features, probed) = (known.prompt, known.features, known.probed)
        guard var budget = request.budget else {
            return try plan(request, prompt: prompt, model: candidates[0])
        }
        budget.spend(received.duration(to: .now))
        let choices = candidates.map { model in
            var candidate = model.candidate(
                for: request, features: features, probed: probed.map { features + $0 },
                promptTokens: prompt.count)
            candidate.forecast?.widening = ledger.widening(of: candidate.id)
            return candidate
        }
        var route: Route
        do {
            route = try router.route(
                choices, pinned: isPinned, budget: budget, fields: request.ceilings,
                promptTokens: prompt.count)
        } catch {
            throw .budget(error)
        }
        if let reason = request.reason { route.reason = reason }
        var plan = CompletionPlan(
            model: candidates[route.index], request: request, prompt: prompt,
            effective: route.effective, route: route, candidate: choices[route.index])
        plan.request.thought = route.effective.thought
        if let milliseconds = request.budget?.latencyMilliseconds {
            plan.request.deadline = received + .milliseconds(milliseconds)
        }
        // Where the thought is closed beforehand its end is prompt, and the context no longer.
        plan.prompt = try plan.model.closingThought(of: prompt, for: plan.request)
        plan.effective.tokens = min(
            plan.effective.tokens, plan.model.description.contextLength - plan.prompt.count)
        return plan
    }

    /// Reads a prompt for those who may answer it.
    private func read(
        _ request: CompletionRequest, for candidates: [ReasoningModel], probes: Bool
    ) async throws(InferenceError) -> PromptReading {
        // Members of a family have the same words, so that any of them reads the prompt for all.
        let prompt = try candidates[0].promptIDs(request.prompt)
        guard let budget = request.budget else {
            return PromptReading(prompt: prompt, features: [], probed: nil)
        }
        // Only a calibrated member looks at the question.
        let features =
            candidates.contains(where: \.isCalibrated)
            ? PromptFeatures.values(of: candidates[0].question(of: request.prompt)) : []
        let probed =
            probes
            ? await probe?.features(
                of: prompt, for: candidates, within: budget.latencyMilliseconds) : nil
        return PromptReading(prompt: prompt, features: features, probed: probed)
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
        let plan = try await plan(request, isQuote: true)
        guard let route = plan.route, let candidate = plan.candidate else {
            preconditionFailure("a request with a budget has a route")
        }
        let least = candidate.leastTokens(of: request.budget ?? Budget())
        return Quote(
            route: route, promptTokens: plan.prompt.count, price: plan.model.description.price,
            load: candidate.load,
            minimum: candidate.minimum(tokens: least, promptTokens: plan.prompt.count))
    }

    /// How a request's budget is spent on two attempts.
    ///
    /// - Returns: The attempts, nil where the budget has no room for a second: then one member
    ///   answers as usual; and what was read of the prompt, for whoever answers.
    /// - Throws: `invalidRequest` where there is no choice of members; why nobody can answer.
    func escalation(
        of request: CompletionRequest
    ) async throws(InferenceError) -> (Escalation?, PromptReading) {
        let received = ContinuousClock.now
        let (candidates, isPinned) = try candidates(for: request)
        // Members stand in order of alpha, the base behind them.
        let tersest = candidates.last { $0.description.alpha != nil }?.description.id
        let others = Set(candidates.map(\.description.id).filter { $0 != tersest })
        guard !isPinned, request.samples == 1, request.separatesReasoning, !request.echo,
            let tersest, !others.isEmpty
        else {
            throw .invalidRequest(
                field: "policy",
                message: "'escalate' needs a family, no named model, one sample, no echo, and a "
                    + "thought that is told from the answer")
        }
        var rest = request
        (rest.policy, rest.members) = (.route, others)
        rest.budget = request.budget ?? Budget()
        // The prompt is read once, whoever answers, and however often.
        let reading = try await read(rest, for: candidates, probes: true)
        rest.budget?.spend(received.duration(to: .now))
        var first = rest
        (first.members, first.reason) = ([tersest], .tersest)
        guard let whole = try await plan(first, reading: reading).route else {
            preconditionFailure("a request with a budget has a route")
        }
        let usual = whole.predicted?.p99 ?? whole.effective.usableTokens / 2
        rest.budget?.tokens = whole.effective.tokens - usual
        guard rest.budget?.tokens ?? 0 > 0, request.budget?.reasoningTokens != 0,
            (try? await plan(rest, reading: reading)) != nil
        else { return (nil, reading) }
        first.budget?.reasoningTokens = min(request.budget?.reasoningTokens ?? usual, usual)
        first.budget?.onExhausted = .stop
        // The chance of each answer token says whether it is sure.
        first.topLogprobs = request.topLogprobs ?? 0
        let escalation = Escalation(
            request: request, first: first, others: others, effective: whole.effective,
            received: received
        ) { [self] request throws(InferenceError) in
            try await begin(try await plan(request, reading: reading))
        }
        return (escalation, reading)
    }

    /// The models that may answer, and whether the caller named the only one.
    private func candidates(
        for request: CompletionRequest
    ) throws(InferenceError) -> (models: [ReasoningModel], isPinned: Bool) {
        let name = request.model.flatMap { $0.isEmpty || $0 == "auto" ? nil : $0 }
        if let alpha = request.alpha { return ([try model(alpha: alpha, named: name)], true) }
        guard let name else {
            let all = entries.prefix(choiceCount)
            let some = all.filter { request.members?.contains($0.description.id) ?? true }
            return (some.isEmpty ? Array(all) : some, false)
        }
        return ([try model(named: name)], true)
    }

    /// The family's member of an alpha, which a name beside it may only confirm.
    private func model(
        alpha: Double, named name: String?
    ) throws(InferenceError) -> ReasoningModel {
        guard let family else {
            throw .invalidRequest(
                field: "alpha", message: "no family is served, so no alpha can be chosen")
        }
        let model = try family.model(alpha: alpha)
        guard name == nil || name == model.description.id else {
            throw .invalidRequest(
                field: "model",
                message: "expected \(model.description.id), which 'alpha' asks for, or nothing, "
                    + "found '\(name ?? "")'")
        }
        return model
    }
}
