extension TemplateEvaluator {
    func call(
        _ callee: TemplateExpression, _ arguments: TemplateArguments, in scope: RuntimeScope,
        line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let function = try evaluate(callee, in: scope)
        let values = try evaluate(arguments, in: scope)
        self.line = line
        return try call(function, values)
    }

    func call(
        _ function: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        switch function {
        case .undefined(let undefined): throw failure(undefined)
        case .macro(let macro): return .string(try call(macro, arguments))
        case .method(let method): return try call(method, arguments)
        case .function(let function): return try call(function, arguments)
        case .loop(let loop): return try call(loop, arguments)
        case .joiner(let joiner):
            defer { joiner.isUsed = true }
            return joiner.isUsed ? joiner.separator : .string("")
        default: throw failure("'\(function.typeName)' object is not callable")
        }
    }

    // MARK: Macros

    private func call(
        _ macro: RuntimeMacro, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> String {
        let definition = macro.macro
        guard let outer = macro.scope else { throw failure("the macro is gone") }
        try descend()
        defer { ascend() }
        let scope = RuntimeScope(in: outer)
        var named = arguments.named
        func take(_ name: String) -> RuntimeValue? {
            named.firstIndex { $0.name == name }.map { named.remove(at: $0).value }
        }
        var values: [RuntimeValue?] = Array(
            arguments.positional.prefix(definition.parameters.count))
        for parameter in definition.parameters.dropFirst(values.count) {
            values.append(take(parameter.text))
        }
        let extra = Array(arguments.positional.dropFirst(definition.parameters.count))
        if definition.usesCaller, let callerNumber {
            scope.set(
                callerNumber,
                take("caller") ?? .undefined(UndefinedValue("no caller defined")))
        }
        if definition.usesKeywords, let keywordsNumber {
            let keywords = RuntimeDictionary()
            for (name, value) in named { try insert(.string(name), value, into: keywords) }
            scope.set(keywordsNumber, .dictionary(keywords))
        } else if let first = named.first {
            throw failure(
                "macro '\(definition.name ?? "caller")' takes no keyword argument '\(first.name)'")
        }
        if definition.usesVariadic, let variadicNumber {
            scope.set(variadicNumber, try tuple(extra))
        } else if !extra.isEmpty {
            throw failure(
                "macro '\(definition.name ?? "caller")' takes not more than "
                    + "\(definition.parameters.count) arguments")
        }
        try bind(definition.parameters, to: values, in: scope)
        let callLine = line
        defer { line = callLine }
        return try capture(definition.body, in: scope).0
    }

    private func bind(
        _ parameters: [TemplateMacro.Parameter], to values: [RuntimeValue?],
        in scope: RuntimeScope
    ) throws(TemplateError) {
        for (parameter, value) in zip(parameters, values) {
            if let value {
                scope.set(parameter.name, value)
            } else if let expression = parameter.value {
                scope.set(parameter.name, try evaluate(expression, in: scope))
            } else {
                scope.set(
                    parameter.name,
                    .undefined(
                        UndefinedValue("parameter '\(parameter.text)' was not provided")))
            }
        }
    }

    private func call(
        _ loop: RuntimeLoop, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        let values = try arguments.bound(to: ["iterable"], required: 1, of: "loop", line: line)
        guard let recursion = loop.recursion, let iterable = values[0] else {
            throw failure("the loop must have the 'recursive' marker to be called recursively")
        }
        try descend()
        defer { ascend() }
        let outer = output
        output = ""
        _ = try run(recursion.loop, over: iterable, in: recursion.scope, depth: loop.depth0 + 1)
        defer { output = outer }
        return .string(output)
    }

    // MARK: Functions

    private func call(
        _ function: TemplateFunction, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeValue {
        switch function {
        case .range: return try range(arguments)
        case .dict: return .dictionary(try dictionary(arguments))
        case .namespace:
            let attributes = try dictionary(arguments)
            var pairs: [(name: String, value: RuntimeValue)] = []
            for (key, value) in zip(attributes.keys, attributes.values) {
                guard case .string(let name) = key else { continue }
                try checkAttribute(name)
                pairs.append((name, value))
            }
            return namespace(pairs)
        case .cycler:
            guard !arguments.positional.isEmpty else {
                throw failure("at least one item has to be provided")
            }
            return .cycler(RuntimeCycler(try items(arguments.positional)))
        case .joiner:
            let values = try arguments.bound(to: ["sep"], of: "joiner", line: line)
            let joiner = RuntimeJoiner(values[0] ?? .string(", "))
            try checkDepth(joiner.depth)
            return .joiner(joiner)
        case .raiseException:
            let values = try arguments.bound(
                to: ["message"], required: 1, of: "raise_exception", line: line)
            throw .raised(try text(of: values[0] ?? .none))
        case .currentTime:
            let values = try arguments.bound(
                to: ["format"], required: 1, of: "strftime_now", line: line)
            guard case .string(let format)? = values[0] else {
                throw failure("strftime_now needs a format string")
            }
            try charge(bytes: format.utf8.count * 8)
            return .string(clock().formatted(format))
        }
    }

    private func range(_ arguments: TemplateCallArguments) throws(TemplateError) -> RuntimeValue {
        guard arguments.named.isEmpty, (1...3).contains(arguments.positional.count) else {
            throw failure("range takes 1 to 3 positional arguments")
        }
        var bounds: [Int] = []
        for value in arguments.positional {
            try require(value)
            guard let bound = value.integer else {
                throw failure("'\(value.typeName)' object cannot be interpreted as an integer")
            }
            bounds.append(bound)
        }
        let start = bounds.count == 1 ? 0 : bounds[0]
        let stop = bounds.count == 1 ? bounds[0] : bounds[1]
        let step = bounds.count == 3 ? bounds[2] : 1
        guard step != 0 else { throw failure("range step must not be zero") }
        let (span, overflow) =
            step > 0
            ? stop.subtractingReportingOverflow(start) : start.subtractingReportingOverflow(stop)
        if step > 0 ? stop <= start : stop >= start {
            return .range(RuntimeRange(start: start, stop: stop, step: step, count: 0))
        }
        let stride = step.magnitude
        let count = overflow ? UInt.max : (UInt(span) - 1) / stride + 1
        // The reference's sandbox has the same ceiling
        guard count <= 100_000 else { throw failure("range has more than 100000 items") }
        return .range(RuntimeRange(start: start, stop: stop, step: step, count: Int(count)))
    }

    /// What `dict` makes of a mapping or pairs, and of named values.
    private func dictionary(
        _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> RuntimeDictionary {
        guard arguments.positional.count <= 1 else {
            throw failure("dict takes at most 1 positional argument")
        }
        let result = RuntimeDictionary()
        switch arguments.positional.first {
        case nil: break
        case .dictionary(let dictionary)?:
            for (key, value) in zip(dictionary.keys, dictionary.values) {
                try insert(key, value, into: result)
            }
        case .some(let pairs):
            for pair in try iterate(pairs) {
                let parts = try iterate(pair)
                guard parts.count == 2 else {
                    throw failure("dictionary update sequence elements must have length 2")
                }
                try insert(parts[0], parts[1], into: result)
            }
        }
        for (name, value) in arguments.named {
            try insert(.string(name), value, into: result)
        }
        return result
    }
}
