import Tokenization

extension RequestFields {
    /// Fields of other servers that would change the output and that nothing here honours, with
    /// the values, besides empty ones and `false`, that ask for nothing.
    ///
    /// To ignore one of these would answer a question that was not asked.
    private static let unhonoured: [String: [TemplateValue]] = [
        "adapter_id": [],
        "allowed_token_ids": [],
        "audio": [],
        "bad_words": [],
        "best_of": [.integer(1)],
        "continue_final_message": [],
        "do_sample": [.boolean(true)],
        "dry_multiplier": [.integer(0)],
        "ebnf": [],
        "echo": [],
        "format": [],
        "function_call": [.string("auto"), .string("none")],
        "functions": [],
        "grammar": [],
        "guided_choice": [],
        "guided_grammar": [],
        "guided_regex": [],
        "images": [],
        "include_stop_str_in_output": [],
        "length_penalty": [.integer(1)],
        "logits_processors": [],
        "min_tokens": [.integer(0)],
        "mirostat": [.integer(0)],
        "modalities": [.array([.string("text")])],
        "options": [],
        "parameters": [],
        "prompt_embeds": [],
        "prompt_logprobs": [],
        "regex": [],
        "repetition_detection": [],
        "skip_special_tokens": [.boolean(true)],
        "spaces_between_special_tokens": [.boolean(true)],
        "suffix": [],
        "system": [],
        "truncate": [.integer(-1)],
        "truncate_prompt_tokens": [.integer(-1)],
        "typical_p": [.integer(1)],
        "use_beam_search": [],
        "watermark": [],
    ]

    /// Ends the reading: refuses what would change the output, lists what was ignored.
    ///
    /// - Throws: `ServingError.unsupported` for a field that would change the output.
    /// - Returns: One line for each field that was ignored.
    func leftovers() throws(ServingError) -> [String] {
        var names: [String] = []
        for name in unread {
            guard let value = peek(name) else { continue }
            if let neutral = Self.unhonoured[name] {
                guard !value.isEmpty, !value.equals(oneOf: neutral) else { continue }
                throw .unsupported(
                    path: path(of: name),
                    reason: "it would change the output and cannot be honoured; leave it out")
            }
            names.append(name)
        }
        return warnings(ignoring: names)
    }

    /// One line for each field that nobody read.
    var ignored: [String] {
        warnings(ignoring: unread.filter { peek($0) != nil })
    }

    private func warnings(ignoring names: [String]) -> [String] {
        let warnings = names.prefix(RequestLimits.warnings).map {
            "the field '\(path(of: String($0.prefix(64))))' was ignored"
        }
        let surplus = names.count - warnings.count
        return surplus > 0 ? warnings + ["\(surplus) more fields were ignored"] : warnings
    }
}

extension TemplateValue {
    /// Whether the value asks for nothing.
    fileprivate var isEmpty: Bool {
        switch self {
        case .undefined, .null, .boolean(false), .string(""): true
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }

    /// Equality that takes `1.0` for `1`.
    fileprivate func equals(oneOf others: [TemplateValue]) -> Bool {
        others.contains { other in
            if self == other { return true }
            guard let mine = exactInteger else { return false }
            return mine == other.exactInteger
        }
    }
}
