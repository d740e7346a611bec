/// The tokens of a sequence, counted as the penalties need them.
struct TokenHistory: Sendable {
    /// Ids in the prompt; empty unless a penalty asks for them.
    private(set) var promptIDs: Set<Int32> = []
    /// Occurrences of each id in the output; empty unless a penalty asks for them.
    private(set) var outputCounts: [Int32: Int] = [:]
    private let countsOutput: Bool

    init(prompt: [Int32], sampling: SamplingParameters) {
        if sampling.repetitionPenalty != 1 { promptIDs = Set(prompt) }
        countsOutput =
            sampling.repetitionPenalty != 1 || sampling.presencePenalty != 0
            || sampling.frequencyPenalty != 0
    }

    /// Counts a token of the output.
    mutating func append(_ id: Int32) {
        guard countsOutput else { return }
        outputCounts[id, default: 0] += 1
    }
}
