import Accounts
import Glibc
import HTTP

extension API {
    /// `POST /generate`: our own shape, or TGI's for a body with `inputs`.
    func generate(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        if body.isTGI { return try await generateAsTGI(body, of: request) }
        let job = try CompletionJob.generate(body, limits: configuration)
        return try await run(job, GenerateDialect(job: job))
    }

    /// `POST /v1/chat/completions`.
    func chatCompletions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let job = try CompletionJob.chat(body, limits: configuration)
        return try await run(job, ChatDialect(job: job))
    }

    /// `POST /v1/completions`.
    func completions(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let job = try CompletionJob.text(body, limits: configuration)
        return try await run(job, TextDialect(job: job))
    }

    /// Runs a job and tells of it in a dialect.
    func run<Dialect: CompletionDialect>(
        _ job: CompletionJob, _ dialect: Dialect
    ) async throws -> HTTPResponse {
        try admit()
        let account = Requester.admission?.account
        var job = job
        if let account {
            do {
                try configuration.ledger?.check(account)
            } catch {
                throw ServingError.quota(error)
            }
            Requester.narrow(&job)
        }
        let run = try await CompletionRun(
            job, id: Identifier.make(Dialect.idPrefix), created: Self.secondsSince1970,
            service: service, metrics: metrics, ledger: configuration.ledger)
        var response: HTTPResponse
        if job.streams {
            let interval = configuration.keepAliveInterval
            generations.remember(
                run.id, .init(handles: run.handles, owner: account?.name, charge: run.charge))
            response = Dialect.framing.response { writer in
                defer { generations.forget(run.id) }
                try await run.stream(dialect, to: writer, keepAlive: interval)
            }
        } else {
            let (json, fields) = try await run.whole(dialect)
            response = Self.response(json)
            for field in fields { response.fields.append(field) }
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
