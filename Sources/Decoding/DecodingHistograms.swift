/// How the decode loop's steps went, from its own clock.
public struct DecodingHistograms: Sendable, Equatable {
    /// Seconds between tokens of a sequence; `k` tokens of one step are `k` times a `k`-th.
    ///
    /// So there are as many as tokens, less one for each sequence that drew any.
    public var secondsBetweenTokens = Histogram(bounds: [
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
        0.4, 0.5, 0.75, 1, 2.5, 5,
    ])
    /// Tokens that a step computed: prompts' and sequences' own, guesses included.
    public var tokensPerStep = Histogram(bounds: [
        1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384,
    ])

    /// No step yet.
    public init() {}

    /// Adds those of another loop.
    ///
    /// - Parameter other: The other loop's.
    public mutating func add(_ other: DecodingHistograms) {
        secondsBetweenTokens.add(other.secondsBetweenTokens)
        tokensPerStep.add(other.tokensPerStep)
    }

    /// Moves what was counted into `other`.
    mutating func pour(into other: inout DecodingHistograms) {
        secondsBetweenTokens.pour(into: &other.secondsBetweenTokens)
        tokensPerStep.pour(into: &other.tokensPerStep)
    }
}
