import Tokenization

extension RequestFields {
    /// Fields of the request that templates may read under the same name.
    private static let templateFields = [
        "documents", "enable_thinking", "reasoning_effort", "add_generation_prompt",
    ]
    /// Variables that belong to other fields or to the server.
    private static let reservedVariables: Set<String> = [
        "messages", "tools", "chat_template", "tokenize", "bos_token", "eos_token",
    ]

    /// Reads the fields of a conversation into the chat template's variables.
    ///
    /// - Throws: `ServingError.missing` without `messages`.
    mutating func conversation() throws(ServingError) -> [String: TemplateValue] {
        guard let messages = try array("messages") else {
            throw .missing(path: path(of: "messages"))
        }
        guard !messages.isEmpty else {
            throw .invalidValue(
                path: path(of: "messages"), expected: "a list of at least one message",
                found: "none")
        }
        var read: [TemplateValue] = []
        for (position, message) in messages.enumerated() {
            guard case .object(let members) = message else {
                throw mismatch("messages.\(position)", "an object", message)
            }
            read.append(try RequestFields(members, path: "messages.\(position)").message(members))
        }
        return try conversation(of: read)
    }

    /// The chat template's variables for messages that were read already.
    mutating func conversation(
        of read: [TemplateValue]
    ) throws(ServingError) -> [String: TemplateValue] {
        var variables: [String: TemplateValue] = ["messages": .array(read)]
        for name in Self.templateFields {
            if let value = take(name) { variables[name] = value }
        }
        if let extra = try object("chat_template_kwargs") {
            for name in extra.names {
                guard !Self.reservedVariables.contains(name) else {
                    throw .unsupported(
                        path: extra.path(of: name), reason: "the server sets this variable")
                }
                if let value = extra.peek(name) { variables[name] = value }
            }
        }
        if let tools = try offeredTools() { variables["tools"] = tools }
        return variables
    }

    /// The tools that the template shows to the model; `nil` for none.
    private mutating func offeredTools() throws(ServingError) -> TemplateValue? {
        let tools = try array("tools")
        let choice = take("tool_choice")
        switch choice {
        case nil, .string("auto"): break
        case .string("none"): return nil
        case .some(let choice):
            throw .unsupported(
                path: path(of: "tool_choice"),
                reason: "only 'auto' and 'none' can be honoured, found \(choice.brief)")
        }
        guard let tools, !tools.isEmpty else { return nil }
        for (position, tool) in tools.enumerated() {
            guard case .object = tool else {
                throw mismatch("tools.\(position)", "an object", tool)
            }
        }
        return .array(tools)
    }

    /// The message as templates expect it: content in one text, no nulls, the thought's names.
    func message(
        _ members: [TemplateValue.Pair]
    ) throws(ServingError) -> TemplateValue {
        guard let role = peek("role") else { throw .missing(path: path(of: "role")) }
        guard case .string(let name) = role, !name.isEmpty else {
            throw mismatch("role", "a string that is not empty", role)
        }
        if peek("content") == nil, name != "assistant" {
            throw .missing(path: path(of: "content"))
        }
        if let images = peek("images"), images != .array([]) {
            throw .unsupported(path: path(of: "images"), reason: "only text can be read")
        }
        var written: [TemplateValue.Pair] = []
        for member in members {
            var member = member
            // OpenAI's newer name, which templates do not know.
            if member.key == "role", name == "developer" { member.value = .string("system") }
            if member.key == "content" { member.value = try content(member.value) }
            // transformers drops null members, and templates ask `'tool_calls' in message`. Those
            // of the R1 family ask for more: `content is none` where there are tool calls.
            let isMissing = member.value == .null
            if isMissing, member.key != "content" || peek("tool_calls") == nil { continue }
            written.append(member)
        }
        try nameThought(in: &written)
        return .object(written)
    }

    /// Puts a message's thought under the names that templates read it by, as transformers does
    /// (`_alias_reasoning_fields`).
    private func nameThought(in members: inout [TemplateValue.Pair]) throws(ServingError) {
        let names = ["reasoning_content", "thinking", "reasoning"]
        guard let name = names.first(where: { peek($0) != nil }), let thought = peek(name) else {
            return
        }
        guard case .string = thought else { throw mismatch(name, "a string", thought) }
        if peek("thinking") == nil {
            members.insert(TemplateValue.Pair(key: "thinking", value: thought), at: 0)
        }
        if let position = members.firstIndex(where: { $0.key == "reasoning_content" }) {
            members[position].value = thought
        } else {
            members.append(TemplateValue.Pair(key: "reasoning_content", value: thought))
        }
    }

    /// A message's text: as it is, or its text parts joined by line breaks.
    private func content(_ value: TemplateValue) throws(ServingError) -> TemplateValue {
        switch value {
        case .string, .null: return value
        case .array(let parts):
            var texts: [String] = []
            for (position, part) in parts.enumerated() {
                texts.append(try text(of: part, at: "content.\(position)"))
            }
            return .string(texts.joined(separator: "\n"))
        default: throw mismatch("content", "a string, null or a list of parts", value)
        }
    }

    private func text(of part: TemplateValue, at name: String) throws(ServingError) -> String {
        if case .string(let text) = part { return text }
        guard case .object(let members) = part else {
            throw mismatch(name, "an object", part)
        }
        let fields = RequestFields(members, path: path(of: name))
        guard let type = fields.peek("type") else {
            throw .missing(path: fields.path(of: "type"))
        }
        guard ["text", "input_text", "output_text"].contains(where: { type == .string($0) }) else {
            throw .unsupported(
                path: fields.path(of: "type"),
                reason: "only parts of type 'text' can be read, found \(type.brief)")
        }
        switch fields.peek("text") {
        case .string(let text): return text
        case nil: throw .missing(path: fields.path(of: "text"))
        case .some(let other): throw fields.mismatch("text", "a string", other)
        }
    }
}

extension TemplateValue {
    /// The kind of value, short texts quoted.
    var brief: String {
        guard case .string(let text) = self else { return kind }
        return "'\(text.prefix(32))'"
    }
}
