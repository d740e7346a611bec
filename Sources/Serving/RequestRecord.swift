import HTTP
import Synchronization

/// What becomes known of one request while it is answered, for its line in the access log.
///
/// Handlers find that of their own request in `current`; whoever answers it writes down what only
/// it knows.
final class RequestRecord: Sendable {
    /// What is known, nil or 0 where it is not.
    struct Facts: Sendable {
        /// The name of the account that the key belongs to.
        var account: String?
        /// The route's template; `page` where a file of it answered, nil where nothing has the path.
        var route: String?
        /// The error's name.
        var failure: String?
        /// The member that answers, and its length penalty.
        var model: String?
        var alpha: Double?
        /// Tokens as `usage` counts them, the answer's without those of the thought.
        var promptTokens: Int?
        var reasoningTokens: Int?
        var answerTokens: Int?
        /// How long it waited for a place among the running.
        var queueMilliseconds: Double?
        /// From the request to its first token.
        var firstTokenMilliseconds: Double?
        /// How its choices ended.
        var finishReason: String?
        /// Bytes of the body so far, before any content coding.
        var byteCount = 0
        /// What was asked and said, only where the operator wants it logged.
        var words: LoggedWords?
    }

    /// That of the request that the task answers.
    @TaskLocal static var current: RequestRecord?

    /// The request's name.
    let id: String
    /// When it came.
    let start = ContinuousClock.now
    /// What its client is told from others by; those on Unix sockets are one.
    var client: String { facts.account.map { "account \($0)" } ?? peer ?? "unix" }
    private let peer: String?
    /// Whether what is asked and said is kept.
    let keepsWords: Bool
    private let state: Mutex<Facts>

    /// The record of a request that has just come.
    ///
    /// - Parameters:
    ///   - id: Its name.
    ///   - peer: Where it came from, without the port, nil for Unix sockets.
    ///   - route: The template of the route that it is for.
    ///   - keepsWords: Whether what is asked and said is kept.
    init(id: String, peer: String? = nil, route: String? = nil, keepsWords: Bool) {
        self.id = id
        self.peer = peer
        self.keepsWords = keepsWords
        state = Mutex(Facts(route: route))
    }

    /// What is known by now.
    var facts: Facts { state.withLock { $0 } }

    /// Writes something down.
    func note(_ change: (inout Facts) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Milliseconds since the request came, to the tenth.
    var milliseconds: Double { start.milliseconds(to: .now) }
}

/// A prompt and the texts that answer it, as an operator asked to have them logged.
struct LoggedWords: Sendable, Equatable {
    /// More than so many bytes of a text are cut off.
    static let limit = 1 << 16

    /// The prompts, as text or JSON.
    var prompts: [String] = []
    /// The thoughts, by choice.
    var thoughts: [String] = []
    /// The answers, by choice.
    var answers: [String] = []

    /// Adds what a choice said.
    mutating func append(reasoning: String, content: String, choice: Int) {
        while answers.count <= choice {
            answers.append("")
            thoughts.append("")
        }
        if thoughts[choice].utf8.count < Self.limit { thoughts[choice] += reasoning }
        if answers[choice].utf8.count < Self.limit { answers[choice] += content }
    }
}
