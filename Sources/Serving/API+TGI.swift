import HTTP
import Inference

extension API {
    /// `POST /generate` with `inputs`, as TGI answers it.
    func generateAsTGI(_ body: RequestFields, of request: HTTPRequest) async throws -> HTTPResponse
    {
        try await telling(errorsAs: .pair, to: request) {
            try await tgi(body, streams: nil)
        }
    }

    /// `POST /generate_stream`: TGI's stream, whatever the body says.
    func generateStream(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await telling(errorsAs: .pair, to: request) {
            try await tgi(try await fields(of: request), streams: true)
        }
    }

    /// `POST /`: TGI's first route, which answers with a list of one.
    func generateList(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await telling(errorsAs: .pair, to: request) {
            try await tgi(try await fields(of: request), streams: nil, isListed: true)
        }
    }

    private func tgi(
        _ body: RequestFields, streams: Bool?, isListed: Bool = false
    ) async throws -> HTTPResponse {
        var (job, terms) = try CompletionJob.tgi(body, streams: streams, limits: configuration)
        terms.isListed = isListed
        try admit()
        if let limit = terms.truncate { try truncate(&job, to: limit) }
        var response = try await run(job, TGIDialect(terms: terms))
        if job.streams { response.fields[.computeType] = "cpu" }
        return response
    }

    /// Leaves the last tokens of the prompt.
    private func truncate(_ job: inout CompletionJob, to limit: Int) throws(ServingError) {
        guard case .text(let text) = job.requests[0].prompt else { return }
        do {
            let tokens = try service.tokenize(
                text, addSpecialTokens: true, model: job.requests[0].model)
            guard tokens.count > limit else { return }
            job.requests[0].prompt = .ids(tokens.suffix(limit).map(\.id))
        } catch {
            throw .inference(error, promptField: "inputs")
        }
    }

    /// `GET /info`: what TGI's clients ask a server about itself.
    func information() -> HTTPResponse {
        let models = service.models
        let first = models.first
        let context = models.map(\.contextLength).max() ?? 0
        return Self.response(
            JSONWriter.object {
                $0.field("model_id", first?.id)
                $0.null("model_sha")
                $0.field("model_dtype", first?.elementType)
                $0.field("model_device_type", "cpu")
                $0.field("model_pipeline_tag", "text-generation")
                $0.field("max_best_of", configuration.maximumSamples)
                $0.field("max_stop_sequences", RequestLimits.stopStrings)
                $0.field("max_input_tokens", max(0, context - 1))
                $0.field("max_total_tokens", context)
                $0.field("max_client_batch_size", 1)
                $0.field("router", "laconic")
                $0.field("version", configuration.version)
                $0.null("sha")
                $0.null("docker_label")
            })
    }
}
