import Models

/// What a model and its engine can take, as plain numbers that any thread may read.
struct RequestLimits: Sendable {
    let vocabularySize: Int
    let contextLength: Int
    let pageSize: Int
    let pageCount: Int
    let memberCount: Int
    let queueDepth: Int

    /// Alternatives per token at most: each costs its reader bytes, hostile readers included.
    static let topLogprobs = 128

    init(model: borrowing any LanguageModel, configuration: EngineConfiguration) {
        vocabularySize = model.vocabularySize
        contextLength = model.contextLength
        pageSize = model.pageSize
        pageCount = model.pageCount
        memberCount = model.memberCount
        queueDepth = configuration.queueDepth
        precondition(vocabularySize > 0 && vocabularySize <= Int32.max && pageSize > 0)
    }

    /// Pages that a sequence takes at its longest.
    ///
    /// The last new token is never computed, so it needs no room.
    func pagesNeeded(by request: SequenceRequest) -> Int {
        (request.prompt.count + request.maximumTokens - 1 + pageSize - 1) / pageSize
    }

    /// Throws unless the engine can run `request` to its ceiling.
    func validate(_ request: SequenceRequest, samples: Int) throws(DecodingError) {
        guard samples >= 1 && samples <= queueDepth else {
            throw .invalidSampleCount(samples, limit: queueDepth)
        }
        guard request.member >= 0 && request.member < memberCount else {
            throw .unknownMember(request.member, memberCount: memberCount)
        }
        guard !request.prompt.isEmpty else { throw .emptyPrompt }
        guard request.maximumTokens >= 1 else {
            throw .maximumTokensTooSmall(request.maximumTokens)
        }
        // Subtracting cannot overflow where adding the caller's numbers could.
        guard request.prompt.count <= contextLength,
            request.maximumTokens <= contextLength - request.prompt.count
        else {
            throw .contextLengthExceeded(
                promptTokens: request.prompt.count, maximumTokens: request.maximumTokens,
                contextLength: contextLength)
        }
        if let id = request.prompt.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
            throw .tokenOutOfRange(field: "prompt", id: id, vocabularySize: vocabularySize)
        }
        if let count = request.topLogprobs, count < 0 || count > Self.topLogprobs {
            throw .invalidSampling(
                field: "topLogprobs", value: Double(count), range: "0 to \(Self.topLogprobs)")
        }
        try request.sampling.validate(vocabularySize: vocabularySize)
        try request.thought?.validate(vocabularySize: vocabularySize)
        let needed = pagesNeeded(by: request)
        guard needed <= pageCount else {
            throw .insufficientPages(needed: needed, total: pageCount)
        }
    }
}
