import Inference
import Tokenization

/// What a request to `/v1/responses` asked, as its answer repeats it.
struct ResponsesTerms {
    /// The system's message.
    var instructions: String?
    /// Ceiling on new tokens.
    var maximumTokens: Int?
    /// The effort wished for.
    var effort: String?
    /// The sampling fields; `nil` is the model's default.
    var temperature: Double?
    var topP: Double?
    var topLogprobs: Int?
    /// The form of the answer.
    var format: TemplateValue = .object([
        TemplateValue.Pair(key: "type", value: .string("text"))
    ])
    /// The caller's own notes.
    var metadata: TemplateValue = .object([])
    /// The caller's own names.
    var user: String?
}

extension CompletionJob {
    /// Reads the body of `POST /v1/responses`; nothing is kept between two requests.
    static func responses(
        _ body: RequestFields, limits: ServingConfiguration
    ) throws(ServingError) -> (job: CompletionJob, terms: ResponsesTerms) {
        var fields = body
        try fields.refuseStoredState()
        var terms = ResponsesTerms()
        terms.instructions = try fields.string("instructions")
        terms.maximumTokens = fields.peek("max_output_tokens")?.exactInteger
        terms.temperature = fields.peek("temperature")?.real
        terms.topP = fields.peek("top_p")?.real
        if case .object(let members) = fields.peek("reasoning") {
            terms.effort = members.first { $0.key == "effort" }?.value.text
        }
        if let metadata = try fields.object("metadata") {
            terms.metadata = .object(
                metadata.names.map {
                    TemplateValue.Pair(key: $0, value: metadata.peek($0) ?? .null)
                })
        }
        terms.user = try fields.string("user")
        var warnings: [String] = []
        let logprobs = try fields.responsesLogprobs(&warnings)
        terms.topLogprobs = logprobs
        var text = try fields.object("text")
        if let format = text?.take("format") {
            terms.format = format
            try fields.adopt(format, as: "response_format", from: "text.format")
        }
        warnings += text?.ignored ?? []
        var messages = try fields.inputMessages()
        if let instructions = terms.instructions {
            messages.insert(turn("system", instructions), at: 0)
        }
        let conversation = try fields.conversation(of: messages)
        var job = try CompletionJob(
            prompts: [.conversation(conversation)], promptField: "input", leastTokens: 1,
            fields: &fields, limits: limits)
        guard job.samples == 1 else {
            throw .unsupported(path: "n", reason: "one response is returned here")
        }
        job.forEachRequest { $0.topLogprobs = logprobs }
        job.warnings += try warnings + fields.leftovers() + notes(on: conversation)
        return (job, terms)
    }

    fileprivate static func turn(_ role: String, _ text: String) -> TemplateValue {
        .object([
            TemplateValue.Pair(key: "role", value: .string(role)),
            TemplateValue.Pair(key: "content", value: .string(text)),
        ])
    }
}

extension RequestFields {
    /// Refuses what needs a memory between requests, and takes what says that none is wanted.
    fileprivate mutating func refuseStoredState() throws(ServingError) {
        let reason = "no response is kept here: send the whole conversation as 'input'"
        if try boolean("store") == true {
            throw .unsupported(path: path(of: "store"), reason: reason)
        }
        if try boolean("background") == true {
            throw .unsupported(path: path(of: "background"), reason: reason)
        }
        for name in ["previous_response_id", "conversation", "prompt"] where take(name) != nil {
            throw .unsupported(path: path(of: name), reason: reason)
        }
        let truncation = try string("truncation") ?? "disabled"
        guard truncation == "disabled" else {
            throw .unsupported(
                path: path(of: "truncation"), reason: "an input is never cut; send what fits")
        }
        if case .array(let tools) = peek("tools"), !tools.isEmpty {
            throw .unsupported(path: path(of: "tools"), reason: "no tool can be called here")
        }
        // Of one call at a time or several there is none.
        _ = take("parallel_tool_calls")
        if take("service_tier").map({ $0 != .string("auto") && $0 != .string("default") }) == true {
            throw .unsupported(path: path(of: "service_tier"), reason: "there is only one")
        }
    }

    /// Reads `include` and `top_logprobs`: how many rivals of each token are told, if tokens are.
    fileprivate mutating func responsesLogprobs(
        _ warnings: inout [String]
    ) throws(ServingError) -> Int? {
        let count = try integer("top_logprobs", in: 0...RequestLimits.topLogprobs) ?? 0
        var wanted = count > 0
        for (position, name) in (try array("include") ?? []).enumerated() {
            if name == .string("message.output_text.logprobs") {
                wanted = true
            } else {
                warnings.append("'\(path(of: "include.\(position)"))' was ignored: \(name.brief)")
            }
        }
        return wanted ? count : nil
    }

    /// Reads `input`: a text, or items of which messages and earlier thoughts are understood.
    fileprivate mutating func inputMessages() throws(ServingError) -> [TemplateValue] {
        let items: [TemplateValue]
        switch take("input") {
        case nil: throw .missing(path: path(of: "input"))
        case .string(let text): return [CompletionJob.turn("user", text)]
        case .array(let elements): items = elements
        case .some(let other): throw mismatch("input", "a string or a list of items", other)
        }
        guard !items.isEmpty else {
            throw .invalidValue(
                path: path(of: "input"), expected: "a list of at least one item", found: "none")
        }
        var messages: [TemplateValue] = []
        // An item of its own here is part of the message in a conversation.
        var thought: String?
        for (position, item) in items.enumerated() {
            guard case .object(let members) = item else {
                throw mismatch("input.\(position)", "an object", item)
            }
            var fields = RequestFields(members, path: path(of: "input.\(position)"))
            switch try fields.string("type") ?? "message" {
            case "message":
                var kept = members.filter { !["type", "id", "status"].contains($0.key) }
                if let text = thought, fields.peek("role") == .string("assistant") {
                    kept.append(
                        TemplateValue.Pair(key: "reasoning_content", value: .string(text)))
                }
                thought = nil
                messages.append(try RequestFields(kept, path: fields.path).message(kept))
            case "reasoning":
                thought = try fields.thoughtText()
            case let type:
                throw .unsupported(
                    path: fields.path(of: "type"),
                    reason: "items of type 'message' and 'reasoning' can be read, found "
                        + "'\(type.prefix(32))'")
            }
        }
        guard !messages.isEmpty else {
            throw .invalidValue(
                path: path(of: "input"), expected: "a list with a message", found: "none")
        }
        return messages
    }

    /// The thought of a reasoning item: its content, or else its summary.
    private mutating func thoughtText() throws(ServingError) -> String {
        let content = try array("content")
        let summary = try array("summary")
        let parts = content ?? summary ?? []
        var texts: [String] = []
        for (position, part) in parts.enumerated() {
            guard case .object(let members) = part,
                case .string(let text) = RequestFields(members).peek("text")
            else {
                throw .wrongType(
                    path: path(of: "content.\(position)"), expected: "an object with a 'text'",
                    found: part.kind)
            }
            texts.append(text)
        }
        return texts.joined(separator: "\n")
    }
}

extension TemplateValue {
    /// The text, if it is one.
    fileprivate var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
