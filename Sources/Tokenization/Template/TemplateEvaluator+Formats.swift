/// What Python's strings make of values: str.format, and what it shares with the % operator.
extension TemplateEvaluator {
    /// How one value is to be written.
    struct Specification {
        var fill: Character = " "
        var alignment: Character?
        var sign: Character = "-"
        var isAlternate = false
        var width = 0
        var groups: Character?
        var precision: Int?
        var kind: Character?
    }

    func align(
        _ text: String, _ specification: Specification, default alignment: Character
    ) throws(TemplateError) -> String {
        let missing = specification.width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        let fill = String(specification.fill)
        let padding = try repeated(fill, missing)
        switch specification.alignment ?? alignment {
        case "<": return text + padding
        case "^":
            return try repeated(fill, missing / 2) + text
                + (try repeated(fill, missing - missing / 2))
        case "=":
            let hasSign = text.first == "-" || text.first == "+" || text.first == " "
            return hasSign ? text.prefix(1) + padding + text.dropFirst() : padding + text
        default: return padding + text
        }
    }

    private func signed(_ text: String, isNegative: Bool, _ sign: Character) -> String {
        isNegative ? "-" + text : sign == "-" ? text : String(sign) + text
    }

    private func grouped(_ digits: String, by separator: Character?) -> String {
        guard let separator else { return digits }
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(separator) }
            result.append(digit)
        }
        return result
    }

    func integerText(
        _ value: Int, _ specification: Specification
    ) throws(TemplateError) -> String {
        let prefix: String
        var digits: String
        switch specification.kind {
        case "x", "X":
            digits = String(value.magnitude, radix: 16, uppercase: specification.kind == "X")
            prefix = specification.kind == "X" ? "0X" : "0x"
        case "o": (digits, prefix) = (String(value.magnitude, radix: 8), "0o")
        case "b": (digits, prefix) = (String(value.magnitude, radix: 2), "0b")
        default: (digits, prefix) = (grouped(String(value.magnitude), by: specification.groups), "")
        }
        if specification.isAlternate { digits = prefix + digits }
        return signed(digits, isNegative: value < 0, specification.sign)
    }

    func realText(
        _ value: Double, _ specification: Specification
    ) throws(TemplateError) -> String {
        let places = specification.precision ?? 6
        guard places <= 1000 else { throw failure("precision is too big") }
        let isNegative = value.sign == .minus && !value.isNaN
        var text: String
        switch specification.kind {
        case "%": text = PythonNumber.fixed((value * 100).magnitude, places: places) + "%"
        case "f", "F": text = PythonNumber.fixed(value.magnitude, places: places)
        case "e", "E": text = PythonNumber.scientific(value.magnitude, places: places)
        case "g", "G", "n":
            text = PythonNumber.general(value.magnitude, places: max(1, places))
        default:
            text =
                specification.precision == nil
                ? PythonNumber.text(value.magnitude)
                : PythonNumber.general(value.magnitude, places: max(1, places), keepsPoint: true)
        }
        if specification.kind == "E" || specification.kind == "G" { text = text.uppercased() }
        if let separator = specification.groups {
            let whole = text.prefix { $0 != "." && $0 != "e" && $0 != "%" }
            text = grouped(String(whole), by: separator) + text.dropFirst(whole.count)
        }
        return signed(text, isNegative: isNegative, specification.sign)
    }

    // MARK: str.format

    func formatted(
        _ format: String, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        var next = 0
        return try formatted(format[...], arguments, next: &next, isNested: false)
    }

    func formattedMap(
        _ format: String, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        guard arguments.named.isEmpty, arguments.positional.count == 1,
            case .dictionary(let dictionary) = arguments.positional[0]
        else { throw failure("format_map takes exactly one mapping") }
        var named = TemplateCallArguments()
        for (key, value) in zip(dictionary.keys, dictionary.values) {
            if case .string(let name) = key { named.named.append((name, value)) }
        }
        return try formatted(format, named)
    }

    private func formatted(
        _ format: Substring, _ arguments: TemplateCallArguments, next: inout Int, isNested: Bool
    ) throws(TemplateError) -> String {
        var result = ""
        var rest = format.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            try check(bytes: result.utf8.count, adding: 1)
            guard scalar == "{" || scalar == "}" else {
                result.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == scalar {
                rest.removeFirst()
                result.unicodeScalars.append(scalar)
                continue
            }
            guard scalar == "{" else { throw failure("single '}' encountered in format string") }
            var depth = 1
            var field = Substring.UnicodeScalarView()
            while let inner = rest.popFirst() {
                if inner == "{" { depth += 1 }
                if inner == "}" { depth -= 1 }
                if depth == 0 { break }
                field.append(inner)
            }
            guard depth == 0, !(isNested && depth > 1) else {
                throw failure("expected '}' before end of string")
            }
            let text = try replacement(
                Substring(field), arguments, next: &next, isNested: isNested)
            try check(bytes: result.utf8.count, adding: text.utf8.count)
            result += text
        }
        return result
    }

    private func replacement(
        _ field: Substring, _ arguments: TemplateCallArguments, next: inout Int, isNested: Bool
    ) throws(TemplateError) -> String {
        var name = field
        var conversion: Character?
        var specification: Substring = ""
        var brackets = 0
        for index in field.indices {
            let character = field[index]
            if character == "[" { brackets += 1 }
            if character == "]" { brackets -= 1 }
            guard brackets == 0 else { continue }
            if character == ":" {
                name = field[..<index]
                specification = field[field.index(after: index)...]
                break
            }
            if character == "!" {
                name = field[..<index]
                let rest = field[field.index(after: index)...]
                guard let letter = rest.first, rest.dropFirst().first ?? ":" == ":" else {
                    throw failure("malformed conversion in format string")
                }
                conversion = letter
                specification = rest.dropFirst(2)
                break
            }
        }
        var value = try self.field(name, arguments, next: &next)
        switch conversion {
        case nil: break
        case "r", "a": value = .string(try representation(of: value))
        case "s": value = .string(try text(of: value))
        default: throw failure("unknown conversion specifier")
        }
        guard !isNested || !specification.contains("{") else {
            throw failure("max string recursion exceeded")
        }
        let expanded =
            specification.contains("{")
            ? try formatted(specification, arguments, next: &next, isNested: true)
            : String(specification)
        return try formatted(value, expanded)
    }

    /// The value that a field's name leads to.
    private func field(
        _ name: Substring, _ arguments: TemplateCallArguments, next: inout Int
    ) throws(TemplateError) -> RuntimeValue {
        let first = name.prefix { $0 != "." && $0 != "[" }
        var rest = name.dropFirst(first.count)
        var value: RuntimeValue
        if first.isEmpty || first.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            let index = first.isEmpty ? next : Int(first) ?? Int.max
            if first.isEmpty { next += 1 }
            guard arguments.positional.indices.contains(index) else {
                throw failure("replacement index \(index) out of range for positional args")
            }
            value = arguments.positional[index]
        } else {
            guard let named = arguments.named.first(where: { $0.name == String(first) }) else {
                throw failure("missing format argument '\(first)'")
            }
            value = named.value
        }
        while let opener = rest.popFirst() {
            if opener == "." {
                let part = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest.dropFirst(part.count)
                value = try attribute(String(part), of: value)
            } else {
                let part = rest.prefix { $0 != "]" }
                rest = rest.dropFirst(part.count + 1)
                value = try item(Int(part).map { .integer($0) } ?? .string(String(part)), of: value)
            }
        }
        return value
    }

    /// `format(value, specification)`.
    private func formatted(
        _ value: RuntimeValue, _ text: String
    ) throws(TemplateError) -> String {
        if text.isEmpty { return try self.text(of: value) }
        let specification = try specification(text)
        switch value {
        case .string(let string):
            guard specification.kind == nil || specification.kind == "s" else { break }
            let part = specification.precision.map {
                PythonText.string(string.unicodeScalars.prefix($0))
            }
            return try align(part ?? string, specification, default: "<")
        case .integer, .boolean:
            guard let integer = value.integer else { break }
            switch specification.kind {
            case nil where value.typeName == "int", "d", "x", "X", "o", "b", "n":
                return try align(
                    try integerText(integer, specification), specification, default: ">")
            case "c":
                guard let code = UInt32(exactly: integer), let scalar = Unicode.Scalar(code) else {
                    throw failure("%c arg not in range")
                }
                return try align(String(scalar), specification, default: "<")
            case nil: return try align(try self.text(of: value), specification, default: ">")
            case "e", "E", "f", "F", "g", "G", "%":
                return try align(
                    try realText(Double(integer), specification), specification, default: ">")
            default: break
            }
        case .number(let number):
            guard specification.kind.map({ "eEfFgGn%".contains($0) }) ?? true else { break }
            return try align(try realText(number, specification), specification, default: ">")
        default: throw failure("unsupported format string passed to \(value.typeName).__format__")
        }
        throw failure("unknown format code for object of type '\(value.typeName)'")
    }

    private func specification(_ text: String) throws(TemplateError) -> Specification {
        var result = Specification()
        var rest = text[...]
        if let second = rest.dropFirst().first, "<>=^".contains(second), let fill = rest.first {
            result.fill = fill
            result.alignment = second
            rest = rest.dropFirst(2)
        } else if let first = rest.first, "<>=^".contains(first) {
            result.alignment = first
            rest.removeFirst()
        }
        if let sign = rest.first, "+- ".contains(sign) {
            result.sign = sign
            rest.removeFirst()
        }
        if rest.first == "#" {
            result.isAlternate = true
            rest.removeFirst()
        }
        if rest.first == "0" {
            if result.alignment == nil { (result.fill, result.alignment) = ("0", "=") }
            rest.removeFirst()
        }
        result.width = try number(&rest) ?? 0
        if let separator = rest.first, separator == "," || separator == "_" {
            result.groups = separator
            rest.removeFirst()
        }
        if rest.first == "." {
            rest.removeFirst()
            guard let precision = try number(&rest) else {
                throw failure("format specifier missing precision")
            }
            result.precision = precision
        }
        result.kind = rest.popFirst()
        guard rest.isEmpty else { throw failure("invalid format specifier") }
        return result
    }

    func number(_ text: inout Substring) throws(TemplateError) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { return nil }
        text = text.dropFirst(digits.count)
        guard let value = Int(digits), value <= limits.maximumOutputBytes else {
            throw failure("too many digits in format string")
        }
        return value
    }
}
