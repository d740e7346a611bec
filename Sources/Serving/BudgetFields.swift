import Routing
import Tokenization

/// The ceilings of a request, as asked.
struct CeilingFields: Equatable {
    /// The `budget` field.
    var budget = TokenBudget.unlimited
    /// `max_tokens` and its twins.
    var ceilings = RequestCeilings()

    /// The tightest of all, before the context.
    var tightest: Int? { budget.ceiling(with: ceilings) }
}

extension RequestFields {
    /// Keys of `budget` that are honoured.
    private static let budgetKeys = ["tokens"]
    /// Keys of `budget` that this version knows and refuses.
    private static let laterBudgetKeys = [
        "reasoning_tokens", "answer_tokens", "cost", "latency_ms", "effort", "on_exhausted",
    ]

    /// Reads `budget` and the fields that other APIs name a ceiling with; all of them hold.
    ///
    /// - Parameter least: The lowest `max_tokens` that means something.
    /// - Throws: `ServingError` for a value that is no ceiling.
    /// - Returns: What was asked.
    mutating func ceilings(atLeast least: Int) throws(ServingError) -> CeilingFields {
        let range = least...Int.max
        let ceilings = RequestCeilings(
            maximumTokens: try integer("max_tokens", in: range),
            maximumCompletionTokens: try integer("max_completion_tokens", in: range),
            maximumNewTokens: try integer("max_new_tokens", in: range))
        return CeilingFields(budget: try budget(), ceilings: ceilings)
    }

    /// Reads `budget`: a number of tokens, or an object with `tokens`.
    ///
    /// Nothing in it is ever ignored: a budget that is accepted is enforced.
    private mutating func budget() throws(ServingError) -> TokenBudget {
        let path = path(of: "budget")
        switch take("budget") {
        case nil:
            return .unlimited
        case .object(let members):
            return try Self.budget(RequestFields(members, path: path))
        case .some(.integer(let tokens)):
            return try Self.budget(tokens: tokens, path: path)
        case .some(let value):
            if let tokens = value.exactInteger {
                return try Self.budget(tokens: tokens, path: path)
            }
            if case .string(let effort) = value {
                throw .invalidBudget(
                    path: path,
                    reason: """
                        the effort '\(effort.prefix(32))' is not supported by this version; \
                        give a number of tokens
                        """)
            }
            throw .invalidBudget(
                path: path,
                reason: "expected a number of tokens or an object, found \(value.kind)")
        }
    }

    private static func budget(_ object: RequestFields) throws(ServingError) -> TokenBudget {
        for name in object.names where !budgetKeys.contains(name) {
            let allowed = "allowed: \(budgetKeys.joined(separator: ", "))"
            throw .invalidBudget(
                path: object.path(of: String(name.prefix(64))),
                reason: laterBudgetKeys.contains(name)
                    ? "this key is not supported by this version; \(allowed)"
                    : "unknown key; \(allowed)")
        }
        guard let value = object.peek("tokens") else { return .unlimited }
        let path = object.path(of: "tokens")
        guard let tokens = value.exactInteger else {
            throw .invalidBudget(path: path, reason: "expected an integer, found \(value.kind)")
        }
        return try budget(tokens: tokens, path: path)
    }

    private static func budget(
        tokens: Int, path: String
    ) throws(ServingError) -> TokenBudget {
        do {
            return try TokenBudget(tokens: tokens)
        } catch {
            throw .invalidBudget(path: path, reason: error.description)
        }
    }
}
