/// Whatever answers questions: engines in this process, or a server.
public protocol ResponseSource: Sendable {
    /// Those that can be asked, in the order of reports.
    var members: [Member] { get }

    /// One answer.
    ///
    /// - Parameters:
    ///   - prompt: The message, or the raw text.
    ///   - member: The name of who shall answer.
    ///   - settings: How to sample.
    ///   - seed: The sample's own seed.
    /// - Returns: The answer; its `finish` is `.cancelled` when the task was.
    /// - Throws: `ResponseError`, when there is no answer to grade.
    func respond(
        to prompt: String, member: String, settings: EvaluationSettings, seed: UInt64
    ) async throws(ResponseError) -> Response
}

/// One that answers.
public struct Member: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The length penalty it was trained with, when known.
    public var alpha: Double?
    /// What it is, so that samples of two checkpoints of one name are not mixed.
    public var origin: String

    /// One that answers.
    public init(name: String, alpha: Double? = nil, origin: String) {
        self.name = name
        self.alpha = alpha
        self.origin = origin
    }
}

/// What came of one question.
public struct Response: Sendable, Equatable {
    /// How a response ended.
    public enum Finish: String, Sendable, Equatable {
        /// The model ended it.
        case stop
        /// The ceiling on new tokens, or the context, ended it.
        case length
        /// The prompt alone is longer than the context.
        case refused
        /// The asker went away.
        case cancelled
    }

    /// The thought, when it is told from the answer.
    public var reasoning: String
    /// The answer, or everything.
    public var text: String
    /// How it ended.
    public var finish: Finish
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// New tokens, thought included.
    public var completionTokens: Int
    /// New tokens of the thought.
    public var reasoningTokens: Int

    /// What came of one question.
    public init(
        reasoning: String = "", text: String, finish: Finish, promptTokens: Int = 0,
        completionTokens: Int = 0, reasoningTokens: Int = 0
    ) {
        self.reasoning = reasoning
        self.text = text
        self.finish = finish
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.reasoningTokens = reasoningTokens
    }

    /// What is graded: thought and answer together, as the paper's checker reads them.
    public var gradedText: String {
        reasoning.isEmpty ? text : reasoning + "\n</think>\n" + text
    }
}

/// Why there is no answer; the evaluation ends.
public enum ResponseError: Error, Equatable, Sendable {
    /// Whoever was asked cannot answer, in words.
    case refused(String)
    /// A server failed so many times in a row.
    case server(url: String, attempts: Int, reason: String)
}
