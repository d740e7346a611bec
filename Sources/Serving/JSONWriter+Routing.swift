import Routing

extension JSONWriter {
    /// Writes who was chosen, and why.
    mutating func field(_ name: String, _ route: Route) {
        object(name) {
            $0.field("model", route.model)
            $0.field("alpha", route.alpha)
            $0.field("reason", route.reason.rawValue)
            $0.field("explanation", route.sentence)
            if let predicted = route.predicted { $0.field("predicted_tokens", predicted) }
            if let accuracy = route.accuracy { $0.field("expected_accuracy", rounded: accuracy) }
        }
    }

    /// Writes the ceilings that hold for each choice.
    mutating func write(_ effective: EffectiveBudget) {
        field("tokens", effective.tokens)
        if let reasoning = effective.reasoningTokens {
            field("reasoning_tokens", reasoning)
            field("answer_tokens", effective.answerTokens)
        }
        field("set_by", effective.bound.rawValue)
    }

    /// Writes three quantiles.
    mutating func field(_ name: String, _ quantiles: Route.Quantiles) {
        object(name) {
            $0.field("p50", quantiles.p50)
            $0.field("p90", quantiles.p90)
            $0.field("p99", quantiles.p99)
        }
    }

    /// Writes the least budget that would do.
    mutating func field(_ name: String, _ minimum: RoutingError.Minimum) {
        object(name) {
            $0.field("tokens", minimum.tokens)
            $0.field("cost", money: minimum.cost)
            $0.field("latency_ms", minimum.latencyMilliseconds)
        }
    }

    /// Writes a cost, to a millionth of a millionth of the unit: sums of binary fractions have
    /// tails that nobody was charged.
    mutating func field(_ name: String, money cost: Double) {
        field(name, (cost * 1e12).rounded() / 1e12)
    }

    /// Writes a number to four places.
    mutating func field(_ name: String, rounded value: Double) {
        field(name, (value * 1e4).rounded() / 1e4)
    }
}
