import Decoding
public import Routing

extension ModelCatalog {
    /// The hidden state of a request's prompt as the model that it names computes it, however long
    /// that takes.
    ///
    /// - Parameter request: The prompt and the model.
    /// - Returns: The final norm's output at the prompt's last position, `[hiddenSize]`.
    /// - Throws: Why there is none.
    public func hiddenState(
        of request: CompletionRequest
    ) async throws(InferenceError) -> [Float] {
        let model = try model(named: request.model)
        let prompt = try model.promptIDs(request.prompt)
        var hold: MemberStore.Hold?
        if let store = model.store {
            hold = try await store.hold(model.member, for: request.client)
            guard hold != nil else { throw .shuttingDown }
        }
        let state: [Float]?
        do {
            state = try await model.engine.hiddenState(
                of: prompt, member: model.member, holding: hold)
        } catch {
            throw InferenceError(
                error, neededTokens: prompt.count,
                availableTokens: model.description.contextLength)
        }
        guard let state else { throw .shuttingDown }
        return state
    }

    /// What each calibrated model is expected to take for a request.
    ///
    /// - Parameters:
    ///   - request: What would be completed; the model that it names does not matter.
    ///   - probes: Whether the prompt's hidden state may be asked too, where that helps.
    /// - Returns: The forecasts by model; empty where there is none.
    /// - Throws: What is wrong with the prompt.
    public func forecasts(
        of request: CompletionRequest, probes: Bool
    ) async throws(InferenceError) -> [String: Forecast] {
        let members = entries.filter { $0.profile?.predictor != nil }
        guard let first = members.first else { return [:] }
        let features = PromptFeatures.values(of: first.question(of: request.prompt))
        var probed: [Double]?
        if probes, let probe {
            var request = request
            request.model = probe.model.description.id
            probed = probe.probe.features(of: try await hiddenState(of: request))
        }
        var forecasts: [String: Forecast] = [:]
        for model in members {
            forecasts[model.description.id] = model.forecast(
                features, probed: probed.map { features + $0 })
        }
        return forecasts
    }
}
