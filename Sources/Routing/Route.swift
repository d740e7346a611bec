/// Who answers a request, under which ceilings, and why.
public struct Route: Sendable, Equatable {
    /// Tokens that shares of such requests do not exceed.
    public struct Quantiles: Sendable, Equatable {
        /// Half of them.
        public var p50: Int
        /// Nine tenths.
        public var p90: Int
        /// 99 of 100.
        public var p99: Int

        /// Three quantiles.
        public init(p50: Int, p90: Int, p99: Int) {
            self.p50 = p50
            self.p90 = p90
            self.p99 = p99
        }
    }

    /// Why this member.
    public enum Reason: String, Sendable, CaseIterable {
        /// The caller named it.
        case pinned
        /// There is no other.
        case only
        /// Nothing was measured: the lightest penalty.
        case unmeasured
        /// The others cannot answer within the ceilings.
        case feasible
        /// The highest expected accuracy, and its p90 fits.
        case best
        /// The highest expected accuracy, though its thought may have to be closed.
        case capped
        /// As accurate as any, and the cheapest of those.
        case cheaper
        /// No ceiling was given: where further tokens begin to buy little.
        case knee
        /// The caller's effort moved the choice.
        case effort
        /// The tersest, tried before what is left goes to a longer thinker.
        case tersest
        /// The answer of the tersest was missing or unsure.
        case escalated
    }

    /// Which candidate.
    public var index: Int
    /// The candidate's name.
    public var model: String
    /// Its length penalty.
    public var alpha: Double?
    /// What it has to keep to.
    public var effective: EffectiveBudget
    /// Its forecast's quantiles, before any ceiling.
    public var predicted: Quantiles?
    /// The expected chance of a right answer under the ceilings.
    public var accuracy: Double?
    /// The expected tokens under the ceilings.
    public var meanTokens: Double?
    /// The expected cost under the ceilings.
    public var cost: Double?
    /// In one word.
    public var reason: Reason

    /// In one sentence.
    public var sentence: String {
        let chance = accuracy.map { " (\(Int(($0 * 100).rounded())) % expected)" } ?? ""
        let ceiling = "\(effective.tokens) tokens"
        let thought =
            effective.sparesThought ? " and a thought of \(effective.reasoningTokens ?? 0)" : ""
        return switch reason {
        case .pinned: "The request names \(model)."
        case .only: "\(model) is the only one served."
        case .unmeasured: "No profile was measured, so the least compressed member answers."
        case .feasible: "Only \(model) can answer within the ceilings."
        case .best: "\(model) is right most often within \(ceiling)\(chance)."
        case .capped:
            "\(model) is right most often within \(ceiling)\(chance), though its thought may "
                + "have to be closed."
        case .cheaper:
            "\(model) is right as often as any within \(ceiling)\(chance), and cheaper."
        case .knee:
            "Without a ceiling \(model) is where further tokens begin to buy little\(chance)."
        case .tersest:
            "\(model) is the tersest; a longer thinker follows if its answer is unsure."
        case .escalated:
            "The tersest member's answer was missing or unsure, so what was left of the budget "
                + "went to \(model)\(chance)."
        case .effort:
            "Within \(ceiling)\(thought) the effort asked for points to \(model)\(chance)."
        }
    }
}
