import Accounts
public import HTTP
public import Inference
public import Logging

/// The HTTP API over a completion service.
///
/// It begins in the state *loading*: everything that needs a model answers 503 until
/// `markReady()`. `beginDraining()` makes it refuse new work while what runs goes on. Hand
/// `respond(to:)` and `errorResponse(_:)` to an `HTTPServer`, or let `makeServer(_:)` do it.
public struct API: Sendable {
    /// All routes; the table alone checks no keys and adds no header fields.
    public private(set) var endpoints = EndpointTable()
    let service: any CompletionService
    let configuration: ServingConfiguration
    let lifecycle: Lifecycle
    let rewards: RewardDesk
    let generations = RunningGenerations()
    let metrics = ServingMetrics()
    let traffic = HTTPTraffic()
    let logger: Logger
    private let authentication: Authentication
    private let crossOrigin: CrossOrigin
    private let page: PageFiles

    /// The API of `service`.
    ///
    /// - Parameters:
    ///   - service: Does the work.
    ///   - configuration: Keys, limits and intervals.
    ///   - logger: Gets one line for each request.
    public init(
        service: any CompletionService, configuration: ServingConfiguration = .init(),
        logger: Logger = Logger(label: "serving")
    ) {
        self.service = service
        self.configuration = configuration
        self.logger = logger
        let lifecycle = Lifecycle()
        self.lifecycle = lifecycle
        rewards = RewardDesk(
            service: service, model: configuration.defaultModel, settings: configuration.rewards
        ) { lifecycle.phase == .draining }
        authentication = Authentication(
            keys: configuration.keys, opensMetrics: configuration.opensMetrics)
        crossOrigin = CrossOrigin(origins: configuration.allowedOrigins)
        page = PageFiles(files: configuration.files)
        let api = self
        endpoints.add(.post, "/generate") { try await api.generate($0) }
        endpoints.add(.post, "/generate_stream") { try await api.generateStream($0) }
        endpoints.add(.post, "/") { try await api.generateList($0) }
        endpoints.add(.get, "/info") { _ in api.information() }
        endpoints.add(.post, "/v1/responses") { try await api.responses($0) }
        endpoints.add(.post, "/api/chat") { try await api.ollamaChat($0) }
        endpoints.add(.post, "/api/generate") { try await api.ollamaGenerate($0) }
        endpoints.add(.post, "/api/show") { try await api.ollamaShow($0) }
        endpoints.add(.get, "/api/tags") { _ in api.ollamaTags() }
        endpoints.add(.get, "/api/ps") { _ in api.ollamaRunning() }
        endpoints.add(.get, "/api/version", on: .loop) { _ in api.ollamaVersion() }
        endpoints.add(.get, "/tokenizer_info") { try api.tokenizerInfo($0) }
        endpoints.add(.post, "/v1/budget/quote") { try await api.quote($0) }
        endpoints.add(.patch, "/v1/generations/{id}") { try await api.reviseGeneration($0) }
        endpoints.add(.post, "/v1/chat/completions") { try await api.chatCompletions($0) }
        endpoints.add(.post, "/v1/completions") { try await api.completions($0) }
        endpoints.add(.get, "/v1/models") { _ in api.listModels() }
        endpoints.add(.get, "/v1/models/{id}") { try api.describeModel($0) }
        endpoints.add(.get, "/v1/models/{id}/{name}") { try api.describeModel($0) }
        endpoints.add(.post, "/tokenize") { try await api.tokenize($0) }
        endpoints.add(.post, "/detokenize") { try await api.detokenize($0) }
        endpoints.add(.post, "/apply-template") { try await api.applyTemplate($0) }
        endpoints.add(.post, "/v1/reward") { try await api.reward($0) }
        endpoints.add(.post, "/query") { try await api.reward($0) }
        endpoints.add(.get, "/v1/usage") { try await api.usage($0) }
        endpoints.add(.get, "/metrics") { _ in api.metricsReport() }
        endpoints.add(.get, "/health", on: .loop) { _ in api.health() }
        endpoints.add(.get, "/v1/health", on: .loop) { _ in api.health() }
        endpoints.add(.get, "/ready", on: .loop) { _ in api.readiness() }
        endpoints.add(.get, "/openapi.json") { _ in api.openAPI() }
        let routes = endpoints.routes
        endpoints.add(.get, "/") { _ in api.greeting(routes) }
    }

    /// Whether new work is taken.
    public var isReady: Bool { lifecycle.phase == .ready }

    /// The models are warm: take work.
    public func markReady() {
        lifecycle.advance(to: .ready)
    }

    /// Counts that settings were loaded again, for `/metrics`.
    ///
    /// - Parameter succeeded: Whether all of them were taken.
    public func noteReload(succeeded: Bool) {
        metrics.noteReload(succeeded: succeeded)
    }

    /// Take no new work, for good, while what runs goes on.
    public func beginDraining() {
        lifecycle.advance(to: .draining)
    }

    /// A server that answers with this API, its bodies bounded by this API's limit.
    ///
    /// - Parameter configuration: Where it listens and what it allows.
    /// - Returns: A server that listens; call its `run()`.
    /// - Throws: `SocketError` if the address cannot be had.
    public func makeServer(_ configuration: HTTPServerConfiguration) throws -> HTTPServer {
        var configuration = configuration
        configuration.limits.bodyByteCount = self.configuration.maximumBodyByteCount
        configuration.traffic = traffic
        return try HTTPServer(
            configuration: configuration, handler: { try await respond(to: $0) },
            errorBody: { errorResponse($0) })
    }

    /// Answers a request: the key, the route, the error body, the fields that every answer has.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer, also to bad requests.
    /// - Throws: `HTTPError.disconnected` or `.cancelled` when nobody waits for an answer.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        let id = Identifier.request(offered: request.fields[.requestID])
        request.fields[.requestID] = id
        let record = RequestRecord(
            id: id, peer: request.client, route: endpoints.template(for: request.target),
            keepsWords: configuration.logsPrompts)
        var response: HTTPResponse
        do {
            response = try await RequestRecord.$current.withValue(record) { [request] in
                try await answer(request, record)
            }
        } catch {
            report(record, of: request, status: nil, isWhole: false)
            throw error
        }
        response.fields[.requestID] = id
        crossOrigin.mark(&response, for: request)
        observe(&response, to: request, record)
        return response
    }

    /// The body of an answer that no handler gave.
    ///
    /// - Parameter error: What ended the request.
    /// - Returns: The error in the shape of all others.
    public func errorResponse(_ error: HTTPError) -> HTTPResponse {
        let id = Identifier.request(offered: nil)
        let body = ErrorBody(ServingError(error))
        report(error, as: body, id: id)
        var response = Self.response(body)
        response.fields[.requestID] = id
        crossOrigin.mark(&response, for: nil)
        return response
    }

    private func answer(
        _ request: HTTPRequest, _ record: RequestRecord
    ) async throws -> HTTPResponse {
        if let preflight = crossOrigin.preflight(request) { return preflight }
        do {
            if page.isAsked(by: request, isRoute: record.facts.route != nil) {
                let page = page
                let file = try await offLoop { [request] in try page.respond(to: request) }
                if let file {
                    record.note { $0.route = "page" }
                    return file
                }
            }
        } catch {
            return Self.response(try refusal(error, to: request))
        }
        let admission: Admission?
        do {
            admission = try authentication.admit(request)
        } catch {
            let shape = ErrorShape.usual(at: request.path, of: request.method)
            return Self.response(try refusal(error, to: request), as: shape)
        }
        var response = try await Requester.$admission.withValue(admission) { [request] in
            do {
                return try await endpoints.respond(to: request)
            } catch {
                return Self.response(try refusal(error, to: request))
            }
        }
        admission?.attend(&response)
        return response
    }

    /// Answers with errors in the shape of another API.
    func telling(
        errorsAs shape: ErrorShape, to request: HTTPRequest,
        _ work: () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        do {
            return try await work()
        } catch {
            return Self.response(try refusal(error, to: request), as: shape)
        }
    }

    /// What an error is told as, once it is counted.
    ///
    /// - Throws: As `body(of:to:)`.
    private func refusal(
        _ error: any Error, to request: HTTPRequest
    ) throws(HTTPError) -> ErrorBody {
        let body = try body(of: error, to: request)
        metrics.noteFailure(body.code)
        RequestRecord.current?.note { $0.failure = body.code ?? "error" }
        return body
    }

    /// What an error is told as.
    ///
    /// - Throws: `HTTPError.disconnected` or `.cancelled` where nobody is left to tell.
    private func body(
        of error: any Error, to request: HTTPRequest
    ) throws(HTTPError) -> ErrorBody {
        switch error {
        case let error as ServingError:
            return ErrorBody(error)
        case HTTPError.disconnected:
            throw .disconnected
        case HTTPError.cancelled:
            throw .cancelled
        case let error as HTTPError:
            var body = ErrorBody(ServingError(error))
            body.fields = error.fields
            return body
        case is CancellationError:
            throw .cancelled
        default:
            logger.error("\(request.method) \(request.path): \(error)")
            return ErrorBody(.engineFailed("an internal error"))
        }
    }

    /// Answers with JSON.
    static func response(_ json: [UInt8], status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(status: status, type: "application/json", bytes: json)
    }

    /// Answers with an error and the fields that tell a client what to do about it.
    static func response(_ error: ErrorBody, as shape: ErrorShape = .object) -> HTTPResponse {
        var response = response(error.json(as: shape), status: error.status)
        for field in error.fields { response.fields[field.name] = field.value }
        if error.status == .unauthorized { response.fields[.wwwAuthenticate] = "Bearer" }
        if !error.allowed.isEmpty {
            response.fields[.allow] = error.allowed.joined(separator: ", ")
        }
        if let seconds = error.retryAfterSeconds {
            response.fields[.retryAfter] = "\(seconds)"
            response.fields[.retryAfterMilliseconds] =
                "\(error.retryAfterMilliseconds ?? seconds * 1000)"
        }
        return response
    }
}

extension ServingError {
    /// The error that HTTP's own is told as.
    init(_ error: HTTPError) {
        switch error {
        case .notFound(let path):
            self = .noSuchRoute(path: path)
        case .methodNotAllowed(let method, let allowed):
            self = .methodNotAllowed(method: method, allowed: allowed)
        default:
            self = .badHTTP(status: error.status.code, reason: error.description)
        }
    }
}
