/// Why a request counts as failed.
enum LoadFailure: Error, Sendable, Equatable {
    /// Nobody answered.
    case connect(String)
    /// The answer took longer than allowed.
    case timeout
    /// Another status than 200, with the beginning of what the server said.
    case status(Int, String)
    /// Bytes that are no answer of HTTP/1.1, or more of them than can be meant.
    case malformed(String)
    /// The connection ended before the answer did.
    case cutOff
    /// An error inside of the stream.
    case reported(String)
    /// A whole answer without a token.
    case empty
    /// The run was stopped.
    case cancelled
    /// More requests were open than the plan allows, so it was not sent.
    case notSent

    /// What failures are counted by.
    var kind: String {
        switch self {
        case .connect: "connect"
        case .timeout: "timeout"
        case .status(let status, _): "status \(status)"
        case .malformed: "malformed answer"
        case .cutOff: "cut off"
        case .reported: "error in stream"
        case .empty: "no token"
        case .cancelled: "cancelled"
        case .notSent: "not sent"
        }
    }

    /// What happened, for a person.
    var reason: String {
        switch self {
        case .connect(let text), .malformed(let text), .reported(let text): "\(kind): \(text)"
        case .status(_, let text): text.isEmpty ? kind : "\(kind): \(text)"
        default: kind
        }
    }
}
