import Inference
import Routing
import Tokenization

extension CompletionJob {
    /// Reads the body of `POST /v1/chat/completions`.
    static func chat(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> CompletionJob {
        var fields = body
        let conversation = try fields.conversation()
        var job = try CompletionJob(
            prompts: [.conversation(conversation)], promptField: "messages", leastTokens: 1,
            fields: &fields, limits: limits)
        let logprobs = try fields.chatLogprobs()
        job.forEachRequest { $0.topLogprobs = logprobs }
        job.warnings += try fields.leftovers() + notes(on: conversation)
        return job
    }

    /// Reads the body of `POST /v1/completions`.
    ///
    /// The text is completed as it is: no chat template, the thought and its tags are part of it.
    static func text(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> CompletionJob {
        var fields = body
        let prompts = try fields.prompts()
        var job = try CompletionJob(
            prompts: prompts, promptField: "prompt", leastTokens: 0, fields: &fields,
            limits: limits)
        try job.refuseThoughtCeilings(elsewhere: "use /generate or /v1/chat/completions")
        let logprobs = try fields.integer("logprobs", in: 0...RequestLimits.topLogprobs)
        let echo = try fields.boolean("echo") ?? false
        job.forEachRequest {
            $0.topLogprobs = logprobs
            $0.echo = echo
            $0.separatesReasoning = false
        }
        job.echoedTexts = prompts.map {
            guard case .text(let text) = $0 else { return nil }
            return text
        }
        job.warnings += try fields.leftovers()
        return job
    }

    /// Reads the body of `POST /generate`.
    ///
    /// - `prompt`: a text, asked as the user's message of a conversation unless `raw` is true or
    ///   the model has no chat template; or token ids, completed as they are.
    /// - `messages`: a conversation instead of `prompt`.
    /// - `budget`, sampling fields, `stream`, `echo`, `logprobs` (true, or the number of
    ///   alternatives), `top_logprobs`.
    static func generate(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> CompletionJob {
        var fields = body
        let raw = try fields.boolean("raw") ?? false
        var plainPrompt: String?
        let prompt: CompletionRequest.Prompt
        switch fields.take("prompt") {
        case nil:
            guard !raw else { throw .missing(path: "prompt") }
            guard fields.peek("messages") != nil else { throw .missing(path: "prompt") }
            prompt = .conversation(try fields.conversation())
        case .some where fields.peek("messages") != nil:
            throw .invalidValue(
                path: "prompt", expected: "absent beside 'messages'", found: "both")
        case .string(let text) where raw:
            prompt = .text(text)
        case .string(let text):
            plainPrompt = text
            fields.adopt("messages", conversation(of: [("user", text)]))
            prompt = .conversation(try fields.conversation())
        case .array(let elements):
            prompt = .ids(try RequestFields.tokenIDs(elements, path: "prompt"))
        case .some(let other):
            throw fields.mismatch("prompt", "a string or a list of token ids", other)
        }
        var job = try CompletionJob(
            prompts: [prompt], promptField: fields.peek("prompt") == nil ? "messages" : "prompt",
            leastTokens: 1, fields: &fields, limits: limits)
        job.plainPrompt = plainPrompt
        let logprobs = try fields.generateLogprobs()
        let echo = try fields.boolean("echo") ?? false
        job.forEachRequest {
            $0.topLogprobs = logprobs
            $0.echo = echo
        }
        job.warnings += try fields.leftovers()
        if case .conversation(let variables) = prompt { job.warnings += notes(on: variables) }
        return job
    }

    /// Messages of plain text.
    static func conversation(of turns: [(role: String, text: String)]) -> TemplateValue {
        .array(
            turns.map { turn in
                .object([
                    TemplateValue.Pair(key: "role", value: .string(turn.role)),
                    TemplateValue.Pair(key: "content", value: .string(turn.text)),
                ])
            })
    }

    /// What callers might take for more than it is.
    static func notes(on conversation: [String: TemplateValue]) -> [String] {
        var notes: [String] = []
        if conversation["tools"] != nil {
            notes.append("tools are shown to the model; calls it writes stay part of the text")
        }
        return notes
    }
}

extension RequestFields {
    /// Reads the prompts of a text completion: one or several, as text or as token ids.
    fileprivate mutating func prompts() throws(ServingError) -> [CompletionRequest.Prompt] {
        switch take("prompt") {
        case nil:
            throw .missing(path: "prompt")
        case .string(let text):
            return [.text(text)]
        case .array(let elements):
            return try prompts(elements)
        case .some(let other):
            throw mismatch("prompt", "a string, token ids or a list of either", other)
        }
    }

    private func prompts(
        _ elements: [TemplateValue]
    ) throws(ServingError) -> [CompletionRequest.Prompt] {
        guard let first = elements.first else {
            throw .invalidValue(
                path: "prompt", expected: "at least one string or token id", found: "none")
        }
        if first.exactInteger != nil {
            return [.ids(try Self.tokenIDs(elements, path: "prompt"))]
        }
        var prompts: [CompletionRequest.Prompt] = []
        for (position, element) in elements.enumerated() {
            switch element {
            case .string(let text):
                prompts.append(.text(text))
            case .array(let ids):
                prompts.append(.ids(try Self.tokenIDs(ids, path: "prompt.\(position)")))
            default:
                throw mismatch("prompt.\(position)", "a string or a list of token ids", element)
            }
        }
        return prompts
    }

    /// Chat's pair of fields: `logprobs` switches, `top_logprobs` counts.
    mutating func chatLogprobs() throws(ServingError) -> Int? {
        let wanted = try boolean("logprobs") ?? false
        let count = try integer("top_logprobs", in: 0...RequestLimits.topLogprobs)
        guard !wanted else { return count ?? 0 }
        guard (count ?? 0) == 0 else {
            throw .invalidValue(
                path: path(of: "top_logprobs"), expected: "absent unless 'logprobs' is true",
                found: "\(count ?? 0)")
        }
        return nil
    }

    /// Either spelling: `logprobs` as in chat, or as a number of alternatives.
    fileprivate mutating func generateLogprobs() throws(ServingError) -> Int? {
        guard let value = peek("logprobs"), value.exactInteger != nil else {
            return try chatLogprobs()
        }
        let alternatives = try integer("logprobs", in: 0...RequestLimits.topLogprobs)
        return try integer("top_logprobs", in: 0...RequestLimits.topLogprobs) ?? alternatives
    }
}
