/// What can follow `|`.
enum TemplateFilter: String {
    case abs, attr, batch, capitalize, center, count, d, `default`, dictsort, e, escape, first
    case float, forceescape, format, groupby, indent, int, items, join, last, length, list, lower
    case map, max, min, reject, rejectattr, replace, reverse, round, safe, select, selectattr
    case slice, sort, string, sum, title, tojson, trim, truncate, unique, upper, urlencode
    case wordcount
}

extension TemplateEvaluator {
    /// `value | filter(arguments)`.
    func apply(
        _ filter: TemplateFilter, to value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        if case .markup(let text) = value {
            switch filter {
            case .e, .escape, .safe: return value
            case .default, .d: break
            case .trim, .upper, .lower, .capitalize, .title, .string:
                let result = try apply(filter, to: .string(text), arguments)
                if case .string(let text) = result { return .markup(text) }
                return result
            default: return try apply(filter, to: .string(text), arguments)
            }
        }
        switch filter {
        case .default, .d:
            let values = try arguments.bound(
                to: ["default_value", "boolean"], of: "default", line: line)
            let replaces = value.isUndefined || ((values[1]?.isTrue ?? false) && !value.isTrue)
            return replaces ? values[0] ?? .string("") : value
        case .string, .safe:
            _ = try arguments.bound(to: [], of: filter.rawValue, line: line)
            let text = try text(of: value)
            return filter == .safe ? .markup(text) : .string(text)
        case .length, .count:
            _ = try arguments.bound(to: [], of: filter.rawValue, line: line)
            return .integer(try length(of: value))
        case .tojson: return .string(try json(value, arguments))
        case .capitalize, .center, .e, .escape, .forceescape, .format, .indent, .lower, .replace,
            .title, .trim, .truncate, .upper, .urlencode, .wordcount:
            return try applyText(filter, to: value, arguments)
        case .abs, .float, .int, .round: return try applyNumber(filter, to: value, arguments)
        case .map: return try mapped(value, arguments)
        case .select, .reject, .selectattr, .rejectattr:
            return try selected(filter, value, arguments)
        case .sort, .dictsort, .unique, .min, .max, .groupby, .sum:
            return try applyOrder(filter, to: value, arguments)
        default: return try applyCollection(filter, to: value, arguments)
        }
    }

    /// `len(value)`.
    private func length(of value: RuntimeValue) throws(TemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .string(let text):
            try charge(bytes: text.utf8.count)
            return text.unicodeScalars.count
        case .list(let list), .tuple(let list), .view(let list, _): return list.items.count
        case .dictionary(let dictionary): return dictionary.count
        case .range(let range): return range.count
        case .loop(let loop): return loop.length
        default: throw failure("object of type '\(value.typeName)' has no len()")
        }
    }

    private func json(
        _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        let values = try arguments.bound(
            to: ["ensure_ascii", "indent", "separators", "sort_keys"], of: "tojson", line: line)
        var style = JSONStyle()
        style.escapesNonASCII = values[0]?.isTrue ?? false
        style.sortsKeys = values[3]?.isTrue ?? false
        switch values[1] {
        case nil, RuntimeValue.none?: break
        case .string(let text)?: style.indentation = text
        case .some(let indent):
            style.indentation = try repeated(" ", try integer(indent, default: 0, "tojson"))
        }
        if style.indentation != nil { style.itemSeparator = "," }
        if let separators = values[2], !separators.isNone {
            let parts = try iterate(separators)
            guard parts.count == 2 else { throw failure("separators must be two strings") }
            style.itemSeparator = try string(parts[0], "tojson")
            style.keySeparator = try string(parts[1], "tojson")
        }
        return try json(value, style)
    }

    // MARK: Numbers

    private func applyNumber(
        _ filter: TemplateFilter, to value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        switch filter {
        case .int:
            let values = try arguments.bound(to: ["default", "base"], of: "int", line: line)
            try requireUnlessDefault(value)
            let base = try integer(values[1], default: 10, "int")
            return try integer(value, base: base) ?? values[0] ?? .integer(0)
        case .float:
            let values = try arguments.bound(to: ["default"], of: "float", line: line)
            try requireUnlessDefault(value)
            if let real = value.real { return .number(real) }
            if case .string(let text) = value, let real = PythonNumber.parsed(text) {
                return .number(real)
            }
            return values[0] ?? .number(0)
        case .abs:
            _ = try arguments.bound(to: [], of: "abs", line: line)
            try require(value)
            if let integer = value.integer {
                guard integer != Int.min else { throw failure("an integer grew beyond 64 bits") }
                return .integer(Swift.abs(integer))
            }
            guard case .number(let number) = value else {
                throw failure("bad operand type for abs(): '\(value.typeName)'")
            }
            return .number(number.magnitude)
        default: return try rounded(value, arguments)
        }
    }

    /// Conversions of an undefined value fail rather than take their default.
    private func requireUnlessDefault(_ value: RuntimeValue) throws(TemplateError) {
        try require(value)
    }

    private func integer(
        _ value: RuntimeValue, base: Int
    ) throws(TemplateError) -> RuntimeValue? {
        if let integer = value.integer { return .integer(integer) }
        var real: Double?
        switch value {
        case .string(let text):
            if let integer = try PythonNumber.integer(text, base: base, failure) {
                return .integer(integer)
            }
            real = PythonNumber.parsed(text)
            if real?.isFinite == false { return nil }
        case .number(let number):
            if number.isNaN { return nil }
            real = number
        default: return nil
        }
        guard let real else { return nil }
        guard let integer = Int(exactly: real.rounded(.towardZero)) else {
            throw failure("cannot convert \(PythonNumber.text(real)) to a 64-bit integer")
        }
        return .integer(integer)
    }

    private func rounded(
        _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let values = try arguments.bound(to: ["precision", "method"], of: "round", line: line)
        try require(value)
        let places = try integer(values[0], default: 0, "round")
        let method = try optionalString(values[1], "round") ?? "common"
        guard ["common", "ceil", "floor"].contains(method) else {
            throw failure("method must be common, ceil or floor")
        }
        guard (-300...300) ~= places else { throw failure("precision is out of range") }
        guard let number = value.real else {
            throw failure("type \(value.typeName) doesn't define __round__ method")
        }
        let scale = PythonNumber.parsed("1e\(places)") ?? 1
        if method != "common" {
            let scaled = (number * scale).rounded(method == "ceil" ? .up : .down)
            return .number(scaled / scale)
        }
        if let integer = value.integer, places >= 0 { return .integer(integer) }
        guard number.isFinite else { return value }
        if places < 0 {
            let unit = PythonNumber.parsed("1e\(-places)") ?? 1
            let result = (number / unit).rounded(.toNearestOrEven) * unit
            if value.integer != nil, let integer = Int(exactly: result) {
                return .integer(integer)
            }
            return .number(result)
        }
        return .number(
            Double(PythonNumber.fixed(number, places: places)) ?? number)
    }
}
