extension TemplateEvaluator {
    func call(
        _ method: RuntimeMethod, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        switch method.receiver {
        case .string(let text):
            try charge(bytes: text.utf8.count)
            return try call(method.name, of: text, arguments)
        case .markup(let text):
            try charge(bytes: text.utf8.count)
            let result = try call(method.name, of: text, arguments)
            if case .string(let text) = result { return .markup(text) }
            return result
        case .dictionary(let dictionary): return try call(method.name, of: dictionary, arguments)
        case .list(let list), .tuple(let list):
            return try call(method.name, of: list, receiver: method.receiver, arguments)
        case .loop(let loop): return try call(method.name, of: loop, arguments)
        case .cycler(let cycler):
            if method.name == "reset" {
                cycler.position = 0
                return .none
            }
            defer { cycler.position = (cycler.position + 1) % cycler.items.items.count }
            return cycler.items.items[cycler.position]
        default: return try call(method.name, ofNumber: method.receiver)
        }
    }

    private func call(
        _ name: String, ofNumber value: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        switch (name, value) {
        case ("is_integer", .number(let number)): return .boolean(number == number.rounded())
        case ("conjugate", _): return value
        case ("bit_length", _):
            guard let integer = value.integer else { break }
            return .integer(Int.bitWidth - integer.magnitude.leadingZeroBitCount)
        default: break
        }
        throw failure("'\(value.typeName)' object has no method '\(name)'")
    }

    private func call(
        _ name: String, of dictionary: RuntimeDictionary, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        func plain(_ count: ClosedRange<Int>) throws(TemplateError) -> [RuntimeValue] {
            guard arguments.named.isEmpty, count.contains(arguments.positional.count) else {
                throw failure("wrong arguments for dict.\(name)")
            }
            return arguments.positional
        }
        switch name {
        case "get":
            let values = try plain(1...2)
            guard RuntimeDictionary.key(values[0]) != nil else {
                throw failure("unhashable type: '\(values[0].typeName)'")
            }
            return dictionary[values[0]] ?? (values.count > 1 ? values[1] : .none)
        case "keys":
            _ = try plain(0...0)
            return .view(try items(dictionary.keys), of: .keys)
        case "values":
            _ = try plain(0...0)
            return .view(try items(dictionary.values), of: .values)
        case "items":
            _ = try plain(0...0)
            return .view(try items(dictionary.items), of: .items)
        case "copy":
            _ = try plain(0...0)
            return .dictionary(dictionary)
        case "fromkeys":
            let values = try plain(1...2)
            let result = RuntimeDictionary()
            for key in try iterate(values[0]) {
                try insert(key, values.count > 1 ? values[1] : .none, into: result)
            }
            return .dictionary(result)
        default: throw failure("'dict' object has no method '\(name)'")
        }
    }

    private func call(
        _ name: String, of list: RuntimeList, receiver: RuntimeValue,
        _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        guard name != "copy" else { return receiver }
        guard arguments.named.isEmpty, let wanted = arguments.positional.first else {
            throw failure("wrong arguments for \(receiver.typeName).\(name)")
        }
        var count = 0
        for (index, item) in list.items.enumerated() {
            try charge(1)
            guard try equal(item, wanted) else { continue }
            if name == "index" { return .integer(index) }
            count += 1
        }
        guard name == "count" else {
            throw failure("\(try representation(of: wanted)) is not in \(receiver.typeName)")
        }
        return .integer(count)
    }

    private func call(
        _ name: String, of loop: RuntimeLoop, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let values = arguments.positional
        if name == "cycle" {
            guard !values.isEmpty else { throw failure("no items for cycling given") }
            return values[max(0, loop.index0) % values.count]
        }
        if let changed = loop.changed, changed.count == values.count {
            var isSame = true
            for (left, right) in zip(changed, values) where isSame {
                isSame = try equal(left, right)
            }
            if isSame { return .boolean(false) }
        }
        if loop.changed == nil { keep(loop) }
        loop.changed = values
        return .boolean(true)
    }
}
