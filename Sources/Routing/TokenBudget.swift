/// What a completion may cost in tokens, reasoning and answer together.
///
/// A budget is a ceiling: never a target, never a minimum. It holds for each sample.
public struct TokenBudget: Sendable, Equatable {
    /// Ceiling on new tokens, at least 1; `nil` leaves it to the other ceilings.
    public let tokens: Int?

    /// No ceiling of its own.
    public static let unlimited = TokenBudget()

    private init() {
        tokens = nil
    }

    /// A budget of `tokens` new tokens.
    ///
    /// - Parameter tokens: Ceiling on new tokens.
    /// - Throws: `RoutingError.ceilingTooLow` below 1.
    public init(tokens: Int) throws(RoutingError) {
        guard tokens >= 1 else { throw .ceilingTooLow(tokens: tokens) }
        self.tokens = tokens
    }

    /// The ceiling that the budget and the request's own fields ask for, before the context.
    ///
    /// - Parameter requestCeilings: The request's fields.
    /// - Returns: The tightest of all, or `nil` when nothing was asked.
    public func ceiling(with requestCeilings: RequestCeilings) -> Int? {
        [tokens, requestCeilings.tightest].compactMap(\.self).min()
    }

    /// The ceiling that holds when every one is applied: the tightest wins.
    ///
    /// A ceiling above what the context leaves is lowered to it, not refused. Where two are
    /// equal the caller's own counts as the one that bound, the budget first.
    ///
    /// - Parameters:
    ///   - promptTokens: Tokens of the prompt, not negative.
    ///   - contextLength: Longest sequence in tokens, not negative.
    ///   - requestCeilings: The request's own fields.
    /// - Throws: `RoutingError.noRoom` when no token fits behind the prompt;
    ///   `RoutingError.ceilingTooLow` when a field of the request is below 1.
    /// - Returns: The ceiling and what set it.
    public func resolve(
        promptTokens: Int, contextLength: Int, requestCeilings: RequestCeilings
    ) throws(RoutingError) -> EffectiveBudget {
        guard promptTokens < contextLength else {
            throw .noRoom(promptTokens: promptTokens, contextLength: contextLength)
        }
        var effective = EffectiveBudget(tokens: contextLength - promptTokens, bound: .context)
        if let asked = requestCeilings.tightest {
            guard asked >= 1 else { throw .ceilingTooLow(tokens: asked) }
            if asked <= effective.tokens {
                effective = EffectiveBudget(tokens: asked, bound: .request)
            }
        }
        if let tokens, tokens <= effective.tokens {
            effective = EffectiveBudget(tokens: tokens, bound: .budget)
        }
        return effective
    }
}

/// The ceiling that a completion runs under, and which of the ceilings it is.
public struct EffectiveBudget: Sendable, Equatable {
    /// Where a ceiling comes from.
    public enum Bound: String, Sendable, CaseIterable {
        /// The `budget` field.
        case budget
        /// `max_tokens` or one of its twins.
        case request = "max_tokens"
        /// What the context leaves behind the prompt.
        case context
    }

    /// Ceiling on new tokens of each sample, at least 1.
    public let tokens: Int
    /// The ceiling that bound.
    public let bound: Bound

    init(tokens: Int, bound: Bound) {
        self.tokens = tokens
        self.bound = bound
    }
}
