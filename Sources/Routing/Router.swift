/// Chooses the member that answers: a pure function of what is known.
///
/// It maximises the expected accuracy under every ceiling at once, ties going to the cheaper: a
/// short thinker that is not cut often beats a long one that is. Effort puts a price on the tokens
/// within a ceiling, and so may leave a thought less than would fit; without a ceiling it chooses
/// along the frontier, and without effort the frontier's knee.
public struct Router: Sendable {
    /// Accuracies that differ by no more are equal.
    public var tolerance = 0.005
    /// `on_exhausted: "reject"` refuses when the chance of running out is above this.
    public var rejectionLine = 0.1

    /// A frontier that gains less than this over its whole span counts as gaining this: what is
    /// within the noise of a measurement buys no tokens.
    private static let leastGain = 0.05

    /// A router with the usual line and tolerance.
    public init() {}

    /// What a candidate promises under the ceilings.
    private struct Prospect {
        var index: Int
        var effective: EffectiveBudget
        var accuracy: Double
        var tokens: Double
        var cost: Double
    }

    /// Chooses among candidates.
    ///
    /// - Parameters:
    ///   - candidates: The members, at least one, lightest penalty first.
    ///   - pinned: Whether the caller named the only candidate.
    ///   - budget: A valid budget.
    ///   - fields: The request's own ceilings.
    ///   - promptTokens: Tokens of the prompt.
    /// - Throws: `RoutingError`: `.invalid` for a budget that is none; the cheapest candidate's
    ///   reason when none can answer; `.unlikely` for a budget that asks for it.
    /// - Returns: The choice.
    public func route(
        _ candidates: [Candidate], pinned: Bool = false, budget: Budget,
        fields: RequestCeilings = RequestCeilings(), promptTokens: Int
    ) throws(RoutingError) -> Route {
        try budget.validate()
        var feasible: [(index: Int, effective: EffectiveBudget)] = []
        var refusal: RoutingError?
        for (index, candidate) in candidates.enumerated() {
            do {
                feasible.append(
                    (
                        index,
                        try EffectiveBudget(
                            budget, fields: fields, promptTokens: promptTokens,
                            candidate: candidate)
                    ))
            } catch {
                refusal = refusal.map { Self.easier($0, error) } ?? error
            }
        }
        guard let first = feasible.first else {
            throw refusal ?? .noRoom(promptTokens: promptTokens, contextLength: 0)
        }
        let spares = budget.effort != nil && (budget.hasCeiling || fields.tightest != nil)
        let prospects = feasible.flatMap { entry in
            (spares ? candidates[entry.index].sparing(entry.effective) : [entry.effective])
                .compactMap { prospect(candidates, (entry.index, $0), promptTokens) }
        }
        guard feasible.allSatisfy({ candidates[$0.index].forecast != nil }) else {
            let reason: Route.Reason =
                pinned ? .pinned : candidates.count == 1 ? .only : .unmeasured
            return route(candidates, first, nil, reason: reason)
        }
        let (chosen, why) = choose(prospects, budget, fields)
        let forecast = candidates[chosen.index].forecast
        let isWhole = (forecast?.quantile(0.9) ?? 0) <= chosen.effective.usableTokens
        let reason: Route.Reason =
            if pinned {
                .pinned
            } else if candidates.count == 1 {
                .only
            } else if feasible.count == 1 {
                .feasible
            } else if why == .best, !isWhole {
                .capped
            } else {
                why
            }
        if budget.onExhausted == .reject, let forecast {
            let chance = 1 - forecast.share(within: chosen.effective.usableTokens)
            guard chance <= rejectionLine else {
                throw .unlikely(chance: chance, quantiles: forecast.quantiles)
            }
        }
        return route(candidates, (chosen.index, chosen.effective), chosen, reason: reason)
    }

    private func prospect(
        _ candidates: [Candidate], _ entry: (index: Int, effective: EffectiveBudget),
        _ promptTokens: Int
    ) -> Prospect? {
        let candidate = candidates[entry.index]
        guard let forecast = candidate.forecast else { return nil }
        let usable = entry.effective.usableTokens
        let tokens = forecast.meanTokens(within: usable)
        return Prospect(
            index: entry.index, effective: entry.effective,
            accuracy: forecast.accuracy(within: usable, closes: entry.effective.closes),
            tokens: tokens,
            cost: candidate.price.cost(promptTokens: promptTokens, completionTokens: tokens))
    }

    private func choose(
        _ prospects: [Prospect], _ budget: Budget, _ fields: RequestCeilings
    ) -> (Prospect, Route.Reason) {
        let cheapestFirst = prospects.sorted {
            ($0.cost, -$0.accuracy, $0.index) < ($1.cost, -$1.accuracy, $1.index)
        }
        let best = prospects.map(\.accuracy).max() ?? 0
        let hasCeiling = budget.hasCeiling || fields.tightest != nil
        switch (budget.effort, hasCeiling) {
        case (nil, true):
            break
        case (let effort?, true):
            return (worthiest(cheapestFirst, effort.price), .effort)
        case (let effort, false):
            let thrift = (effort ?? .medium).thrift
            return (thriftiest(cheapestFirst, thrift), effort == nil ? .knee : .effort)
        }
        for prospect in cheapestFirst where prospect.accuracy >= best - tolerance {
            let isBest = prospects.allSatisfy { $0.accuracy <= prospect.accuracy }
            return (prospect, isBest ? .best : .cheaper)
        }
        return (cheapestFirst[0], .cheaper)
    }

    /// The highest of accuracy less the price of the share of the ceiling that is spent.
    private func worthiest(_ cheapestFirst: [Prospect], _ price: Double) -> Prospect {
        let most = cheapestFirst.map(\.effective.usableTokens).max() ?? 1
        func value(_ prospect: Prospect) -> Double {
            prospect.accuracy - price * prospect.tokens / Double(most)
        }
        return cheapestFirst.dropFirst().reduce(cheapestFirst[0]) {
            value($1) > value($0) ? $1 : $0
        }
    }

    /// The highest of accuracy less thrift times cost, both in spans of the efficient members.
    private func thriftiest(_ cheapestFirst: [Prospect], _ thrift: Double) -> Prospect {
        var frontier: [Prospect] = []
        for prospect in cheapestFirst where prospect.accuracy > frontier.last?.accuracy ?? -1 {
            frontier.append(prospect)
        }
        let (low, high) = (frontier[0], frontier[frontier.count - 1])
        func value(_ prospect: Prospect) -> Double {
            let gain = max(high.accuracy - low.accuracy, Self.leastGain)
            let span = high.cost - low.cost
            return (gain > 0 ? (prospect.accuracy - low.accuracy) / gain : 0)
                - thrift * (span > 0 ? (prospect.cost - low.cost) / span : 0)
        }
        return frontier.dropFirst().reduce(low) { value($1) > value($0) ? $1 : $0 }
    }

    private func route(
        _ candidates: [Candidate], _ entry: (index: Int, effective: EffectiveBudget),
        _ prospect: Prospect?, reason: Route.Reason
    ) -> Route {
        let candidate = candidates[entry.index]
        return Route(
            index: entry.index, model: candidate.id, alpha: candidate.alpha,
            effective: entry.effective, predicted: candidate.forecast?.quantiles,
            accuracy: prospect?.accuracy, meanTokens: prospect?.tokens, cost: prospect?.cost,
            reason: reason)
    }

    /// Of two refusals the one that is easier to mend.
    private static func easier(_ left: RoutingError, _ right: RoutingError) -> RoutingError {
        switch (left, right) {
        case (.deadlineUnmeetable(let one), .deadlineUnmeetable(let other)):
            one <= other ? left : right
        case (.deadlineUnmeetable, _): left
        case (_, .deadlineUnmeetable): right
        case (.infeasible(_, let one), .infeasible(_, let other)):
            one.tokens <= other.tokens && one.cost <= other.cost ? left : right
        case (.infeasible, _): left
        default: right
        }
    }
}

extension Candidate {
    /// The ceilings, and tighter ones on the thought where it is closed in time: none at all, and
    /// those at which the forecast's quantiles would be whole.
    fileprivate func sparing(_ effective: EffectiveBudget) -> [EffectiveBudget] {
        guard let forecast, effective.closes, let most = effective.reasoningTokens else {
            return [effective]
        }
        let thoughts = [0.5, 0.75, 0.9, 0.99].map { share in
            max(forecast.quantile(share) - effective.answerTokens, 0)
        }
        return [effective]
            + Set([0] + thoughts).filter { $0 < most }.sorted().map { thought in
                var spared = effective
                spared.reasoningTokens = thought
                return spared
            }
    }
}

extension EffectiveBudget {
    /// Tokens of thought and answer together that end by themselves: a thought that is closed
    /// leaves the rest to the answer.
    public var usableTokens: Int {
        guard let reasoningTokens else { return tokens }
        return min(tokens, reasoningTokens + answerTokens)
    }
}
