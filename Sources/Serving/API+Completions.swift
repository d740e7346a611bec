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

    /// The request's body as the fields of one JSON object, whatever its content type says:
    /// plain `curl -d` calls it a form.
    func fields(of request: HTTPRequest) async throws -> RequestFields {
        let coding = request.fields[.contentEncoding]?.lowercased() ?? "identity"
        guard coding == "identity" else {
            throw ServingError.badHTTP(
                status: 415,
                reason: "the content coding '\(coding)' is not supported; send the body plain")
        }
        return try RequestFields(
            json: try await request.body.collect(upTo: configuration.maximumBodyByteCount))
    }

    private static var secondsSince1970: Int {
        time(nil)
    }
}
