extension TemplateEvaluator {
    func applyOrder(
        _ filter: TemplateFilter, to value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let name = filter.rawValue
        switch filter {
        case .sort:
            let values = try arguments.bound(
                to: ["reverse", "case_sensitive", "attribute"], of: name, line: line)
            return try sorted(value, values)
        case .dictsort:
            let values = try arguments.bound(
                to: ["case_sensitive", "by", "reverse"], of: name, line: line)
            return try sortedDictionary(value, values)
        case .unique:
            let values = try arguments.bound(
                to: ["case_sensitive", "attribute"], of: name, line: line)
            return try unique(value, values)
        case .min, .max:
            let values = try arguments.bound(
                to: ["case_sensitive", "attribute"], of: name, line: line)
            return try extreme(value, values, isMaximum: filter == .max)
        case .groupby:
            let values = try arguments.bound(
                to: ["attribute", "default", "case_sensitive"], required: 1, of: name, line: line)
            return try grouped(value, values)
        default:
            let values = try arguments.bound(to: ["attribute", "start"], of: name, line: line)
            let path = try attributePath(values[0])
            var total = values[1] ?? .integer(0)
            if case .string = total { throw failure("sum() can't sum strings") }
            for item in try iterate(value) {
                try charge(1)
                total = try sum(total, try follow(path, from: item))
            }
            return total
        }
    }

    private func foldedCase(_ value: RuntimeValue, isSensitive: Bool) -> RuntimeValue {
        if !isSensitive, case .string(let text) = value {
            return .string(PythonText.lowercased(text))
        }
        return value
    }

    private func sorted(
        _ value: RuntimeValue, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> RuntimeValue {
        let isSensitive = values[1]?.isTrue ?? false
        var paths: [[RuntimeValue]] = []
        if case .string(let text)? = values[2] {
            for part in PythonText.split(text, separator: ",", maximum: -1) {
                paths.append(try attributePath(.string(part)))
            }
        } else {
            paths = [try attributePath(values[2])]
        }
        var keyed: [(key: RuntimeValue, item: RuntimeValue)] = []
        for item in try iterate(value) {
            var keys: [RuntimeValue] = []
            for path in paths {
                keys.append(foldedCase(try follow(path, from: item), isSensitive: isSensitive))
            }
            keyed.append((try list(keys), item))
        }
        let sorted = try sorted(keyed, isReversed: values[0]?.isTrue ?? false) {
            left, right throws(TemplateError) in try self.less(left.key, right.key)
        }
        return try list(sorted.map(\.item))
    }

    private func sortedDictionary(
        _ value: RuntimeValue, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> RuntimeValue {
        try require(value)
        guard case .dictionary(let dictionary) = value else {
            throw failure("dictsort needs a mapping, not '\(value.typeName)'")
        }
        let by = try optionalString(values[1], "dictsort") ?? "key"
        guard by == "key" || by == "value" else {
            throw failure("you can only sort by either \"key\" or \"value\"")
        }
        let isSensitive = values[0]?.isTrue ?? false
        let keys = (by == "key" ? dictionary.keys : dictionary.values).map {
            foldedCase($0, isSensitive: isSensitive)
        }
        let order = try sorted(
            Array(0..<dictionary.count), isReversed: values[2]?.isTrue ?? false
        ) { left, right throws(TemplateError) in try self.less(keys[left], keys[right]) }
        let items = dictionary.items
        return try list(order.map { items[$0] })
    }

    private func unique(
        _ value: RuntimeValue, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> RuntimeValue {
        let isSensitive = values[0]?.isTrue ?? false
        let path = try attributePath(values[1])
        var seen: Set<RuntimeDictionary.Key> = []
        var kept: [RuntimeValue] = []
        for item in try iterate(value) {
            try charge(1)
            let part = foldedCase(try follow(path, from: item), isSensitive: isSensitive)
            guard let key = RuntimeDictionary.key(part) else {
                throw failure("unhashable type: '\(part.typeName)'")
            }
            if seen.insert(key).inserted { kept.append(item) }
        }
        return try generator(kept, "sync_do_unique")
    }

    private func extreme(
        _ value: RuntimeValue, _ values: [RuntimeValue?], isMaximum: Bool
    ) throws(TemplateError) -> RuntimeValue {
        let isSensitive = values[0]?.isTrue ?? false
        let path = try attributePath(values[1])
        var best: (key: RuntimeValue, item: RuntimeValue)?
        for item in try iterate(value) {
            try charge(1)
            let key = foldedCase(try follow(path, from: item), isSensitive: isSensitive)
            guard let current = best else {
                best = (key, item)
                continue
            }
            let isBetter =
                try isMaximum
                ? less(current.key, key, ">", isSwapped: true) : less(key, current.key)
            if isBetter { best = (key, item) }
        }
        return best?.item
            ?? .undefined(UndefinedValue("no aggregated item, sequence was empty"))
    }

    private func grouped(
        _ value: RuntimeValue, _ values: [RuntimeValue?]
    ) throws(TemplateError) -> RuntimeValue {
        let path = try attributePath(values[0])
        let isSensitive = values[2]?.isTrue ?? false
        var keyed: [(key: RuntimeValue, item: RuntimeValue)] = []
        for item in try iterate(value) {
            let part = try follow(path, from: item, default: values[1])
            keyed.append((foldedCase(part, isSensitive: isSensitive), item))
        }
        let sorted = try sorted(keyed, isReversed: false) {
            left, right throws(TemplateError) in try self.less(left.key, right.key)
        }
        var groups: [(key: RuntimeValue, items: [RuntimeValue])] = []
        for (key, item) in sorted {
            if let last = groups.last, try equal(last.key, key) {
                groups[groups.count - 1].items.append(item)
            } else {
                groups.append((key, [item]))
            }
        }
        var results: [RuntimeValue] = []
        for (key, items) in groups {
            var shown = key
            if !isSensitive, let first = items.first {
                shown = try follow(path, from: first, default: values[1])
            }
            let pair = RuntimeList([shown, try list(items)], isGroup: true)
            results.append(.tuple(pair))
        }
        return try list(results)
    }
}
