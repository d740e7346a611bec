/// The ceilings that a completion runs under, and which of them set the total.
public struct EffectiveBudget: Sendable, Equatable {
    /// Where the ceiling on all tokens comes from.
    public enum Bound: String, Sendable, CaseIterable {
        /// The `budget` field's tokens.
        case budget
        /// `max_tokens` or one of its twins.
        case request = "max_tokens"
        /// What the context leaves behind the prompt.
        case context
        /// The budget's cost.
        case cost
        /// The budget's time, as far as it can be told beforehand.
        case latency
    }

    /// Ceiling on new tokens of each sample, at least 1.
    public var tokens: Int
    /// The ceiling that bound.
    public var bound: Bound
    /// Ceiling on tokens of the thought; nil where nothing is to be told from the answer.
    public var reasoningTokens: Int?
    /// Tokens that the thought leaves to the answer.
    public var answerTokens: Int
    /// Whether the thought is closed in time, or cut.
    public var closes = false

    /// Whether the thought has a ceiling of its own, below what the total leaves it.
    public var sparesThought: Bool {
        reasoningTokens.map { $0 < tokens - answerTokens } ?? false
    }

    /// A total and what set it.
    public init(
        tokens: Int, bound: Bound, reasoningTokens: Int? = nil, answerTokens: Int = 0
    ) {
        self.tokens = tokens
        self.bound = bound
        self.reasoningTokens = reasoningTokens
        self.answerTokens = answerTokens
    }

    /// What a member has to keep to, of two equal ceilings the caller's own being named, the
    /// budget first.
    ///
    ///     tokens    = min(budget, fields, context, cost, time)
    ///     reasoning = min(budget, tokens - answer)          the closing words are part of it
    ///
    /// A ceiling above what the context leaves is lowered to it, not refused.
    ///
    /// - Parameters:
    ///   - budget: A valid budget.
    ///   - fields: The request's own ceilings.
    ///   - promptTokens: Tokens of the prompt.
    ///   - candidate: The member.
    /// - Throws: `RoutingError.noRoom`; `.invalid` for a field below 1; `.infeasible` when a
    ///   ceiling of the budget is below what the member needs; `.deadlineUnmeetable` when that is
    ///   the queue's doing.
    public init(
        _ budget: Budget, fields: RequestCeilings, promptTokens: Int, candidate: Candidate
    ) throws(RoutingError) {
        guard promptTokens < candidate.contextLength else {
            throw .noRoom(promptTokens: promptTokens, contextLength: candidate.contextLength)
        }
        let least = candidate.leastTokens(of: budget)
        let minimum = candidate.minimum(tokens: least, promptTokens: promptTokens)
        self.init(tokens: candidate.contextLength - promptTokens, bound: .context)
        if let milliseconds = budget.latencyMilliseconds {
            let seconds = Double(milliseconds) * 1e-3
            let fitting = candidate.load.tokens(within: seconds, waits: true)
            if fitting < least {
                guard candidate.load.tokens(within: seconds, waits: false) < least else {
                    throw .deadlineUnmeetable(waitSeconds: candidate.load.waitSeconds)
                }
                throw .infeasible(key: "latency_ms", minimum: minimum)
            }
            lower(to: fitting, .latency)
        }
        if let cost = budget.cost {
            let paid = candidate.price.completionTokens(for: cost, promptTokens: promptTokens)
            guard paid >= least else { throw .infeasible(key: "cost", minimum: minimum) }
            lower(to: paid, .cost)
        }
        if let asked = fields.tightest {
            guard asked >= 1 else {
                throw .invalid(key: "max_tokens", expected: "1 or more", found: "\(asked)")
            }
            lower(to: asked, .request)
        }
        if let asked = budget.tokens {
            guard asked >= least else { throw .infeasible(key: "tokens", minimum: minimum) }
            lower(to: asked, .budget)
        }
        guard let thought = candidate.thought else { return }
        closes = budget.onExhausted != .stop
        let room = tokens - thought.closerTokens
        // What is cut needs nothing kept back; what is answered at least the shortest answer.
        let usual = min(thought.answerReserve, max(room / 2, thought.leastAnswer))
        let reserve = budget.answerTokens ?? (closes ? max(usual, 1) : 0)
        answerTokens = min(reserve, tokens)
        let asked = [budget.reasoningTokens, fields.reasoningTokens].compactMap(\.self).min()
        reasoningTokens = min(asked ?? tokens, max(tokens - answerTokens, 0))
    }

    private mutating func lower(to count: Int, _ bound: Bound) {
        guard count <= tokens else { return }
        (tokens, self.bound) = (count, bound)
    }
}
