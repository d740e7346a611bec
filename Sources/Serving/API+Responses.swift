import HTTP

extension API {
    /// `POST /v1/responses`.
    func responses(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        let (job, terms) = try CompletionJob.responses(body, limits: configuration)
        return try await run(job, ResponsesDialect(terms: terms))
    }
}
