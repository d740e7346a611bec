import Inference
import Routing
import Tokenization

/// A request for text in any dialect, understood: what to run and how to answer.
struct CompletionJob {
    /// One per prompt; they differ in the prompt alone.
    var requests: [CompletionRequest]
    /// How the budget is to be spent, where the caller said so.
    let requestedPolicy: SpendingPolicy?
    /// What the caller allows, as asked.
    let asked: CeilingFields
    /// The ceilings to run under: those asked for, at least 1.
    let ceilings: CeilingFields
    /// Whether the answer is a stream of events.
    var streams = false
    /// Whether the stream ends with a usage event.
    var includesUsage = false
    /// Whether every chunk tells the usage so far.
    var tellsUsageSoFar = false
    /// Things the caller should know.
    var warnings: [String] = []
    /// The name of the field that carries the prompt, for errors about it.
    var promptField: String
    /// The prompts' own words, where they came as text and are to be echoed.
    var echoedTexts: [String?] = []
    /// Whether the caller wants no new token at all, only the echo.
    let discardsOutput: Bool
    /// Plain text to complete if the model turns out to have no chat template.
    var plainPrompt: String?

    /// Samples of each prompt.
    var samples: Int { requests.first?.samples ?? 1 }
    /// The model's name as asked.
    var requestedModel: String? { requests.first?.model }

    /// Reads the fields that every dialect shares; `requests` holds the prompts only.
    init(
        prompts: [CompletionRequest.Prompt], promptField: String, leastTokens: Int,
        streamsUnasked: Bool = false, fields: inout RequestFields, limits: ServingConfiguration
    ) throws(ServingError) {
        var template = CompletionRequest(prompt: .ids([]))
        template.alpha = try fields.alpha()
        template.model =
            try fields.modelName() ?? (template.alpha == nil ? limits.defaultModel : nil)
        template.sampling = try fields.sampling()
        requestedPolicy = try fields.choice("policy")
        template.policy = requestedPolicy ?? .route
        template.grammar = try fields.answerForm()
        template.stopStrings = try fields.stopStrings()
        template.stopIDs = Set(
            try fields.tokenIDs("stop_token_ids", atMost: RequestLimits.stopIDs) ?? [])
        template.ignoresEndOfSequence = try fields.boolean("ignore_eos") ?? false
        template.samples = try fields.integer("n", in: 1...limits.maximumSamples) ?? 1
        // OpenAI's `best_of` samples more than it returns; equal to `n` it asks for nothing.
        if fields.peek("best_of")?.exactInteger == template.samples { _ = fields.take("best_of") }
        let (choices, overflow) = prompts.count.multipliedReportingOverflow(by: template.samples)
        guard !overflow, choices <= limits.maximumChoices else {
            throw .invalidValue(
                path: "n", expected: "at most \(limits.maximumChoices) choices over all prompts",
                found: "\(prompts.count) prompts of \(template.samples)")
        }
        asked = try fields.ceilings(atLeast: leastTokens)
        // The engine always makes a token; where none is wanted, one is made and not shown.
        discardsOutput = asked.tightest == 0
        ceilings =
            discardsOutput ? CeilingFields(ceilings: RequestCeilings(maximumTokens: 1)) : asked
        template.maximumTokens = ceilings.tightest
        template.budget = ceilings.budget
        template.ceilings = ceilings.ceilings
        streams = try fields.boolean("stream") ?? streamsUnasked
        if var options = try fields.object("stream_options") {
            includesUsage = try options.boolean("include_usage") ?? false
            tellsUsageSoFar =
                try options.boolean("continuous_usage_stats") ?? false && includesUsage
            // Nothing is padded here, as who says false wants it.
            if options.peek("include_obfuscation") == .boolean(false) {
                _ = options.take("include_obfuscation")
            }
            warnings = options.ignored
        }
        template.reportsTokens = tellsUsageSoFar
        self.promptField = promptField
        requests = prompts.map { prompt in
            var request = template
            request.prompt = prompt
            return request
        }
    }

    /// Makes of a prompt whose model turned out to have no chat template one that is completed as
    /// text.
    ///
    /// - Parameters:
    ///   - error: Why the prompt was refused.
    ///   - index: Which prompt.
    /// - Throws: `error`, where text would be refused as well.
    mutating func completePlainly(
        after error: InferenceError, at index: Int
    ) throws(ServingError) {
        guard case .noChatTemplate = error, let text = plainPrompt else {
            throw .inference(error, promptField: promptField)
        }
        plainPrompt = nil
        requests[index].prompt = .text(text)
        warnings.append("the model has no chat template; the prompt was completed as text")
    }

    /// Changes every request in the same way.
    mutating func forEachRequest(_ change: (inout CompletionRequest) -> Void) {
        for index in requests.indices { change(&requests[index]) }
    }
}

extension RequestFields {
    /// Reads one word of a closed set.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ path: String
    ) throws(ServingError) -> Choice? {
        guard let word = try string(path) else { return nil }
        guard let choice = Choice(rawValue: word) else {
            throw .invalidValue(
                path: path,
                expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
                found: "'\(word.prefix(64))'")
        }
        return choice
    }

    /// Reads `alpha`; which of its values are served, the family says.
    mutating func alpha() throws(ServingError) -> Double? {
        guard let value = take("alpha") else { return nil }
        guard let alpha = value.real else { throw mismatch("alpha", "a number", value) }
        return alpha
    }

    /// Reads `model`; an empty name is no name.
    ///
    /// - Throws: Also where the key that asks may not have it.
    mutating func modelName() throws(ServingError) -> String? {
        let name = try string("model").flatMap { $0.isEmpty ? nil : $0 }
        try Requester.check(model: name)
        return name
    }
}
