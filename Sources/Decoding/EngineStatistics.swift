/// What the engine holds and has done, as of its last completed turn.
public struct EngineStatistics: Sendable, Equatable {
    /// Sequences whose pages are reserved.
    public var running = 0
    /// Sequences submitted and not yet admitted.
    public var waiting = 0
    /// Prompt tokens that the running sequences have yet to compute.
    public var promptTokensAhead = 0
    /// Pages that running sequences hold or have reserved.
    public var pagesUsed = 0
    /// Pages kept for their prefixes, neither held nor reserved, evicted when needed.
    public var pagesCached = 0
    /// Pages that exist.
    public var pageCount = 0
    /// Tokens that a page holds.
    public var pageSize = 0
    /// Forward passes so far.
    public var steps = 0
    /// Tokens drawn so far.
    public var tokensGenerated = 0
    /// Prompt tokens computed so far, reused ones excluded.
    public var tokensPrefilled = 0
    /// Prompt tokens so far whose pages were found instead of computed.
    public var prefixTokensReused = 0
    /// Sequences so far that took at least one page from the prefix cache.
    public var prefixHits = 0
    /// Seconds of a step that only decodes, of late; 0 before any was measured.
    public var secondsPerStep = 0.0
    /// Seconds of a step with part of a prompt in it, of late; 0 before any was measured.
    public var secondsPerPromptStep = 0.0
    /// Sequences that ended so far, for whatever reason, probes included.
    public var sequencesFinished = 0

    /// Prompt tokens so far that were looked for in the prefix cache.
    public var prefixTokensQueried = 0
    /// Times that tokens of a sequence were guessed.
    public var drafts = 0
    /// Tokens guessed so far.
    public var draftTokens = 0
    /// Tokens so far that were drawn as they were guessed, and so cost no step.
    public var draftTokensAccepted = 0

    /// Nothing held, nothing done.
    public init() {}
}

extension EngineStatistics {
    /// What several engines hold and have done; times are those of the slowest.
    ///
    /// - Parameter engines: The statistics of each.
    public init(sumOf engines: [EngineStatistics]) {
        self.init()
        for engine in engines {
            for count in Self.counts { self[keyPath: count] += engine[keyPath: count] }
            pageSize = max(pageSize, engine.pageSize)
            secondsPerStep = max(secondsPerStep, engine.secondsPerStep)
            secondsPerPromptStep = max(secondsPerPromptStep, engine.secondsPerPromptStep)
        }
    }

    /// What was done, without what is held and how fast it goes.
    public var counted: EngineStatistics {
        var counted = EngineStatistics()
        for count in Self.totals { counted[keyPath: count] = self[keyPath: count] }
        return counted
    }

    private static var counts: [WritableKeyPath<EngineStatistics, Int>] {
        [
            \.running, \.waiting, \.promptTokensAhead, \.pagesUsed, \.pagesCached, \.pageCount,
        ] + totals
    }

    /// What never falls.
    private static var totals: [WritableKeyPath<EngineStatistics, Int>] {
        [
            \.steps, \.tokensGenerated, \.tokensPrefilled, \.prefixTokensReused, \.prefixHits,
            \.sequencesFinished, \.prefixTokensQueried, \.drafts, \.draftTokens,
            \.draftTokensAccepted,
        ]
    }
}
