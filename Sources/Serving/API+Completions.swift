import Glibc
import HTTP

extension API {
    /// `POST /generate`.
    func generate(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let job = try CompletionJob.generate(body, limits: configuration)
        return try await run(job, as: GenerateDialect.self)
    }

    /// `POST /v1/chat/completions`.
    func chatCompletions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let job = try CompletionJob.chat(body, limits: configuration)
        return try await run(job, as: ChatDialect.self)
    }

    /// `POST /v1/completions`.
    func completions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let job = try CompletionJob.text(body, limits: configuration)
        return try await run(job, as: TextDialect.self)
    }

    private func run<Dialect: CompletionDialect>(
        _ job: CompletionJob, as dialect: Dialect.Type
    ) async throws -> HTTPResponse {
        try admit()
        let run = try await CompletionRun(
            job, id: Identifier.make(Dialect.idPrefix), created: Self.secondsSince1970,
            service: service)
        var response: HTTPResponse
        if job.streams {
            let interval = configuration.keepAliveInterval
            generations.remember(run.id, run.handles)
            response = .events { writer in
                defer { generations.forget(run.id) }
                try await run.stream(Dialect(job: job), to: writer, keepAlive: interval)
            }
        } else {
            response = Self.response(try await run.whole(Dialect(job: job)))
        }
        response.fields[.selectedModel] = run.model
        response.fields[.budgetTokens] = "\(run.budgetTokens)"
        return response
    }

    /// Lets new work in, or throws.
    func admit() throws(ServingError) {
        switch lifecycle.phase {
        case .loading: throw .loading
        case .ready: return
        case .draining: throw .draining
        }
    }

    /// The request's body as the fields of one JSON object.
    func fields(of request: HTTPRequest) async throws -> RequestFields {
        if let type = request.fields[.contentType], !Self.isJSON(type) {
            throw ServingError.badHTTP(
                status: 415,
                reason: "the content type '\(type.prefix(64))' is not supported; send "
                    + "application/json")
        }
        let body = try await request.body.collect(upTo: configuration.maximumBodyByteCount)
        guard !body.isEmpty || request.hasBody else { throw HTTPError.lengthRequired }
        return try RequestFields(json: body, limits: configuration.json)
    }

    /// Whether a body of this type may be JSON: `curl -d` calls everything a form.
    private static func isJSON(_ type: String) -> Bool {
        let bare = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return bare.isEmpty || bare.hasSuffix("/json") || bare.hasSuffix("+json")
            || bare == "application/x-www-form-urlencoded"
    }

    private static var secondsSince1970: Int {
        time(nil)
    }
}
