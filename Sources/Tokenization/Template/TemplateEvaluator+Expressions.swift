extension TemplateEvaluator {
    func evaluate(
        _ expression: TemplateExpression, in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        switch expression {
        case .none: return .none
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .string(let text): return .string(text)
        case .name(let number, let line):
            self.line = line
            return value(number, in: scope)
        default:
            try charge(1)
            try descend()
            defer { ascend() }
            return try evaluateTree(expression, in: scope)
        }
    }

    private func value(_ number: Int, in scope: RuntimeScope) -> RuntimeValue {
        if let value = scope.value(number) { return value }
        let name = program.names[number]
        if let function = TemplateFunction(rawValue: name) { return .function(function) }
        return undefined(name: name)
    }

    private func evaluateTree(
        _ expression: TemplateExpression, in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        switch expression {
        case .tuple(let items): return try tuple(try evaluate(items, in: scope))
        case .list(let items): return try list(try evaluate(items, in: scope))
        case .dictionary(let entries, let line):
            return try dictionary(entries, in: scope, line: line)
        case .attribute(let operand, let name, let line):
            let value = try evaluate(operand, in: scope)
            self.line = line
            return try attribute(name, of: value)
        case .item(let operand, let key, let line):
            return try item(operand, key, in: scope, line: line)
        case .slice(let operand, let bounds, let line):
            return try slice(operand, bounds, in: scope, line: line)
        case .call(let callee, let arguments, let line):
            return try call(callee, arguments, in: scope, line: line)
        case .filter(let operand, let name, let arguments, let line):
            return try filter(operand, name, arguments, in: scope, line: line)
        case .test(let operand, let name, let arguments, let line):
            return try test(operand, name, arguments, in: scope, line: line)
        case .not(let operand): return .boolean(!(try evaluate(operand, in: scope).isTrue))
        case .negative(let operand, let line):
            return try negative(try evaluate(operand, in: scope), line: line)
        case .positive(let operand, let line):
            return try positive(try evaluate(operand, in: scope), line: line)
        case .arithmetic(let first, let operations):
            return try arithmetic(first, operations, in: scope)
        case .comparison(let first, let comparisons, let line):
            return try comparison(first, comparisons, in: scope, line: line)
        case .and(let operands): return try logical(operands, until: false, in: scope)
        case .or(let operands): return try logical(operands, until: true, in: scope)
        case .concatenation(let parts, let line):
            return try concatenation(parts, in: scope, line: line)
        case .conditional(let condition, let then, let otherwise):
            return try conditional(condition, then, otherwise, in: scope)
        default: return try evaluate(expression, in: scope)
        }
    }

    func evaluate(
        _ expressions: [TemplateExpression], in scope: RuntimeScope
    ) throws(TemplateError) -> [RuntimeValue] {
        var values: [RuntimeValue] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression, in: scope)) }
        return values
    }

    func evaluate(
        _ arguments: TemplateArguments, in scope: RuntimeScope
    ) throws(TemplateError) -> TemplateCallArguments {
        var values = TemplateCallArguments()
        if arguments.isEmpty { return values }
        values.positional = try evaluate(arguments.positional, in: scope)
        for (name, expression) in arguments.named {
            guard !values.named.contains(where: { $0.name == name }) else {
                throw failure("argument '\(name)' is repeated")
            }
            values.named.append((name, try evaluate(expression, in: scope)))
        }
        if let variadic = arguments.variadic {
            values.positional += try iterate(try evaluate(variadic, in: scope))
        }
        if let keywords = arguments.keywords {
            guard case .dictionary(let dictionary) = try evaluate(keywords, in: scope) else {
                throw failure("argument after ** must be a mapping")
            }
            for (key, value) in zip(dictionary.keys, dictionary.values) {
                guard case .string(let name) = key else {
                    throw failure("keywords must be strings")
                }
                values.named.append((name, value))
            }
        }
        return values
    }

    private func dictionary(
        _ entries: [TemplateExpression.Entry], in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let dictionary = RuntimeDictionary()
        for entry in entries {
            let key = try evaluate(entry.key, in: scope)
            let value = try evaluate(entry.value, in: scope)
            self.line = line
            try insert(key, value, into: dictionary)
        }
        return .dictionary(dictionary)
    }

    private func item(
        _ operand: TemplateExpression, _ key: TemplateExpression, in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let value = try evaluate(operand, in: scope)
        let key = try evaluate(key, in: scope)
        self.line = line
        return try item(key, of: value)
    }

    private func slice(
        _ operand: TemplateExpression, _ bounds: TemplateExpression.Bounds, in scope: RuntimeScope,
        line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let value = try evaluate(operand, in: scope)
        var parts: [RuntimeValue] = []
        for bound in [bounds.start, bounds.stop, bounds.step] {
            guard let bound else {
                parts.append(.none)
                continue
            }
            parts.append(try evaluate(bound, in: scope))
        }
        self.line = line
        return try slice(value, start: parts[0], stop: parts[1], step: parts[2])
    }

    private func filter(
        _ operand: TemplateExpression?, _ name: String, _ arguments: TemplateArguments,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        guard let operand else { throw failure("a filter without a value") }
        let value = try evaluate(operand, in: scope)
        return try apply(name, to: value, arguments, in: scope, line: line)
    }

    /// Applies a block's filters to its text.
    func apply(
        _ expression: TemplateExpression, toText text: String, in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        guard case .filter(let operand, let name, let arguments, let line) = expression else {
            return .string(text)
        }
        try descend()
        defer { ascend() }
        let value = try operand.map { expression throws(TemplateError) in
            try apply(expression, toText: text, in: scope)
        }
        return try apply(name, to: value ?? .string(text), arguments, in: scope, line: line)
    }

    private func apply(
        _ name: String, to value: RuntimeValue, _ arguments: TemplateArguments,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let arguments = try evaluate(arguments, in: scope)
        self.line = line
        guard let filter = TemplateFilter(rawValue: name) else {
            throw failure("no filter named '\(name)'")
        }
        return try apply(filter, to: value, arguments)
    }

    private func test(
        _ operand: TemplateExpression, _ name: String, _ arguments: TemplateArguments,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        let value = try evaluate(operand, in: scope)
        let arguments = try evaluate(arguments, in: scope)
        self.line = line
        guard let test = TemplateTest(rawValue: name) else {
            throw failure("no test named '\(name)'")
        }
        return .boolean(try check(test, value, arguments))
    }

    private func logical(
        _ operands: [TemplateExpression], until truth: Bool, in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        var value = RuntimeValue.none
        for operand in operands {
            value = try evaluate(operand, in: scope)
            if value.isTrue == truth { break }
        }
        return value
    }

    private func concatenation(
        _ parts: [TemplateExpression], in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        var result = ""
        for part in parts {
            let value = try evaluate(part, in: scope)
            self.line = line
            let text = try text(of: value)
            try check(bytes: result.utf8.count, adding: text.utf8.count)
            result += text
        }
        return .string(result)
    }

    private func conditional(
        _ condition: TemplateExpression, _ then: TemplateExpression,
        _ otherwise: TemplateExpression?, in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        if try evaluate(condition, in: scope).isTrue { return try evaluate(then, in: scope) }
        guard let otherwise else {
            return .undefined(
                UndefinedValue("the inline if evaluated to false and has no else section"))
        }
        return try evaluate(otherwise, in: scope)
    }

    private func comparison(
        _ first: TemplateExpression, _ comparisons: [TemplateExpression.Comparison],
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> RuntimeValue {
        var left = try evaluate(first, in: scope)
        for comparison in comparisons {
            let right = try evaluate(comparison.operand, in: scope)
            self.line = line
            guard try holds(comparison.relation, left, right) else { return .boolean(false) }
            left = right
        }
        return .boolean(true)
    }
}
