import HTTP

/// Cross-origin resource sharing: which web pages may read the answers.
struct CrossOrigin: Sendable {
    private static let allowed = [
        "authorization", "content-type", "x-request-id", "x-api-key", "accept", "traceparent",
        "tracestate",
    ]
    private static let exposed = [
        "x-request-id", "x-selected-model", "x-selected-alpha", "x-route-reason",
        "x-budget-tokens", "retry-after", "retry-after-ms", "x-should-retry",
        "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    ].joined(separator: ", ")

    /// Whose pages may read.
    let origins: ServingConfiguration.AllowedOrigins

    /// The answer to a browser's question before the request itself; `nil` if it is none.
    func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .options, request.fields[.origin] != nil,
            request.fields[.requestMethod] != nil
        else { return nil }
        var response = HTTPResponse(status: .noContent)
        response.fields[.allowMethods] = "GET, POST, PATCH, HEAD, OPTIONS"
        // The list has no wildcards for a prefix: the names asked for are answered one by one.
        let asked = (request.fields[.requestHeaders] ?? "").split(separator: ",")
            .map { $0.filter { $0 != " " }.lowercased() }
            .filter { $0.hasPrefix("x-stainless-") && HTTPField.Name($0) != nil }
        response.fields[.allowHeaders] = (Self.allowed + asked).joined(separator: ", ")
        response.fields[.maximumAge] = "600"
        return response
    }

    /// Adds the fields that let the page of `request` read `response`.
    func mark(_ response: inout HTTPResponse, for request: HTTPRequest?) {
        switch origins {
        case .any:
            response.fields[.allowOrigin] = "*"
        case .only(let known):
            response.fields.append(HTTPField(name: .vary, value: "Origin"))
            guard let origin = request?.fields[.origin], known.contains(origin) else { return }
            response.fields[.allowOrigin] = origin
        }
        response.fields[.exposeHeaders] = Self.exposed
    }
}
