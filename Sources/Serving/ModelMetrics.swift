import Inference

/// What is counted of a member's completions; what is not said otherwise is of each choice.
struct ModelMetrics: Sendable {
    /// Ends by vLLM's words: `stop`, `length`, and `abort` where the client left.
    var endings = ["stop": 0, "length": 0, "abort": 0]
    /// Of each prompt, whatever the number of its choices.
    var promptTokens = Histogram(bounds: tokenBounds)
    var generationTokens = Histogram(bounds: tokenBounds)
    var reasoningTokens = Histogram(bounds: tokenBounds)
    /// Those of each prompt's longest choice.
    var mostGenerationTokens = Histogram(bounds: tokenBounds)
    /// From the request to the first token.
    var firstToken = Histogram(bounds: firstTokenBounds)
    /// From the request to the end.
    var total = Histogram(bounds: secondBounds)
    /// In the queue.
    var queue = Histogram(bounds: secondBounds)
    /// From there to the first token.
    var prefill = Histogram(bounds: secondBounds)
    /// From there to the last.
    var decode = Histogram(bounds: secondBounds)

    /// Of choices whose request named a ceiling in tokens: what it named, what held, what was spent.
    var budget = (requested: 0, effective: 0, spent: 0)
    /// Ceilings that cut a choice off or closed its thought.
    var exhausted = ["tokens": 0, "reasoning": 0, "latency": 0, "cost": 0, "context": 0]
    /// New tokens that the router expected over those that came.
    var lengthRatio = Histogram(bounds: [
        0.1, 0.25, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2, 4, 10,
    ])

    /// vLLM's: 1, 2 and 5 times the powers of ten.
    private static let tokenBounds: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000,
    ]
    /// vLLM's.
    private static let firstTokenBounds = [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20,
        40, 80, 160, 640, 2560,
    ]
    /// vLLM's, which begin at 0.3, and smaller ones for small models.
    private static let secondBounds = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30,
        40, 50, 60, 120, 240, 480, 960, 1920, 7680,
    ]
}
