import HTTP
import Inference
import Routing

extension API {
    /// `POST /v1/budget/quote`: the body of `/generate`, and what it would get, no token made.
    ///
    ///     {"object":"budget.quote","route":{…},"prompt_tokens":41,
    ///      "effective":{"tokens":2048,"reasoning_tokens":1984,"answer_tokens":64,"set_by":"budget"},
    ///      "expected":{"accuracy":0.93,"tokens":412.5,"cost":0.0004,"latency_ms":5300},
    ///      "cost":{"p50":…,"p90":…,"p99":…},"latency_ms":{"p50":…,"p90":…,"p99":…},
    ///      "minimum":{"tokens":9,"cost":0.00001,"latency_ms":120}}
    ///
    /// `cost` and `latency_ms` are those of the token quantiles, lowered to the ceiling. What was
    /// not measured, or has no price, is absent.
    func quote(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await fields(of: request)
        var job = try CompletionJob.generate(body, limits: configuration)
        try admit()
        Requester.narrow(&job)
        let quote = try await quote(&job)
        try Requester.check(model: quote.route.model)
        return Self.response(Self.json(quote))
    }

    private func quote(_ job: inout CompletionJob) async throws(ServingError) -> Quote {
        do {
            return try await service.quote(job.requests[0])
        } catch {
            try job.completePlainly(after: error, at: 0)
            return try await quote(&job)
        }
    }

    private static func json(_ quote: Quote) -> [UInt8] {
        let route = quote.route
        return JSONWriter.object { json in
            json.field("object", "budget.quote")
            json.field("route", route)
            json.field("prompt_tokens", quote.promptTokens)
            json.object("effective") { $0.write(route.effective) }
            json.object("expected") { json in
                if let accuracy = route.accuracy { json.field("accuracy", rounded: accuracy) }
                guard let tokens = route.meanTokens else { return }
                json.field("tokens", rounded: tokens)
                if quote.price != nil { json.field("cost", money: route.cost ?? 0) }
                json.field("latency_ms", milliseconds(quote.load, tokens))
            }
            if let predicted = route.predicted {
                write(predicted, of: quote, into: &json)
            }
            json.field("minimum", quote.minimum)
        }
    }

    private static func write(
        _ predicted: Route.Quantiles, of quote: Quote, into json: inout JSONWriter
    ) {
        let counts = [
            ("p50", predicted.p50), ("p90", predicted.p90), ("p99", predicted.p99),
        ].map { ($0.0, Double(min($0.1, quote.route.effective.tokens))) }
        if let price = quote.price {
            json.object("cost") {
                for (name, tokens) in counts {
                    $0.field(
                        name,
                        money: price.cost(
                            promptTokens: quote.promptTokens, completionTokens: tokens))
                }
            }
        }
        json.object("latency_ms") {
            for (name, tokens) in counts { $0.field(name, milliseconds(quote.load, tokens)) }
        }
    }

    private static func milliseconds(_ load: Load, _ tokens: Double) -> Int {
        Int((load.seconds(for: tokens) * 1000).rounded(.up))
    }
}
