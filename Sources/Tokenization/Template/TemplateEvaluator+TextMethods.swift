extension TemplateEvaluator {
    /// A text argument.
    func string(
        _ value: RuntimeValue?, _ function: String
    ) throws(TemplateError) -> String {
        guard let value else { throw failure("\(function) is missing an argument") }
        try require(value)
        guard case .string(let text) = value.plain else {
            throw failure("\(function) needs a string, not '\(value.typeName)'")
        }
        return text
    }

    /// A text argument that may be absent or `None`.
    func optionalString(
        _ value: RuntimeValue?, _ function: String
    ) throws(TemplateError) -> String? {
        guard let value, !value.isNone else { return nil }
        return try string(value, function)
    }

    /// A whole number argument.
    func integer(
        _ value: RuntimeValue?, default fallback: Int, _ function: String
    ) throws(TemplateError) -> Int {
        guard let value else { return fallback }
        try require(value)
        guard let integer = value.integer else {
            throw failure("\(function) needs an integer, not '\(value.typeName)'")
        }
        return integer
    }

    private static let parameters: [String: [String]] = [
        "split": ["sep", "maxsplit"], "rsplit": ["sep", "maxsplit"], "splitlines": ["keepends"],
        "encode": ["encoding", "errors"], "expandtabs": ["tabsize"],
    ]

    /// How many arguments each method may have; those that are not named here have none.
    private static let argumentCounts: [String: Int] = [
        "strip": 1, "lstrip": 1, "rstrip": 1, "startswith": 3, "endswith": 3, "replace": 3,
        "join": 1, "removeprefix": 1, "removesuffix": 1, "find": 3, "index": 3, "rfind": 3,
        "rindex": 3, "count": 3, "partition": 1, "rpartition": 1, "center": 2, "ljust": 2,
        "rjust": 2, "zfill": 1,
    ]

    func call(
        _ name: String, of text: String, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        if name == "format" { return .string(try formatted(text, arguments)) }
        if name == "format_map" { return .string(try formattedMap(text, arguments)) }
        if let names = Self.parameters[name] {
            let values = try arguments.bound(to: names, of: "str.\(name)", line: line)
            return try split(name, text, values)
        }
        guard arguments.named.isEmpty else {
            throw failure("str.\(name) takes no keyword arguments")
        }
        let values = arguments.positional
        guard values.count <= (Self.argumentCounts[name] ?? 0) else {
            throw failure("str.\(name) got \(values.count) arguments")
        }
        func first() throws(TemplateError) -> String { try string(values.first, "str.\(name)") }
        switch name {
        case "strip", "lstrip", "rstrip":
            let characters = try optionalString(values.first, "str.\(name)")
            return .string(
                PythonText.stripped(
                    text, characters: characters,
                    side: name == "strip" ? .both : name == "lstrip" ? .leading : .trailing))
        case "upper": return .string(PythonText.uppercased(text))
        case "lower", "casefold": return .string(PythonText.lowercased(text))
        case "capitalize": return .string(PythonText.capitalized(text))
        case "title": return .string(PythonText.titlecased(text))
        case "swapcase": return .string(PythonText.swappedCase(text))
        case "startswith", "endswith": return try affix(name, text, values)
        case "replace":
            guard values.count >= 2 else { throw failure("str.replace needs two arguments") }
            let old = try first()
            let new = try string(values[1], "str.replace")
            let count = try integer(
                values.count > 2 ? values[2] : nil, default: -1, "str.replace")
            return .string(try replaced(text, old, new, count))
        case "join": return .string(try joined(try iterate(values.first ?? .none), text))
        case "removeprefix":
            let prefix = try first()
            return .string(
                text.utf8.starts(with: prefix.utf8)
                    ? String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
                    : text)
        case "removesuffix":
            let suffix = try first()
            return .string(
                !suffix.isEmpty && text.utf8.reversed().starts(with: suffix.utf8.reversed())
                    ? String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self)
                    : text)
        case "find", "index", "rfind", "rindex", "count":
            return try search(name, text, values)
        case "partition", "rpartition": return try partition(name, text, try first())
        case "center", "ljust", "rjust", "zfill": return .string(try padded(name, text, values))
        default: return try ask(name, text)
        }
    }

    private func split(
        _ name: String, _ text: String, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> RuntimeValue {
        switch name {
        case "splitlines":
            return try strings(PythonText.lines(text, keepsEnds: values[0]?.isTrue ?? false))
        case "encode": throw failure("bytes are not supported")
        case "expandtabs":
            return .string(try expandedTabs(text, try integer(values[0], default: 8, "expandtabs")))
        default: break
        }
        let separator = try optionalString(values[0], "str.\(name)")
        let maximum = try integer(values[1], default: -1, "str.\(name)")
        guard let separator else {
            return try strings(
                name == "split"
                    ? PythonText.splitWords(text, maximum: maximum)
                    : PythonText.splitWordsFromEnd(text, maximum: maximum))
        }
        guard !separator.isEmpty else { throw failure("empty separator") }
        return try strings(
            name == "split"
                ? PythonText.split(text, separator: separator, maximum: maximum)
                : PythonText.splitFromEnd(text, separator: separator, maximum: maximum))
    }

    private func expandedTabs(_ text: String, _ size: Int) throws(TemplateError) -> String {
        var result = ""
        var column = 0
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t":
                guard size > 0 else { continue }
                let width = size - column % size
                result += try repeated(" ", width)
                try check(bytes: result.utf8.count, adding: 0)
                column += width
            case "\n", "\r":
                result.unicodeScalars.append(scalar)
                column = 0
            default:
                result.unicodeScalars.append(scalar)
                column += 1
            }
        }
        return result
    }

    /// The part of `text` between two optional bounds, and where it starts.
    private func section(
        _ text: String, _ values: ArraySlice<RuntimeValue>, _ name: String
    ) throws(TemplateError) -> (scalars: ArraySlice<Unicode.Scalar>, start: Int)? {
        let scalars = Array(text.unicodeScalars)
        func bound(_ index: Int, _ fallback: Int) throws(TemplateError) -> Int {
            guard values.count > index, !values[values.startIndex + index].isNone else {
                return fallback
            }
            let bound = try integer(values[values.startIndex + index], default: fallback, name)
            return bound < 0 ? max(0, bound &+ scalars.count) : bound
        }
        let start = try bound(0, 0)
        let stop = min(try bound(1, scalars.count), scalars.count)
        guard start <= stop else { return nil }
        return (scalars[start..<stop], start)
    }

    private func affix(
        _ name: String, _ text: String, _ values: [RuntimeValue]
    ) throws(TemplateError) -> RuntimeValue {
        guard let section = try section(text, values.dropFirst(), "str.\(name)") else {
            return .boolean(false)
        }
        var candidates: [RuntimeValue] = Array(values.prefix(1))
        if case .tuple(let tuple)? = values.first { candidates = tuple.items }
        if values.isEmpty { throw failure("str.\(name) needs an argument") }
        for candidate in candidates {
            let affix = try string(candidate, "str.\(name)").unicodeScalars
            let matches =
                name == "startswith"
                ? section.scalars.starts(with: affix)
                : section.scalars.reversed().starts(with: affix.reversed())
            if matches { return .boolean(true) }
        }
        return .boolean(false)
    }

    private func search(
        _ name: String, _ text: String, _ values: [RuntimeValue]
    ) throws(TemplateError) -> RuntimeValue {
        let needle = Array(try string(values.first, "str.\(name)").unicodeScalars)
        guard let section = try section(text, values.dropFirst(), "str.\(name)") else {
            if name.hasSuffix("index") { throw failure("substring not found") }
            return .integer(name == "count" ? 0 : -1)
        }
        let haystack = Array(section.scalars)
        try charge(haystack.count)
        var found: [Int] = []
        var index = 0
        while index <= haystack.count - needle.count {
            if haystack[index..<index + needle.count].elementsEqual(needle) {
                found.append(index)
                if name == "find" || name == "index" { break }
                index += name == "count" ? max(1, needle.count) : 1
            } else {
                index += 1
            }
        }
        if name == "count" { return .integer(found.count) }
        guard let place = name.hasPrefix("r") ? found.last : found.first else {
            if name.hasSuffix("index") { throw failure("substring not found") }
            return .integer(-1)
        }
        return .integer(place + section.start)
    }

    private func partition(
        _ name: String, _ text: String, _ separator: String
    ) throws(TemplateError) -> RuntimeValue {
        guard !separator.isEmpty else { throw failure("empty separator") }
        let isForward = name == "partition"
        let parts =
            isForward
            ? PythonText.split(text, separator: separator, maximum: 1)
            : PythonText.splitFromEnd(text, separator: separator, maximum: 1)
        guard parts.count == 2 else {
            return try tuple(
                (isForward ? [text, "", ""] : ["", "", text]).map { .string($0) })
        }
        return try tuple([.string(parts[0]), .string(separator), .string(parts[1])])
    }

    private func padded(
        _ name: String, _ text: String, _ values: [RuntimeValue]
    ) throws(TemplateError) -> String {
        let width = try integer(values.first, default: 0, "str.\(name)")
        var fill = "0"
        if name != "zfill" {
            fill = values.count > 1 ? try string(values[1], "str.\(name)") : " "
            guard fill.unicodeScalars.count == 1 else {
                throw failure("the fill character must be exactly one character long")
            }
        }
        let count = text.unicodeScalars.count
        guard width > count else { return text }
        let missing = width - count
        try charge(bytes: text.utf8.count + (try repeated(fill, missing)).utf8.count)
        switch name {
        case "ljust": return text + (try repeated(fill, missing))
        case "rjust": return try repeated(fill, missing) + text
        case "center":
            // Python puts the odd blank left of even texts in odd widths
            let left = missing / 2 + (missing & width & 1)
            return try repeated(fill, left) + text + (try repeated(fill, missing - left))
        default:
            let hasSign = text.utf8.first == 0x2B || text.utf8.first == 0x2D
            let zeros = try repeated(fill, missing)
            return hasSign ? text.prefix(1) + zeros + text.dropFirst() : zeros + text
        }
    }

    func replaced(
        _ text: String, _ old: String, _ new: String, _ count: Int
    ) throws(TemplateError) -> String {
        if count == 0 { return text }
        var parts: [String]
        if old.isEmpty {
            let scalars = Array(text.unicodeScalars)
            let cuts = count < 0 ? scalars.count + 1 : min(count, scalars.count + 1)
            parts = [""] + scalars.prefix(cuts - 1).map { String($0) }
            parts.append(PythonText.string(scalars.dropFirst(cuts - 1)))
        } else {
            parts = PythonText.split(text, separator: old, maximum: count)
        }
        let (added, overflow) = new.utf8.count.multipliedReportingOverflow(by: parts.count)
        try charge(bytes: overflow ? Int.max : added + text.utf8.count)
        return parts.joined(separator: new)
    }

    /// `separator.join(items)`, which takes nothing but strings.
    private func joined(
        _ items: [RuntimeValue], _ separator: String
    ) throws(TemplateError) -> String {
        var result = ""
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item.plain else {
                throw failure(
                    "sequence item \(index): expected str instance, \(item.typeName) found")
            }
            try check(bytes: result.utf8.count, adding: separator.utf8.count + text.utf8.count)
            if index > 0 { result += separator }
            result += text
        }
        return result
    }

    private func ask(_ name: String, _ text: String) throws(TemplateError) -> RuntimeValue {
        let scalars = text.unicodeScalars
        func all(_ test: (Unicode.Scalar) -> Bool) -> RuntimeValue {
            .boolean(!scalars.isEmpty && scalars.allSatisfy(test))
        }
        switch name {
        case "isalpha": return all(PythonText.isAlphabetic)
        case "isalnum": return all(PythonText.isAlphanumeric)
        case "isdigit": return all(PythonText.isDigit)
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        case "isnumeric": return all { $0.properties.numericType != nil }
        case "isspace": return all(PythonText.isSpace)
        case "isascii": return .boolean(scalars.allSatisfy(\.isASCII))
        case "isprintable": return .boolean(scalars.allSatisfy(PythonText.isPrintable))
        case "isupper": return .boolean(PythonText.isUppercase(text))
        case "islower": return .boolean(PythonText.isLowercase(text))
        case "istitle": return .boolean(PythonText.isTitle(text))
        case "isidentifier": return .boolean(PythonText.isIdentifier(text))
        default: throw failure("str.\(name) is not supported")
        }
    }
}
