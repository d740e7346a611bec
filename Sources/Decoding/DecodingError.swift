/// Why a sequence cannot be taken on.
public enum DecodingError: Error, Equatable, Sendable {
    /// The prompt holds no token.
    case emptyPrompt
    /// The ceiling on new tokens is below 1.
    case maximumTokensTooSmall(Int)
    /// Fewer than one sample, or more than the queue could ever hold.
    case invalidSampleCount(Int, limit: Int)
    /// Prompt and completion together are longer than the context.
    case contextLengthExceeded(promptTokens: Int, maximumTokens: Int, contextLength: Int)
    /// A token id in `field` is outside the vocabulary.
    case tokenOutOfRange(field: String, id: Int32, vocabularySize: Int)
    /// The family has no such member.
    case unknownMember(Int, memberCount: Int)
    /// A sampling value is outside its range.
    case invalidSampling(field: String, value: Double, range: String)
    /// A value of `SequenceRequest.thought` cannot be honoured.
    case invalidThought(field: String, value: Int, range: String)
    /// The queue is full, or holds as many of the client as it may have; a place is expected to be
    /// free after so many seconds.
    case saturated(queueDepth: Int, retryAfterSeconds: Int)
    /// The sequence needs more KV pages than exist, however long it waits.
    case insufficientPages(needed: Int, total: Int)
    /// The engine takes no more sequences.
    case shuttingDown
}

extension DecodingError: CustomStringConvertible {
    /// One line: what, where, expected, found.
    public var description: String {
        switch self {
        case .emptyPrompt:
            "prompt: expected at least one token, found none"
        case .maximumTokensTooSmall(let found):
            "maximumTokens: expected at least 1, found \(found)"
        case .invalidSampleCount(let found, let limit):
            "samples: expected 1 to \(limit), found \(found)"
        case .contextLengthExceeded(let promptTokens, let maximumTokens, let contextLength):
            "prompt of \(promptTokens) tokens and \(maximumTokens) new tokens: expected at most "
                + "\(contextLength) together"
        case .tokenOutOfRange(let field, let id, let vocabularySize):
            "\(field): expected token ids in 0..<\(vocabularySize), found \(id)"
        case .unknownMember(let member, let memberCount):
            "member: expected 0..<\(memberCount), found \(member)"
        case .invalidSampling(let field, let value, let range):
            "\(field): expected \(range), found \(value)"
        case .invalidThought(let field, let value, let range):
            "thought.\(field): expected \(range), found \(value)"
        case .saturated(let queueDepth, let retryAfterSeconds):
            "queue: \(queueDepth) sequences wait, and there is no place for another; try again in "
                + "\(retryAfterSeconds) s"
        case .insufficientPages(let needed, let total):
            "KV pages: \(needed) needed, \(total) exist"
        case .shuttingDown:
            "engine: shutting down, no new sequences"
        }
    }
}
