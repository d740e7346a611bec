import HTTP

extension HTTPField.Name {
    static let apiKey = known("x-api-key")
    static let requestID = known("x-request-id")
    static let selectedModel = known("x-selected-model")
    static let budgetTokens = known("x-budget-tokens")
    static let retryAfterMilliseconds = known("retry-after-ms")
    static let origin = known("origin")
    static let allowOrigin = known("access-control-allow-origin")
    static let allowMethods = known("access-control-allow-methods")
    static let allowHeaders = known("access-control-allow-headers")
    static let exposeHeaders = known("access-control-expose-headers")
    static let maximumAge = known("access-control-max-age")
    static let requestMethod = known("access-control-request-method")
    static let requestHeaders = known("access-control-request-headers")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else {
            preconditionFailure("'\(name)' is no field name")
        }
        return name
    }
}
