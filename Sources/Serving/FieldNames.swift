import HTTP

extension HTTPField.Name {
    static let apiKey = known("x-api-key")
    static let requestID = known("x-request-id")
    static let traceParent = known("traceparent")
    static let selectedModel = known("x-selected-model")
    static let budgetTokens = known("x-budget-tokens")
    static let retryAfterMilliseconds = known("retry-after-ms")
    static let shouldRetry = known("x-should-retry")
    static let rateLimit = known("x-ratelimit-limit-requests")
    static let rateRemaining = known("x-ratelimit-remaining-requests")
    static let rateReset = known("x-ratelimit-reset-requests")
    static let origin = known("origin")
    static let allowOrigin = known("access-control-allow-origin")
    static let allowMethods = known("access-control-allow-methods")
    static let allowHeaders = known("access-control-allow-headers")
    static let exposeHeaders = known("access-control-expose-headers")
    static let maximumAge = known("access-control-max-age")
    static let requestMethod = known("access-control-request-method")
    static let requestHeaders = known("access-control-request-headers")

    // What TGI says of an answer in its head.
    static let computeType = known("x-compute-type")
    static let computeTime = known("x-compute-time")
    static let computeCharacters = known("x-compute-characters")
    static let totalTime = known("x-total-time")
    static let validationTime = known("x-validation-time")
    static let queueTime = known("x-queue-time")
    static let inferenceTime = known("x-inference-time")
    static let timePerToken = known("x-time-per-token")
    static let promptTokens = known("x-prompt-tokens")
    static let generatedTokens = known("x-generated-tokens")
}
