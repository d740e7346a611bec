extension TemplateEvaluator {
    func applyCollection(
        _ filter: TemplateFilter, to value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let name = filter.rawValue
        switch filter {
        case .join:
            let values = try arguments.bound(to: ["d", "attribute"], of: name, line: line)
            return .string(try joined(value, values))
        case .attr:
            let values = try arguments.bound(to: ["name"], required: 1, of: name, line: line)
            return try ownAttribute(values[0] ?? .none, of: value)
        case .batch, .slice:
            let values = try arguments.bound(
                to: [filter == .batch ? "linecount" : "slices", "fill_with"], required: 1,
                of: name, line: line)
            let count = try integer(values[0], default: 1, name)
            let rows =
                try filter == .batch
                ? batches(try iterate(value), of: count, fill: values[1])
                : slices(try iterate(value), count: count, fill: values[1])
            return try generator(rows, "do_\(name)")
        default: break
        }
        _ = try arguments.bound(to: [], of: name, line: line)
        switch filter {
        case .list: return try list(try iterate(value))
        case .first: return try first(of: value)
        case .last: return try last(of: value)
        case .reverse: return try reversed(value)
        case .items:
            switch value {
            case .undefined: return try generator([], "do_items")
            case .dictionary(let dictionary):
                return try generator(dictionary.items, "do_items")
            default: throw failure("can only get item pairs from a mapping")
            }
        default: throw failure("no filter named '\(name)'")
        }
    }

    private func joined(
        _ value: RuntimeValue, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> String {
        let separator = try values[0].map { value throws(TemplateError) in try text(of: value) }
        let path = try attributePath(values[1])
        var result = ""
        for (index, item) in try iterate(value).enumerated() {
            let text = try text(of: try follow(path, from: item))
            try check(
                bytes: result.utf8.count,
                adding: text.utf8.count + (separator?.utf8.count ?? 0))
            try charge(1)
            if index > 0, let separator { result += separator }
            result += text
        }
        return result
    }

    private func first(of value: RuntimeValue) throws(TemplateError) -> RuntimeValue {
        let item: RuntimeValue?
        switch value {
        case .generator(let generator): item = generator.next()
        case .string(let text): item = text.unicodeScalars.first.map { .string(String($0)) }
        default: item = try iterate(value).first
        }
        return item ?? .undefined(UndefinedValue("no first item, sequence was empty"))
    }

    private func last(of value: RuntimeValue) throws(TemplateError) -> RuntimeValue {
        let item: RuntimeValue?
        switch value {
        case .string(let text): item = text.unicodeScalars.last.map { .string(String($0)) }
        case .list, .tuple, .range, .dictionary, .view, .undefined:
            item = try iterate(value).last
        default: throw failure("'\(value.typeName)' object is not reversible")
        }
        return item ?? .undefined(UndefinedValue("no last item, sequence was empty"))
    }

    private func reversed(_ value: RuntimeValue) throws(TemplateError) -> RuntimeValue {
        if case .string(let text) = value {
            return .string(PythonText.string(text.unicodeScalars.reversed()))
        }
        return try generator(try iterate(value).reversed(), "reversed")
    }

    /// The attribute of the `attr` filter: only what the value itself has, not a dictionary's item.
    private func ownAttribute(
        _ name: RuntimeValue, of value: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        let name = try string(name, "attr")
        try require(value)
        if case .dictionary = value, !TemplateMethods.names(value).contains(name),
            !TemplateMethods.mutating(value).contains(name),
            !TemplateMethods.internalNames.contains(name)
        {
            return .undefined(UndefinedValue("'dict object' has no attribute '\(name)'"))
        }
        return try attribute(name, of: value)
    }

    private func batches(
        _ items: [RuntimeValue], of count: Int, fill: RuntimeValue?
    ) throws(TemplateError) -> [RuntimeValue] {
        var rows: [RuntimeValue] = []
        var row: [RuntimeValue] = []
        for item in items {
            if row.count == count {
                rows.append(try list(row))
                row = []
            }
            row.append(item)
        }
        if !row.isEmpty {
            if let fill, !fill.isNone, row.count < count {
                try charge(count - row.count)
                row += Array(repeating: fill, count: count - row.count)
            }
            rows.append(try list(row))
        }
        return rows
    }

    private func slices(
        _ items: [RuntimeValue], count: Int, fill: RuntimeValue?
    ) throws(TemplateError) -> [RuntimeValue] {
        guard count != 0 else { throw failure("integer division or modulo by zero") }
        guard count > 0 else { return [] }
        try charge(count)
        let (size, extra) = (items.count / count, items.count % count)
        var rows: [RuntimeValue] = []
        var start = 0
        for index in 0..<count {
            let end = start + size + (index < extra ? 1 : 0)
            var row = Array(items[start..<end])
            if let fill, !fill.isNone, index >= extra { row.append(fill) }
            rows.append(try list(row))
            start = end
        }
        return rows
    }

    // MARK: Attributes of items

    /// The keys that an `attribute` argument such as `"function.name"` or `0` stands for.
    func attributePath(_ value: RuntimeValue?) throws(TemplateError) -> [RuntimeValue] {
        switch value {
        case nil, RuntimeValue.none?: return []
        case .string(let text)?:
            return PythonText.split(text, separator: ".", maximum: -1).map { part in
                if !part.isEmpty, let index = Int(part),
                    part.unicodeScalars.allSatisfy(PythonText.isDigit)
                {
                    return .integer(index)
                }
                return .string(part)
            }
        case .some(let key): return [key]
        }
    }

    func follow(
        _ path: [RuntimeValue], from value: RuntimeValue, default fallback: RuntimeValue? = nil
    ) throws(TemplateError) -> RuntimeValue {
        var value = value
        for key in path {
            value = try item(key, of: value)
            if value.isUndefined, let fallback, !fallback.isNone { value = fallback }
        }
        return value
    }

    // MARK: map and select

    func mapped(
        _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        guard value.isTrue else { return try generator([], "sync_do_map") }
        var results: [RuntimeValue] = []
        if arguments.positional.isEmpty,
            arguments.named.contains(where: { $0.name == "attribute" })
        {
            let values = try arguments.bound(
                to: ["attribute", "default"], of: "map", line: line)
            let path = try attributePath(values[0])
            for item in try iterate(value) {
                try charge(1)
                results.append(try follow(path, from: item, default: values[1]))
            }
            return try generator(results, "sync_do_map")
        }
        guard let first = arguments.positional.first else {
            throw failure("map requires a filter argument")
        }
        let name = try string(first, "map")
        var rest = arguments
        rest.positional.removeFirst()
        let items = try iterate(value)
        guard !items.isEmpty else { return try generator([], "sync_do_map") }
        guard let filter = TemplateFilter(rawValue: name) else {
            throw failure("no filter named '\(name)'")
        }
        try descend()
        defer { ascend() }
        for item in items {
            try charge(1)
            results.append(try apply(filter, to: item, rest))
        }
        return try generator(results, "sync_do_map")
    }

    func selected(
        _ filter: TemplateFilter, _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let name = "sync_do_\(filter.rawValue)"
        guard value.isTrue else { return try generator([], name) }
        let keeps = filter == .select || filter == .selectattr
        var rest = arguments
        var path: [RuntimeValue] = []
        if filter == .selectattr || filter == .rejectattr {
            guard let attribute = arguments.positional.first else {
                throw failure("missing parameter for attribute name")
            }
            path = try attributePath(attribute)
            rest.positional.removeFirst()
        }
        var test: TemplateTest?
        let items = try iterate(value)
        if let first = rest.positional.first, !items.isEmpty {
            let testName = try string(first, filter.rawValue)
            test = TemplateTest(rawValue: testName)
            guard test != nil else { throw failure("no test named '\(testName)'") }
            rest.positional.removeFirst()
        }
        var kept: [RuntimeValue] = []
        for item in items {
            try charge(1)
            let part = try follow(path, from: item)
            let passes =
                try test.map { test throws(TemplateError) in
                    try check(test, part, rest)
                } ?? part.isTrue
            if passes == keeps { kept.append(item) }
        }
        return try generator(kept, name)
    }
}
