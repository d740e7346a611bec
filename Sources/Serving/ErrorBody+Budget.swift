import HTTP
import Routing

extension ErrorBody {
    /// What a caller can do about a budget: ask for more, ask for less, or come back later.
    static func budget(_ error: RoutingError, message: String) -> ErrorBody {
        var body: ErrorBody
        switch error {
        case .invalid(let key, _, _):
            body = bad("invalid_budget", key == "max_tokens" ? key : "budget.\(key)", message)
        case .contradiction:
            body = bad("invalid_budget", "budget", message)
        case .noRoom:
            body = bad("context_length_exceeded", nil, message)
        case .infeasible(let key, let minimum):
            body = bad("budget_infeasible", "budget.\(key)", message)
            body.minimum = minimum
        case .unlikely(_, let quantiles):
            body = bad("budget_unlikely", "budget", message)
            body.predicted = quantiles
        case .deadlineUnmeetable(let seconds):
            body = bad("deadline_unmeetable", "budget.latency_ms", message)
            body.status = .tooManyRequests
            body.type = "rate_limit_error"
            body.retryAfterSeconds = Int(min(max(seconds.rounded(.up), 1), 120))
        }
        return body
    }

    private static func bad(_ code: String, _ param: String?, _ message: String) -> ErrorBody {
        ErrorBody(status: .badRequest, code: code, message: message, param: param)
    }
}
