import Models

/// One response of the policy to a prompt, and what it was worth.
public struct Rollout: Sendable, Equatable {
    /// Which prompt of the step it answers.
    public var group: Int
    /// The prompt's token ids.
    public var prompt: [Int32]
    /// The response's token ids, the end of sequence included where it came.
    public var response: [Int32]
    /// The log-probability of each token of the response when it was drawn, `[response.count]`.
    public var logProbabilities: [Float]
    /// Whether it ended by itself; false where the ceiling cut it off.
    public var isFinished: Bool
    /// Whether its answer is right; never where it was cut off.
    public var isCorrect = false
    /// The length-penalised reward (arXiv 2502.04463, equation 5).
    public var reward = 0.0
    /// The reward less the mean of the others of its group (RLOO).
    public var advantage = 0.0
    /// log p - log p_reference of each token, `[response.count]`; empty where it is not asked for.
    public var logRatiosToReference: [Float] = []

    /// A response that is not graded yet.
    public init(
        group: Int, prompt: [Int32], response: [Int32], logProbabilities: [Float],
        isFinished: Bool
    ) {
        precondition(
            response.count == logProbabilities.count, "\(logProbabilities.count) probabilities")
        self.group = group
        self.prompt = prompt
        self.response = response
        self.logProbabilities = logProbabilities
        self.isFinished = isFinished
    }

    /// The advantage of each token: the response's, less what the rest of it strays from the
    /// reference, `A - β Σ_{t' ≥ t} (log p - log p_reference)`.
    ///
    /// - Parameter coefficient: β.
    /// - Returns: `[response.count]`.
    func tokenAdvantages(klCoefficient coefficient: Double) -> [Double] {
        guard coefficient > 0, !logRatiosToReference.isEmpty else {
            return Array(repeating: advantage, count: response.count)
        }
        var advantages = Array(repeating: 0.0, count: response.count)
        var strayed = 0.0
        for index in response.indices.reversed() {
            strayed += Double(logRatiosToReference[index])
            advantages[index] = advantage - coefficient * strayed
        }
        return advantages
    }
}

extension TokenBatch {
    /// Appends prompt and response, the response to be predicted.
    ///
    /// The last token of the response predicts nothing and is left out.
    mutating func append(_ rollout: Rollout) {
        let tokens = rollout.prompt + rollout.response.dropLast()
        let unasked = Array(repeating: Int32(-1), count: rollout.prompt.count - 1)
        append(tokens: tokens, targets: unasked + rollout.response)
    }
}
