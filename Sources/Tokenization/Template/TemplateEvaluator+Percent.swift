/// Python's % operator on strings.
extension TemplateEvaluator {
    func formatted(
        _ format: String, with value: RuntimeValue
    ) throws(TemplateError) -> String {
        var values: ArraySlice<RuntimeValue> = [value]
        if case .tuple(let tuple) = value { values = tuple.items[...] }
        var result = ""
        var rest = format[...]
        var usesKeys = false
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            guard !rest.isEmpty else { throw failure("incomplete format") }
            var mapped: RuntimeValue?
            if rest.first == "(" {
                let key = rest.dropFirst().prefix { $0 != ")" }
                rest = rest.dropFirst(key.count + 2)
                guard case .dictionary(let dictionary) = value else {
                    throw failure("format requires a mapping")
                }
                guard let item = dictionary[String(key)] else {
                    throw failure("missing format key '\(key)'")
                }
                mapped = item
                usesKeys = true
            }
            var specification = try flags(&rest)
            specification.width = try width(&rest, &values) ?? 0
            if rest.first == "." {
                rest.removeFirst()
                specification.precision = try width(&rest, &values) ?? 0
            }
            while let letter = rest.first, "hlL".contains(letter) { rest.removeFirst() }
            guard let kind = rest.popFirst() else { throw failure("incomplete format") }
            if kind == "%" {
                result += "%"
                continue
            }
            guard let argument = mapped ?? values.popFirst() else {
                throw failure("not enough arguments for format string")
            }
            let text = try converted(argument, kind, &specification)
            try check(bytes: result.utf8.count, adding: text.utf8.count)
            result += text
        }
        var isMapping = false
        if case .dictionary = value { isMapping = true }
        guard values.isEmpty || usesKeys || isMapping else {
            throw failure("not all arguments converted during string formatting")
        }
        return result
    }

    private func flags(_ rest: inout Substring) throws(TemplateError) -> Specification {
        var specification = Specification()
        while let flag = rest.first, "-+ #0".contains(flag) {
            rest.removeFirst()
            switch flag {
            case "-": (specification.fill, specification.alignment) = (" ", "<")
            case "0" where specification.alignment == nil:
                (specification.fill, specification.alignment) = ("0", "=")
            case "#": specification.isAlternate = true
            case "+", " ": if specification.sign != "+" { specification.sign = flag }
            default: break
            }
        }
        return specification
    }

    private func width(
        _ rest: inout Substring, _ values: inout ArraySlice<RuntimeValue>
    ) throws(TemplateError) -> Int? {
        guard rest.first == "*" else { return try number(&rest) }
        rest.removeFirst()
        guard let width = values.popFirst()?.integer, (0...limits.maximumOutputBytes) ~= width
        else {
            throw failure("* wants an integer")
        }
        return width
    }

    private func converted(
        _ value: RuntimeValue, _ kind: Character, _ specification: inout Specification
    ) throws(TemplateError) -> String {
        specification.kind = kind == "i" || kind == "u" ? "d" : kind
        switch kind {
        case "s", "r", "a":
            var text = kind == "s" ? try text(of: value) : try representation(of: value)
            if let precision = specification.precision {
                text = PythonText.string(text.unicodeScalars.prefix(precision))
            }
            if specification.alignment == "=" {
                (specification.fill, specification.alignment) = (" ", nil)
            }
            return try align(text, specification, default: ">")
        case "d", "i", "u", "x", "X", "o":
            try require(value)
            var integer = value.integer
            if case .number(let number) = value, kind != "x", kind != "X", kind != "o" {
                integer = Int(exactly: number.rounded(.towardZero))
            }
            guard let integer else {
                throw failure("%\(kind) format: a number is required, not \(value.typeName)")
            }
            return try align(try integerText(integer, specification), specification, default: ">")
        case "f", "F", "e", "E", "g", "G":
            try require(value)
            guard let number = value.real else {
                throw failure("must be real number, not \(value.typeName)")
            }
            return try align(try realText(number, specification), specification, default: ">")
        case "c":
            if case .string(let text) = value, text.unicodeScalars.count == 1 {
                return try align(text, specification, default: ">")
            }
            guard let code = value.integer.flatMap({ UInt32(exactly: $0) }),
                let scalar = Unicode.Scalar(code)
            else { throw failure("%c requires int or char") }
            return try align(String(scalar), specification, default: ">")
        default: throw failure("unsupported format character '\(kind)'")
        }
    }
}
