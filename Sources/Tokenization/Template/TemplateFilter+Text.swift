extension TemplateEvaluator {
    func applyText(
        _ filter: TemplateFilter, to value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let name = filter.rawValue
        switch filter {
        case .indent: return .string(try indented(value, arguments))
        case .truncate: return .string(try truncated(value, arguments))
        case .urlencode:
            _ = try arguments.bound(to: [], of: name, line: line)
            return .string(try urlEncoded(value))
        case .format:
            guard arguments.named.isEmpty || arguments.positional.isEmpty else {
                throw failure("format takes positional or named arguments, not both")
            }
            let text = try text(of: value)
            if arguments.named.isEmpty {
                return .string(try formatted(text, with: try tuple(arguments.positional)))
            }
            let named = RuntimeDictionary()
            for (name, value) in arguments.named {
                try insert(.string(name), value, into: named)
            }
            return .string(try formatted(text, with: .dictionary(named)))
        default: break
        }
        let text = try text(of: value)
        try charge(bytes: text.utf8.count)
        switch filter {
        case .trim:
            let values = try arguments.bound(to: ["chars"], of: name, line: line)
            return .string(
                PythonText.stripped(text, characters: try optionalString(values[0], "trim")))
        case .replace:
            let values = try arguments.bound(
                to: ["old", "new", "count"], required: 2, of: name, line: line)
            let old = try self.text(of: values[0] ?? .none)
            let new = try self.text(of: values[1] ?? .none)
            let isLimited = !(values[2]?.isNone ?? true)
            let count = isLimited ? try integer(values[2], default: -1, "replace") : -1
            return .string(try replaced(text, old, new, count))
        case .center:
            let values = try arguments.bound(to: ["width"], of: name, line: line)
            let width = try integer(values[0], default: 80, "center")
            var given = TemplateCallArguments()
            given.positional = [.integer(width)]
            return try call("center", of: text, given)
        default: break
        }
        _ = try arguments.bound(to: [], of: name, line: line)
        switch filter {
        case .upper: return .string(PythonText.uppercased(text))
        case .lower: return .string(PythonText.lowercased(text))
        case .capitalize: return .string(PythonText.capitalized(text))
        case .title: return .string(PythonText.titledWords(text))
        case .e, .escape, .forceescape: return .markup(try escaped(text))
        case .wordcount: return .integer(wordCount(text))
        default: throw failure("no filter named '\(name)'")
        }
    }

    /// The text of a value, escaped unless it counts as escaped already.
    func escapedText(of value: RuntimeValue) throws(TemplateError) -> String {
        if case .markup(let text) = value { return text }
        return try escaped(try text(of: value))
    }

    /// The text with the characters that mean something to HTML spelled out.
    func escaped(_ text: String) throws(TemplateError) -> String {
        var result = ""
        try charge(bytes: text.utf8.count * 5)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "'": result += "&#39;"
            case "\"": result += "&#34;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func wordCount(_ text: String) -> Int {
        var count = 0
        var isInWord = false
        for scalar in text.unicodeScalars {
            let isWord = scalar == "_" || PythonText.isAlphanumeric(scalar)
            if isWord, !isInWord { count += 1 }
            isInWord = isWord
        }
        return count
    }

    private func indented(
        _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        let values = try arguments.bound(to: ["width", "first", "blank"], of: "indent", line: line)
        let text = try string(value, "indent")
        var indentation: String
        if case .string(let given)? = values[0] {
            indentation = given
        } else {
            indentation = try repeated(" ", try integer(values[0], default: 4, "indent"))
        }
        let indentsBlank = values[2]?.isTrue ?? false
        let lines = PythonText.lines(text + "\n")
        let (added, overflow) = indentation.utf8.count.multipliedReportingOverflow(
            by: lines.count + 1)
        try charge(bytes: overflow ? Int.max : added + text.utf8.count)
        var result = values[1]?.isTrue ?? false ? indentation : ""
        for (index, line) in lines.enumerated() {
            if index > 0 {
                result += "\n"
                if indentsBlank || !line.isEmpty { result += indentation }
            }
            result += line
        }
        return result
    }

    private func truncated(
        _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        let values = try arguments.bound(
            to: ["length", "killwords", "end", "leeway"], of: "truncate", line: line)
        let text = try string(value, "truncate")
        let length = try integer(values[0], default: 255, "truncate")
        let end =
            try values[2].map { value throws(TemplateError) in
                try string(value, "truncate")
            } ?? "..."
        let isLeewayGiven = !(values[3]?.isNone ?? true)
        let leeway = isLeewayGiven ? try integer(values[3], default: 5, "truncate") : 5
        let room = length - end.unicodeScalars.count
        guard room >= 0 else { throw failure("truncate needs a length of at least its end") }
        guard leeway >= 0 else { throw failure("truncate needs a leeway of at least 0") }
        let scalars = text.unicodeScalars
        let (limit, overflow) = length.addingReportingOverflow(leeway)
        guard !overflow, scalars.count > limit else { return text }
        let kept = PythonText.string(scalars.prefix(room))
        if values[1]?.isTrue ?? false { return kept + end }
        return (PythonText.splitFromEnd(kept, separator: " ", maximum: 1).first ?? "") + end
    }

    private func quoted(_ text: String, forQuery: Bool) throws(TemplateError) -> String {
        try charge(bytes: text.utf8.count * 3)
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E, 0x2D, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case 0x2F where !forQuery: result += "/"
            case 0x20 where forQuery: result += "+"
            default:
                result += "%" + PythonText.hexadecimal(UInt32(byte), width: 2).uppercased()
            }
        }
        return result
    }

    private func urlEncoded(_ value: RuntimeValue) throws(TemplateError) -> String {
        var pairs: [RuntimeValue]
        switch value {
        case .dictionary(let dictionary): pairs = dictionary.items
        case .list, .tuple, .view, .generator, .range, .undefined: pairs = try iterate(value)
        default: return try quoted(try text(of: value), forQuery: false)
        }
        var parts: [String] = []
        for pair in pairs {
            let parsed = try iterate(pair)
            guard parsed.count == 2 else { throw failure("urlencode needs pairs") }
            let key = try quoted(try text(of: parsed[0]), forQuery: true)
            parts.append(key + "=" + (try quoted(try text(of: parsed[1]), forQuery: true)))
        }
        return parts.joined(separator: "&")
    }
}
