/// A member of a family as the router sees it at the time of one request.
public struct Candidate: Sendable {
    /// How a member that thinks ends its thought and answers.
    public struct Thought: Sendable, Equatable {
        /// Tokens of the words that close the thought.
        public var closerTokens: Int
        /// Tokens kept for the answer where the request says nothing.
        public var answerReserve: Int
        /// Tokens of the shortest answer.
        public var leastAnswer: Int

        /// A thought that takes so many tokens to end and to answer.
        public init(closerTokens: Int, answerReserve: Int, leastAnswer: Int = 1) {
            self.closerTokens = closerTokens
            self.answerReserve = answerReserve
            self.leastAnswer = leastAnswer
        }
    }

    /// Its name.
    public var id: String
    /// Its length penalty; nil for the base.
    public var alpha: Double?
    /// Longest sequence in tokens.
    public var contextLength: Int
    /// What its tokens cost.
    public var price: Price
    /// Nil where it does not think, or where the thought is not told from the answer.
    public var thought: Thought?
    /// What such a request is expected to take; nil where nothing was measured.
    public var forecast: Forecast?
    /// How fast it is now.
    public var load: Load

    /// A member.
    public init(
        id: String, alpha: Double?, contextLength: Int, price: Price = .perToken,
        thought: Thought? = nil, forecast: Forecast? = nil, load: Load = Load()
    ) {
        self.id = id
        self.alpha = alpha
        self.contextLength = contextLength
        self.price = price
        self.thought = thought
        self.forecast = forecast
        self.load = load
    }

    /// The fewest tokens it can answer in: the end of the thought and the shortest answer, or the
    /// answer that is to be kept room for.
    public func leastTokens(of budget: Budget) -> Int {
        guard let thought, budget.onExhausted != .stop else { return 1 }
        // A caller's number may be the largest there is.
        let answer = min(budget.answerTokens ?? 0, 1 << 40)
        return thought.closerTokens + max(answer, thought.leastAnswer)
    }

    /// The least budget that serves `tokens` new tokens.
    public func minimum(tokens: Int, promptTokens: Int) -> RoutingError.Minimum {
        RoutingError.Minimum(
            tokens: tokens,
            cost: price.cost(promptTokens: promptTokens, completionTokens: Double(tokens)),
            latencyMilliseconds: load.milliseconds(for: tokens))
    }
}

/// How fast a member answers now.
public struct Load: Sendable, Equatable {
    /// Time until a new request is begun.
    public var waitSeconds: Double
    /// Time to compute the prompt.
    public var prefillSeconds: Double
    /// Time from a token to the next.
    public var secondsPerToken: Double

    /// No queue, and no time measured yet: everything fits.
    public init(waitSeconds: Double = 0, prefillSeconds: Double = 0, secondsPerToken: Double = 0) {
        self.waitSeconds = waitSeconds
        self.prefillSeconds = prefillSeconds
        self.secondsPerToken = secondsPerToken
    }

    /// New tokens that fit `seconds`.
    func tokens(within seconds: Double, waits: Bool) -> Int {
        let left = seconds - prefillSeconds - (waits ? waitSeconds : 0)
        guard left >= 0 else { return 0 }
        guard secondsPerToken > 0 else { return Int.max / 2 }
        return Int(min(left / secondsPerToken, 1e15))
    }

    /// Time for so many new tokens without a queue, in milliseconds, rounded up.
    func milliseconds(for tokens: Int) -> Int {
        let seconds = prefillSeconds + Double(tokens) * secondsPerToken
        return max(1, Int((seconds * 1000).rounded(.up)) + 1)
    }

    /// Time from receipt to the last of so many tokens, queue included.
    public func seconds(for tokens: Double) -> Double {
        waitSeconds + prefillSeconds + tokens * secondsPerToken
    }
}
