import Inference
import Tokenization

extension RequestFields {
    /// Says of a wish how long a model stays that nobody's wish decides that.
    mutating func readKeepAlive() -> [String] {
        guard take("keep_alive") != nil else { return [] }
        return [
            "'keep_alive' was ignored: a model stays in memory until another one needs its room"
        ]
    }

    /// Reads what Ollama's two routes share: options beside the others, under our names.
    fileprivate mutating func readOllamaOptions() throws(ServingError) -> [String] {
        if case .string(let name) = peek("model") {
            adopt("model", .string(name.withoutOllamaTag))
        }
        try inline("options")
        try readForm(as: "format")
        if let penalty = peek("repeat_penalty"), penalty.real != nil {
            try rename("repeat_penalty", to: "repetition_penalty")
        }
        var warnings = readKeepAlive()
        if let context = take("num_ctx") {
            warnings.append(
                "'\(path(of: "num_ctx"))' was ignored: the context is the model's own, "
                    + "not \(context.brief)")
        }
        return warnings
    }
}

extension String {
    /// A model's name without the tag that a plain one means to Ollama's clients.
    var withoutOllamaTag: String {
        hasSuffix(":latest") ? String(dropLast(":latest".count)) : self
    }
}

extension CompletionJob {
    /// Reads the body of `POST /api/chat`; `nil` where it only asks for the model to be loaded.
    static func ollamaChat(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> CompletionJob? {
        var fields = body
        if fields.peek("messages") == nil || fields.peek("messages") == .array([]) { return nil }
        let warnings = try fields.readOllamaOptions()
        let conversation = try fields.conversation()
        var job = try CompletionJob(
            prompts: [.conversation(conversation)], promptField: "messages", leastTokens: 1,
            streamsUnasked: true, fields: &fields, limits: limits)
        try job.readOllamaLogprobs(&fields)
        job.warnings += try warnings + fields.leftovers() + notes(on: conversation)
        return job
    }

    /// Reads the body of `POST /api/generate`; `nil` where it only asks for the model to be loaded.
    static func ollamaGenerate(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> CompletionJob? {
        var fields = body
        let isRaw = try fields.boolean("raw") ?? false
        guard let text = try fields.string("prompt"), !text.isEmpty else { return nil }
        let system = try fields.string("system") ?? ""
        let warnings = try fields.readOllamaOptions()
        for (name, reason) in [
            ("template", "the model's own template is used; 'raw' takes a prompt as it is"),
            ("context", "send the conversation to /api/chat instead"),
        ] where fields.peek(name) != nil && fields.peek(name) != .string("") {
            throw .unsupported(path: name, reason: reason)
        }
        let prompt: CompletionRequest.Prompt
        if isRaw {
            guard system.isEmpty else {
                throw .unsupported(path: "system", reason: "a raw prompt is completed as it is")
            }
            prompt = .text(text)
        } else {
            let turns = (system.isEmpty ? [] : [("system", system)]) + [("user", text)]
            fields.adopt("messages", conversation(of: turns))
            prompt = .conversation(try fields.conversation())
        }
        var job = try CompletionJob(
            prompts: [prompt], promptField: "prompt", leastTokens: 1, streamsUnasked: true,
            fields: &fields, limits: limits)
        if !isRaw, system.isEmpty { job.plainPrompt = text }
        try job.readOllamaLogprobs(&fields)
        job.warnings += try warnings + fields.leftovers()
        return job
    }

    private mutating func readOllamaLogprobs(_ fields: inout RequestFields) throws(ServingError) {
        guard samples == 1 else {
            throw .unsupported(path: fields.path(of: "n"), reason: "one answer is returned here")
        }
        let logprobs = try fields.chatLogprobs()
        forEachRequest { $0.topLogprobs = logprobs }
    }
}
