/// Why a budget cannot be what was asked.
public enum RoutingError: Error, Equatable, Sendable {
    /// A key's value is no ceiling.
    case invalid(key: String, expected: String, found: String)
    /// Two keys cannot hold together.
    case contradiction(String)
    /// The prompt fills the context, so not one token fits behind it.
    case noRoom(promptTokens: Int, contextLength: Int)
    /// No member can answer within a ceiling; a budget of `minimum` can be served.
    case infeasible(key: String, minimum: Minimum)
    /// The request was to be refused if it is likely to run out, and it is.
    case unlikely(chance: Double, quantiles: Route.Quantiles)
    /// The queue is too long for the deadline; without it the deadline could be met.
    case deadlineUnmeetable(waitSeconds: Double)

    /// The least budget that some member can answer within.
    public struct Minimum: Sendable, Equatable {
        /// New tokens.
        public var tokens: Int
        /// In the operator's unit.
        public var cost: Double
        /// Without a queue.
        public var latencyMilliseconds: Int

        /// A least budget.
        public init(tokens: Int, cost: Double, latencyMilliseconds: Int) {
            self.tokens = tokens
            self.cost = cost
            self.latencyMilliseconds = latencyMilliseconds
        }
    }
}

extension RoutingError: CustomStringConvertible {
    /// One line with the numbers.
    public var description: String {
        switch self {
        case .invalid(let key, let expected, let found):
            "'\(key)' must be \(expected), found \(found)"
        case .contradiction(let reason):
            reason
        case .noRoom(let promptTokens, let contextLength):
            "a prompt of \(promptTokens) tokens leaves no room in a context of \(contextLength)"
        case .infeasible(let key, let minimum):
            switch key {
            case "cost":
                "the prompt and the shortest answer cost more than that; at least \(minimum.cost)"
            case "latency_ms":
                "the shortest answer takes longer; at least \(minimum.latencyMilliseconds) ms"
            default:
                "the shortest answer needs \(minimum.tokens) tokens, the end of the thought included"
            }
        case .unlikely(let chance, let quantiles):
            """
            the budget would run out with a chance of \(Int((chance * 100).rounded())) %: nine \
            tenths of such answers take up to \(quantiles.p90) tokens
            """
        case .deadlineUnmeetable(let seconds):
            "the queue alone takes about \(Int(seconds.rounded(.up))) s, longer than the deadline"
        }
    }
}
