import Accounts
import Inference

/// Why a request is answered with an error.
///
/// Paths are dotted, list positions included: `messages.2.content`, `budget.tokens`.
enum ServingError: Error, Equatable {
    /// The body is not one JSON object in UTF-8 with unique keys.
    case invalidJSON(String, path: String?)
    /// A field holds another kind of value.
    case wrongType(path: String, expected: String, found: String)
    /// A field's value lies outside what is served.
    case invalidValue(path: String, expected: String, found: String)
    /// A field is needed and absent.
    case missing(path: String)
    /// A field would change the output and is not honoured.
    case unsupported(path: String, reason: String)
    /// The budget is not one.
    case invalidBudget(path: String, reason: String)
    /// The length penalty's strength is not in [0, 1).
    case invalidAlpha(found: String)
    /// A request holds more responses than are rewarded at once.
    case tooManyResponses(limit: Int)
    /// Too many responses wait for the rest of their groups.
    case groupsFull(waiting: Int)
    /// No key, or not one of ours.
    case unauthorized
    /// The key may not ask for this model.
    case modelNotAllowed(model: String, allowed: [String])
    /// The key has used up what it may.
    case quota(QuotaRefusal)
    /// Nobody's usage is counted.
    case noUsage
    /// The path names nothing.
    case noSuchRoute(path: String)
    /// No answer of that id is under way.
    case noSuchGeneration(id: String)
    /// A higher ceiling does not fit the memory that is left.
    case revisionRefused
    /// The path exists, the method does not.
    case methodNotAllowed(method: String, allowed: [String])
    /// HTTP refused the request before it had a body.
    case badHTTP(status: Int, reason: String)
    /// The models are not ready to answer yet.
    case loading
    /// The server finishes what it has and takes nothing new.
    case draining
    /// Inference refused the request; `promptField` is the name the dialect gives the prompt.
    case inference(InferenceError, promptField: String)
    /// The engine stopped before the completion was whole.
    case engineFailed(String)
}

extension ServingError: CustomStringConvertible {
    /// One line: what, where, expected, found.
    var description: String {
        switch self {
        case .invalidJSON(let reason, _):
            "the body is not valid JSON: \(reason)"
        case .wrongType(let path, let expected, let found):
            "'\(path)' must be \(expected), found \(found)"
        case .invalidValue(let path, let expected, let found):
            "'\(path)' must be \(expected), found \(found)"
        case .missing(let path):
            "'\(path)' is missing"
        case .unsupported(let path, let reason):
            "'\(path)' is not supported: \(reason)"
        case .invalidBudget(let path, let reason):
            "'\(path)' is not a valid budget: \(reason)"
        case .invalidAlpha(let found):
            "'alpha' must be a number from 0 up to, but not, 1, found \(found)"
        case .tooManyResponses(let limit):
            "a request may hold \(limit) responses over all of its groups; send several"
        case .groupsFull(let waiting):
            "\(waiting) responses wait for the rest of their groups already"
        case .unauthorized:
            "no valid API key: send 'Authorization: Bearer KEY' or 'x-api-key: KEY'"
        case .modelNotAllowed(let model, let allowed):
            "the key may not ask for '\(model)', only for \(allowed.joined(separator: ", "))"
        case .quota(let refusal):
            refusal.description
        case .noUsage:
            "usage is counted for keys, and this server asks for none"
        case .noSuchRoute(let path):
            "no route '\(path)'"
        case .noSuchGeneration(let id):
            "no answer '\(id)' is under way; only one that is being streamed has a budget to change"
        case .revisionRefused:
            "there is no memory left for a higher ceiling; the old one holds"
        case .methodNotAllowed(let method, let allowed):
            "\(method) is not allowed here, only \(allowed.joined(separator: ", "))"
        case .badHTTP(_, let reason):
            reason
        case .loading:
            "the models are still loading"
        case .draining:
            "the server is shutting down and takes no new requests"
        case .inference(let error, _):
            error.description
        case .engineFailed(let reason):
            "the completion could not be finished: \(reason)"
        }
    }
}
