import Accounts
import HTTP
import Inference
import Routing

/// An error as callers see it: a status and OpenAI's error object.
struct ErrorBody: Equatable {
    /// The status of the response, unless a stream already began.
    var status: HTTPStatus
    /// The class of error.
    var type = "invalid_request_error"
    /// The error's own name.
    var code: String?
    /// What, where, expected, found.
    var message: String
    /// The field at fault, as a dotted path.
    var param: String?
    /// When a retry may succeed; clients give up above 120.
    var retryAfterSeconds: Int?
    /// The same to the millisecond, where it is known so well.
    var retryAfterMilliseconds: Int?
    /// Fields of the response that say what would be right.
    var fields = HTTPFields()
    /// What the method could have been.
    var allowed: [String] = []
    /// The budget that would do.
    var minimum: RoutingError.Minimum?
    /// What such requests take, where that is the reason.
    var predicted: Route.Quantiles?

    /// The one place where an error becomes a status.
    init(_ error: ServingError) {
        message = error.description
        switch error {
        case .invalidJSON(_, let path):
            status = .badRequest
            (code, param) = ("invalid_json", path)
        case .wrongType(let path, _, _):
            status = .badRequest
            (code, param) = ("invalid_type", path)
        case .invalidValue(let path, _, _):
            status = .badRequest
            (code, param) = ("invalid_value", path)
        case .missing(let path):
            status = .badRequest
            (code, param) = ("missing_required_parameter", path)
        case .unsupported(let path, _):
            status = .badRequest
            (code, param) = ("unsupported_parameter", path)
        case .invalidBudget(let path, _):
            status = .badRequest
            (code, param) = ("invalid_budget", path)
        case .invalidAlpha:
            status = .badRequest
            (code, param) = ("invalid_alpha", "alpha")
        case .tooManyResponses:
            status = .badRequest
            code = "too_many_responses"
        case .groupsFull:
            status = .tooManyRequests
            (type, code) = ("rate_limit_error", "queue_full")
            retryAfterSeconds = 5
        case .unauthorized:
            status = .unauthorized
            (type, code) = ("authentication_error", "invalid_api_key")
        case .modelNotAllowed:
            status = .forbidden
            (type, code, param) = ("permission_error", "model_not_allowed", "model")
        case .quota(let refusal):
            self = Self.mapped(refusal, message: message)
        case .noUsage:
            status = .notFound
            code = "not_found"
        case .noSuchRoute:
            status = .notFound
            code = "not_found"
        case .noSuchGeneration:
            status = .notFound
            (code, param) = ("generation_not_found", "id")
        case .revisionRefused:
            status = .conflict
            (code, param) = ("revision_refused", "budget.tokens")
        case .methodNotAllowed(_, let methods):
            status = .methodNotAllowed
            code = "method_not_allowed"
            allowed = methods
        case .badHTTP(let number, _):
            status = HTTPStatus(code: number, reasonPhrase: HTTPStatus.phrase(ofCode: number))
            code = Self.name(ofStatus: number)
            if number >= 500 { type = "server_error" }
        case .loading:
            status = .serviceUnavailable
            (type, code) = ("unavailable_error", "loading")
            retryAfterSeconds = 5
        case .draining:
            status = .serviceUnavailable
            (type, code) = ("unavailable_error", "shutting_down")
            retryAfterSeconds = 5
        case .inference(let refusal, let promptField):
            self = Self.mapped(refusal, promptField: promptField, message: message)
        case .engineFailed:
            status = .internalServerError
            (type, code) = ("server_error", "engine_failure")
        }
    }

    init(status: HTTPStatus, code: String, message: String, param: String?) {
        self.status = status
        self.code = code
        self.message = message
        self.param = param
    }

    private static func mapped(_ refusal: QuotaRefusal, message: String) -> ErrorBody {
        var body = ErrorBody(
            status: .tooManyRequests, code: "rate_limit_exceeded", message: message, param: nil)
        body.type = "rate_limit_error"
        switch refusal {
        case .tooManyRequests(let limit, let seconds):
            // What floating point adds is no millisecond more.
            let milliseconds = Int((seconds * 1000 - 1e-6).rounded(.up))
            body.retryAfterMilliseconds = milliseconds
            body.retryAfterSeconds = (milliseconds + 999) / 1000
            body.fields[.rateLimit] = "\(limit)"
            body.fields[.rateRemaining] = "0"
            let whole = 60 - 60 / Double(limit) + seconds
            body.fields[.rateReset] = "\((whole * 1000).rounded(.up) / 1000)s"
        case .tooManyAtOnce, .heldByOthers:
            // Nobody knows when the others end.
            body.retryAfterSeconds = 1
        case .exhausted:
            (body.type, body.code) = ("insufficient_quota", "insufficient_quota")
            body.fields[.shouldRetry] = "false"
        case .ledgerFails:
            body.status = .serviceUnavailable
            (body.type, body.code) = ("unavailable_error", "ledger_unavailable")
            body.retryAfterSeconds = 5
        }
        return body
    }

    private static func mapped(
        _ error: InferenceError, promptField: String, message: String
    ) -> ErrorBody {
        func bad(_ code: String, _ param: String?) -> ErrorBody {
            ErrorBody(status: .badRequest, code: code, message: message, param: param)
        }
        switch error {
        case .unknownModel:
            return ErrorBody(
                status: .notFound, code: "model_not_found", message: message, param: "model")
        case .contextLengthExceeded:
            return bad("context_length_exceeded", promptField)
        case .emptyPrompt:
            return bad("empty_prompt", promptField)
        case .invalidToken:
            return bad("invalid_token", promptField)
        case .noChatTemplate:
            return bad("no_chat_template", promptField)
        case .templateFailed:
            return bad("template_error", promptField)
        case .insufficientMemory:
            return bad("insufficient_memory", nil)
        case .budget(let error):
            return budget(error, message: message)
        case .queueFull(_, let seconds):
            var body = ErrorBody(
                status: .tooManyRequests, code: "queue_full", message: message, param: nil)
            body.type = "rate_limit_error"
            body.retryAfterSeconds = min(max(seconds, 1), 120)
            return body
        case .shuttingDown:
            return ErrorBody(.draining)
        case .memberUnavailable:
            var body = ErrorBody(
                status: .serviceUnavailable, code: "model_unavailable", message: message,
                param: "model")
            body.type = "unavailable_error"
            return body
        case .invalidRequest(let field, _):
            return bad("invalid_value", field)
        }
    }

    private static func name(ofStatus number: Int) -> String {
        switch number {
        case 404: "not_found"
        case 405: "method_not_allowed"
        case 406: "not_acceptable"
        case 408: "request_timeout"
        case 411: "length_required"
        case 412: "precondition_failed"
        case 413: "request_too_large"
        case 414: "uri_too_long"
        case 415: "unsupported_media_type"
        case 416: "range_not_satisfiable"
        case 417: "expectation_failed"
        case 429: "too_many_connections"
        case 431: "request_header_fields_too_large"
        case 501: "not_implemented"
        case 503: "unavailable"
        case 505: "http_version_not_supported"
        default: number >= 500 ? "internal_error" : "bad_request"
        }
    }

    /// Writes the `error` member into the object being written.
    func write(into json: inout JSONWriter) {
        json.object("error") {
            $0.field("message", message)
            $0.field("type", type)
            $0.field("param", param)
            $0.field("code", code)
            if let minimum { $0.field("minimum", minimum) }
            if let predicted { $0.field("predicted_tokens", predicted) }
        }
    }
}
