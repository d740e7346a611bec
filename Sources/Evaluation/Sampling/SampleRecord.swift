import Tokenization

/// One sample as it is kept: a line of JSON.
public struct SampleRecord: Sendable, Equatable {
    /// What names a sample within a file.
    public struct Key: Sendable, Hashable {
        /// Who answered.
        public var member: String
        /// The problem's id.
        public var problem: String
        /// Which of the problem's samples, from 0.
        public var sample: Int

        /// A sample's name.
        public init(member: String, problem: String, sample: Int) {
            self.member = member
            self.problem = problem
            self.sample = sample
        }
    }

    /// Which sample it is.
    public var key: Key
    /// The problem's difficulty.
    public var difficulty: Difficulty?
    /// The right answer.
    public var expected: String
    /// What came.
    public var response: Response
    /// The final answer found in it; `nil` in a response that was cut off.
    public var answer: String?
    /// Whether it counts; a response that was cut off never does.
    public var isCorrect: Bool
    /// The seed it was drawn with.
    public var seed: UInt64
    /// Of the problem's question and answer.
    var digest: String
    /// What the member is.
    var origin: String

    /// A sample and its verdict.
    ///
    /// - Parameters:
    ///   - key: Which sample it is.
    ///   - problem: What was asked.
    ///   - origin: What the member is.
    ///   - seed: What it was drawn with.
    ///   - response: What came.
    ///   - judgement: What the grader says of it; a response that did not end by itself is
    ///     wrong whatever it says, as in the paper.
    public init(
        key: Key, problem: Problem, origin: String, seed: UInt64, response: Response,
        judgement: Judgement
    ) {
        self.key = key
        difficulty = problem.difficulty
        expected = problem.answer
        self.response = response
        isCorrect = false
        self.seed = seed
        digest = problem.digest
        self.origin = origin
        judge(judgement)
    }

    /// Takes a grader's word, unless the response was cut off.
    mutating func judge(_ judgement: Judgement) {
        let isWhole = response.finish == .stop
        answer = isWhole ? judgement.answer : nil
        isCorrect = isWhole && judgement.isCorrect
    }

    /// The record as a line, with the settings that it was made with and no line feed.
    func line(_ settings: EvaluationSettings) -> String {
        let level: TemplateValue =
            switch difficulty {
            case .level(let level): .integer(level)
            case .tier(let name): .string(name)
            case nil: .null
            }
        let fields: [(String, TemplateValue)] = [
            ("id", .string(key.problem)), ("member", .string(key.member)),
            ("sample", .integer(key.sample)), ("difficulty", level),
            ("correct", .boolean(isCorrect)), ("answer", answer.map { .string($0) } ?? .null),
            ("expected", .string(expected)), ("finish_reason", .string(response.finish.rawValue)),
            ("prompt_tokens", .integer(response.promptTokens)),
            ("completion_tokens", .integer(response.completionTokens)),
            ("reasoning_tokens", .integer(response.reasoningTokens)),
            ("reasoning", .string(response.reasoning)), ("text", .string(response.text)),
            ("seed", .integer(Int(seed))), ("problem_digest", .string(digest)),
            ("origin", .string(origin)), ("settings", .object(settings.fields)),
        ]
        return TemplateValue.object(fields.map { TemplateValue.Pair(key: $0, value: $1) }).json
    }

    /// Reads what `line` wrote, the settings aside.
    init(_ line: JSONLine) throws(EvaluationError) {
        key = Key(
            member: try line.text("member"), problem: try line.text("id"),
            sample: try line.count("sample"))
        difficulty = try line.difficulty("difficulty")
        expected = try line.text("expected")
        let finish = try line.text("finish_reason")
        guard let finish = Response.Finish(rawValue: finish) else {
            throw .field(
                file: line.file, line: line.number, name: "finish_reason",
                expected: "stop, length or refused", found: "'\(finish)'")
        }
        response = Response(
            reasoning: try line.text("reasoning"), text: try line.text("text"), finish: finish,
            promptTokens: try line.count("prompt_tokens"),
            completionTokens: try line.count("completion_tokens"),
            reasoningTokens: try line.count("reasoning_tokens"))
        answer = try line.optionalText("answer")
        isCorrect = try line.flag("correct")
        seed = UInt64(try line.count("seed"))
        digest = try line.text("problem_digest")
        origin = try line.text("origin")
    }
}
