/// What a request may cost, as asked: every number is a ceiling, all hold together.
///
/// A ceiling is never a target and never a minimum. An absent one leaves it to the others.
public struct Budget: Sendable, Equatable {
    /// Ceiling on new tokens of each sample, thought and answer together, at least 1.
    public var tokens: Int?
    /// Ceiling on tokens of the thought, its tags included; 0 is no thought.
    public var reasoningTokens: Int?
    /// Tokens kept back for the answer, at least 1.
    public var answerTokens: Int?
    /// Ceiling on the cost of prompt and output in the operator's unit, above 0.
    public var cost: Double?
    /// Ceiling on the time from receipt to the last byte, queue included, in milliseconds.
    public var latencyMilliseconds: Int?
    /// A preference inside what fits.
    public var effort: Effort?
    /// What happens when a ceiling is about to be met.
    public var onExhausted: ExhaustionPolicy = .answer

    /// A budget without ceilings.
    public init() {}

    /// Whether nothing was asked.
    public var isEmpty: Bool { self == Budget() }

    /// Whether any ceiling on the whole was asked, so that the question is how to spend it.
    public var hasCeiling: Bool {
        tokens != nil || cost != nil || latencyMilliseconds != nil
    }

    /// Throws unless every number can be a ceiling and none contradicts another.
    ///
    /// - Throws: `RoutingError.invalid`, `.contradiction`.
    public func validate() throws(RoutingError) {
        func atLeast(_ least: Int, _ value: Int?, _ key: String) throws(RoutingError) {
            guard let value, value < least else { return }
            throw .invalid(key: key, expected: "\(least) or more", found: "\(value)")
        }
        try atLeast(1, tokens, "tokens")
        try atLeast(0, reasoningTokens, "reasoning_tokens")
        try atLeast(1, answerTokens, "answer_tokens")
        try atLeast(1, latencyMilliseconds, "latency_ms")
        if let cost, !(cost > 0 && cost.isFinite) {
            throw .invalid(key: "cost", expected: "a number above 0", found: "\(cost)")
        }
        if let tokens, let answerTokens, answerTokens >= tokens {
            throw .contradiction(
                "'answer_tokens' (\(answerTokens)) must be less than 'tokens' (\(tokens))")
        }
    }
}

/// How much thought is wished for, within the ceilings.
public enum Effort: String, Sendable, CaseIterable {
    case none
    case minimal
    case low
    case medium
    case high
    case xhigh
    case max

    /// The chance of a right answer that spending the whole of a ceiling has to buy.
    ///
    /// What buys less is not thought: a question that the ceiling cannot hold is answered at once.
    var price: Double {
        switch self {
        case .none, .minimal: 0.5
        case .low: 0.25
        case .medium: 0.1
        case .high: 0.05
        case .xhigh: 0.02
        case .max: 0
        }
    }

    /// What a frontier's whole span of tokens is worth, in spans of accuracy, where no ceiling says
    /// what tokens are worth.
    ///
    /// With 1 the best member is the one farthest above the chord of the frontier: its knee.
    var thrift: Double {
        switch self {
        case .none, .minimal: 8
        case .low: 2
        case .medium: 1
        case .high: 0.5
        case .xhigh: 0.25
        case .max: 0
        }
    }
}

/// How a budget is spent over a family.
public enum SpendingPolicy: String, Sendable, CaseIterable {
    /// One member answers, chosen beforehand.
    case route
    /// The tersest member answers first; where its answer is missing or unsure, what is left goes
    /// to the best of the others.
    case escalate
}

/// What happens when a budget runs out.
public enum ExhaustionPolicy: String, Sendable, CaseIterable {
    /// The thought is closed in time and the answer given.
    case answer
    /// The output is cut.
    case stop
    /// The request is refused beforehand if it is likely to run out.
    case reject
}
