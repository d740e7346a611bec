public import Routing
public import Tokenization

/// What a sample depends on besides its problem, its number and the member that answers.
///
/// The defaults are the paper's evaluation: temperature 0.6 with nothing cut from the
/// distribution, 32,768 new tokens at most, one user message (arXiv 2502.04463, section 5.1).
public struct EvaluationSettings: Sendable, Equatable {
    /// What stands for the question in a template.
    public static let placeholder = "{QUESTION}"

    /// The message, with `{QUESTION}` where the question goes.
    public var promptTemplate =
        "Please reason step by step, and put your final answer within \\boxed{}. "
        + "Question: {QUESTION}"
    /// Whether the message goes through the chat template, or is continued as it is.
    public var usesChatTemplate = true
    /// Ceiling on new tokens, thought included.
    public var maximumTokens = 32_768
    /// Ceiling on tokens of the thought, which is then closed and answered; nil is none.
    public var reasoningTokens: Int?
    /// Ceiling on new tokens that leaves the answer its share: the thought is closed in time.
    ///
    /// nil cuts at `maximumTokens` alone.
    public var budgetTokens: Int?
    /// The effort asked for within the budget.
    public var effort: Effort?
    /// How the budget is spent over a family.
    public var policy = SpendingPolicy.route
    /// Divides the logits; 0 is greedy.
    public var temperature = 0.6
    /// Keeps the smallest set whose probability reaches p.
    public var topP = 1.0
    /// All samples follow from it.
    public var seed: UInt64 = 0

    /// The paper's settings.
    public init() {}

    /// The message that asks a question.
    public func prompt(for problem: Problem) -> String {
        promptTemplate.replacing(Self.placeholder, with: problem.question)
    }

    /// The seed of one sample, below 2^53 so that every JSON reader keeps it.
    ///
    /// It depends on nothing but the seed, the problem's id and the sample's number: order,
    /// company and the other samples leave it alone, and all members share it.
    public func seed(ofSample sample: Int, problem: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(problem)
        hash.combine(UInt64(sample))
        return hash.value >> 11
    }

    /// Tells these settings from others, 16 hexadecimal digits.
    public var fingerprint: String {
        var hash = StableHash()
        for field in fields {
            hash.combine(field.key)
            hash.combine(field.value.json)
        }
        return hash.hexadecimal
    }

    /// The settings as they stand in every sample's line.
    public var fields: [TemplateValue.Pair] {
        var fields: [(String, TemplateValue)] = [
            ("prompt_template", .string(promptTemplate)),
            ("chat_template", .boolean(usesChatTemplate)),
            ("max_tokens", .integer(maximumTokens)), ("temperature", .number(temperature)),
            ("top_p", .number(topP)), ("seed", .string(String(seed))),
        ]
        // Absent where unset, as in the files of earlier versions.
        if let reasoningTokens { fields.append(("reasoning_tokens", .integer(reasoningTokens))) }
        if let budgetTokens { fields.append(("budget_tokens", .integer(budgetTokens))) }
        if let effort { fields.append(("effort", .string(effort.rawValue))) }
        if policy != .route { fields.append(("policy", .string(policy.rawValue))) }
        return fields.map { TemplateValue.Pair(key: $0, value: $1) }
    }
}
