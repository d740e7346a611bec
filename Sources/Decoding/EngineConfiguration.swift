/// How much the engine takes on at a time.
public struct EngineConfiguration: Sendable, Equatable {
    /// Tokens that one forward pass computes at most, decodes and prompt chunks together.
    ///
    /// The larger it is, the longer a decode waits for somebody else's prompt. Below
    /// `maximumRunning`, the latest arrivals wait for their tokens until earlier ones are done.
    public var tokensPerStep = 512
    /// Sequences that run at a time at most.
    public var maximumRunning = 64
    /// Sequences that wait for a place at most; further ones are refused as `.saturated`.
    ///
    /// Of one client fewer: it may take seven times as many places as it leaves free.
    public var queueDepth = 256
    /// Who of those that wait is begun next.
    public var order = QueueOrder.shortest
    /// Whether tokens are guessed and checked together; results are the same either way.
    public var speculation = Speculation.off
    /// Rows of prompt logits that one forward pass returns at most.
    ///
    /// A row is as wide as the vocabulary, so this bounds the memory that `promptLogprobs` takes.
    public var promptLogitRowsPerStep = 64
    /// Whether full KV pages of earlier sequences are reused where prompts begin alike.
    ///
    /// Results are the same either way; how soon they come may tell one client what others asked.
    public var reusesPrefixes = true

    /// The defaults.
    public init() {}

    func checkInvariants() {
        precondition(
            tokensPerStep >= 1 && maximumRunning >= 1 && queueDepth >= 1
                && promptLogitRowsPerStep >= 1 && speculation.longest >= 0,
            "every limit of \(self) must be at least 1")
    }
}
