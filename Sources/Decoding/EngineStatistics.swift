/// What the engine holds and has done, as of its last completed turn.
public struct EngineStatistics: Sendable, Equatable {
    /// Sequences whose pages are reserved.
    public internal(set) var running = 0
    /// Sequences submitted and not yet admitted.
    public internal(set) var waiting = 0
    /// Prompt tokens that the running sequences have yet to compute.
    public internal(set) var promptTokensAhead = 0
    /// Pages that running sequences hold or have reserved.
    public internal(set) var pagesUsed = 0
    /// Pages kept for their prefixes, neither held nor reserved, evicted when needed.
    public internal(set) var pagesCached = 0
    /// Pages that exist.
    public internal(set) var pageCount = 0
    /// Forward passes so far.
    public internal(set) var steps = 0
    /// Tokens drawn so far.
    public internal(set) var tokensGenerated = 0
    /// Prompt tokens computed so far, reused ones excluded.
    public internal(set) var tokensPrefilled = 0
    /// Prompt tokens so far whose pages were found instead of computed.
    public internal(set) var prefixTokensReused = 0
    /// Sequences so far that took at least one page from the prefix cache.
    public internal(set) var prefixHits = 0
    /// Seconds of a step that only decodes, of late; 0 before any was measured.
    public internal(set) var secondsPerStep = 0.0
    /// Seconds of a step with part of a prompt in it, of late; 0 before any was measured.
    public internal(set) var secondsPerPromptStep = 0.0
    /// Sequences that ended so far, for whatever reason, probes included.
    public internal(set) var sequencesFinished = 0

    /// Nothing held, nothing done.
    public init() {}
}
