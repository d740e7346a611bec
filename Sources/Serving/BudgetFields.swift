import Routing
import Tokenization

/// The ceilings of a request, as asked.
struct CeilingFields: Equatable {
    /// The `budget` field, with the effort that other fields wish for.
    var budget = Budget()
    /// `max_tokens` and its twins, and other APIs' ceilings on the thought.
    var ceilings = RequestCeilings()

    /// The tightest count of new tokens, before cost, time and context.
    var tightest: Int? { [budget.tokens, ceilings.tightest].compactMap(\.self).min() }
}

extension RequestFields {
    /// Keys of `budget`.
    private static let budgetKeys = [
        "tokens", "reasoning_tokens", "answer_tokens", "cost", "latency_ms", "effort",
        "on_exhausted",
    ]
    /// Other servers' names for `reasoning_tokens`, beside the nested ones.
    private static let thoughtCeilings = [
        "thinking_token_budget", "reasoning_budget_tokens", "thinking_budget",
    ]
    /// Other servers' names for `tokens`.
    private static let totalCeilings = [
        "max_new_tokens", "max_output_tokens", "num_predict", "n_predict",
    ]

    /// Reads `budget` and the fields that other APIs name a ceiling or an effort with; all of
    /// them hold, and the tightest wins.
    ///
    /// - Parameter least: The lowest `max_tokens` that means something.
    /// - Throws: `ServingError` for a value that is no ceiling.
    /// - Returns: What was asked.
    mutating func ceilings(atLeast least: Int) throws(ServingError) -> CeilingFields {
        let range = least...Int.max
        var ceilings = RequestCeilings(
            maximumTokens: try integer("max_tokens", in: range),
            maximumCompletionTokens: try integer("max_completion_tokens", in: range))
        var totals: [Int] = []
        for name in Self.totalCeilings {
            // These are no ceiling where the names come from: Ollama's -2 fills the context.
            if let count = peek(name)?.exactInteger, [-1, -2].contains(count),
                name.hasSuffix("predict")
            {
                _ = take(name)
            } else if let count = try integer(name, in: range) {
                totals.append(count)
            }
        }
        ceilings.maximumNewTokens = totals.min()
        var fields = CeilingFields(budget: try budget(), ceilings: ceilings)
        try readThoughtFields(into: &fields)
        return fields
    }

    /// Reads what other servers limit or wish for the thought with.
    private mutating func readThoughtFields(
        into fields: inout CeilingFields
    ) throws(ServingError) {
        var counts: [Int] = []
        for name in Self.thoughtCeilings {
            if let count = try integer(name, in: -1...Int.max), count >= 0 { counts.append(count) }
        }
        var efforts: [Effort] = []
        if case .object = peek("thinking"), var thinking = try object("thinking") {
            let kind = try thinking.string("type")
            if kind == "disabled" { counts.append(0) }
            if let count = try thinking.integer("budget_tokens", in: 0...Int.max) {
                counts.append(count)
            }
        }
        if case .object = peek("reasoning"), var reasoning = try object("reasoning") {
            if let count = try reasoning.integer("max_tokens", in: 0...Int.max) {
                counts.append(count)
            }
            if let effort = try reasoning.effort("effort") { efforts.append(effort) }
            if try reasoning.boolean("enabled") == false { counts.append(0) }
        }
        // Both stay where the chat template finds them.
        if let effort = try effort("reasoning_effort") { efforts.append(effort) }
        if case .boolean(false) = peek("enable_thinking") { counts.append(0) }
        switch peek("think") {
        case .boolean(let wanted):
            _ = take("think")
            if !wanted { counts.append(0) }
        case .string:
            if let effort = try effort("think") { efforts.append(effort) }
            _ = take("think")
        default:
            break
        }
        if fields.budget.effort == nil { fields.budget.effort = efforts.first }
        if efforts.contains(.none) || fields.budget.effort == Effort.none { counts.append(0) }
        fields.ceilings.reasoningTokens = counts.min()
    }

    /// Reads an effort without taking the field.
    private func effort(_ name: String) throws(ServingError) -> Effort? {
        guard let value = peek(name) else { return nil }
        guard case .string(let word) = value else { throw mismatch(name, "a string", value) }
        guard let effort = Effort(rawValue: word) else {
            throw .invalidValue(
                path: path(of: name), expected: Self.efforts, found: "'\(word.prefix(32))'")
        }
        return effort
    }

    private static var efforts: String {
        "one of " + Effort.allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// Reads `budget`: a number of tokens, an effort, or an object.
    ///
    /// Nothing in it is ever ignored: a budget that is accepted is enforced.
    mutating func budget() throws(ServingError) -> Budget {
        let path = path(of: "budget")
        var budget = Budget()
        switch take("budget") {
        case nil:
            return budget
        case .object(let members):
            budget = try Self.budget(RequestFields(members, path: path))
        case .some(.string(let word)):
            guard let effort = Effort(rawValue: word) else {
                throw .invalidBudget(
                    path: path,
                    reason: "expected a number of tokens, an object or \(Self.efforts), found "
                        + "'\(word.prefix(32))'")
            }
            budget.effort = effort
        case .some(let value):
            guard let tokens = value.exactInteger else {
                throw .invalidBudget(
                    path: path,
                    reason: "expected a number of tokens, an effort or an object, found "
                        + value.kind)
            }
            budget.tokens = tokens
            try Self.check(budget) { _ in path }
            return budget
        }
        try Self.check(budget) { "\(path).\($0)" }
        return budget
    }

    private static func check(
        _ budget: Budget, path: (String) -> String
    ) throws(ServingError) {
        do {
            try budget.validate()
        } catch {
            let key: String? = if case .invalid(let key, _, _) = error { key } else { nil }
            throw .invalidBudget(
                path: path(key ?? "answer_tokens"), reason: error.description)
        }
    }

    private static func budget(_ object: RequestFields) throws(ServingError) -> Budget {
        for name in object.names where !budgetKeys.contains(name) {
            throw .invalidBudget(
                path: object.path(of: String(name.prefix(64))),
                reason: "unknown key; allowed: \(budgetKeys.joined(separator: ", "))")
        }
        var budget = Budget()
        budget.tokens = try object.count("tokens")
        budget.reasoningTokens = try object.count("reasoning_tokens")
        // -1 is only the others.
        if budget.reasoningTokens == -1 { budget.reasoningTokens = nil }
        budget.answerTokens = try object.count("answer_tokens")
        budget.latencyMilliseconds = try object.count("latency_ms")
        if let value = object.peek("cost") {
            guard let cost = value.real else {
                throw .invalidBudget(
                    path: object.path(of: "cost"),
                    reason: "expected a number above 0, found \(value.kind)")
            }
            budget.cost = cost
        }
        budget.effort = try object.word("effort")
        budget.onExhausted = try object.word("on_exhausted") ?? .answer
        return budget
    }

    private func count(_ name: String) throws(ServingError) -> Int? {
        guard let value = peek(name) else { return nil }
        guard let count = value.exactInteger else {
            throw .invalidBudget(
                path: path(of: name), reason: "expected an integer, found \(value.kind)")
        }
        return count
    }

    private func word<Word: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(ServingError) -> Word? where Word.RawValue == String {
        guard let value = peek(name) else { return nil }
        if case .string(let text) = value, let word = Word(rawValue: text) { return word }
        let found = if case .string(let text) = value { "'\(text.prefix(32))'" } else { value.kind }
        throw .invalidBudget(
            path: path(of: name),
            reason: "expected one of "
                + "\(Word.allCases.map(\.rawValue).joined(separator: ", ")), found \(found)")
    }
}
