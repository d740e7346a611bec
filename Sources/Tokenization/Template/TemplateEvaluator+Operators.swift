import Glibc

extension TemplateEvaluator {
    func arithmetic(
        _ first: TemplateExpression, _ operations: [TemplateExpression.Operation],
        in scope: RuntimeScope
    ) throws(TemplateError) -> RuntimeValue {
        var value = try evaluate(first, in: scope)
        for operation in operations {
            let operand = try evaluate(operation.operand, in: scope)
            line = operation.line
            try charge(1)
            value = try apply(operation.symbol, value, operand)
        }
        return value
    }

    private func apply(
        _ symbol: TemplateToken.Symbol, _ left: RuntimeValue, _ right: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        if symbol == .modulo, case .string(let format) = left.plain {
            return .string(try formatted(format, with: right))
        }
        try require(left)
        try require(right)
        switch symbol {
        case .add: return try sum(left, right)
        case .multiply: return try product(left, right)
        default: break
        }
        if let left = left.integer, let right = right.integer {
            return try integral(symbol, left, right)
        }
        if let left = left.real, let right = right.real {
            return try real(symbol, left, right)
        }
        throw mismatch(symbol.rawValue, left, right)
    }

    private func mismatch(
        _ operation: String, _ left: RuntimeValue, _ right: RuntimeValue
    ) -> TemplateError {
        failure(
            "unsupported operand types for \(operation): '\(left.typeName)' and "
                + "'\(right.typeName)'")
    }

    private func checked(
        _ result: (partialValue: Int, overflow: Bool)
    ) throws(TemplateError) -> RuntimeValue {
        guard !result.overflow else { throw failure("an integer grew beyond 64 bits") }
        return .integer(result.partialValue)
    }

    func sum(_ left: RuntimeValue, _ right: RuntimeValue) throws(TemplateError) -> RuntimeValue {
        if let left = left.integer, let right = right.integer {
            return try checked(left.addingReportingOverflow(right))
        }
        if let left = left.real, let right = right.real { return .number(left + right) }
        switch (left, right) {
        case (.string(let left), .string(let right)):
            try charge(bytes: left.utf8.count + right.utf8.count)
            return .string(left + right)
        case (.markup, .string), (.string, .markup), (.markup, .markup):
            return .markup(try escapedText(of: left) + (try escapedText(of: right)))
        case (.list(let left), .list(let right)):
            return try list(left.items + right.items)
        case (.tuple(let left), .tuple(let right)):
            return try tuple(left.items + right.items)
        default:
            try require(left)
            try require(right)
            throw mismatch("+", left, right)
        }
    }

    private func product(
        _ left: RuntimeValue, _ right: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        if let left = left.integer, let right = right.integer {
            return try checked(left.multipliedReportingOverflow(by: right))
        }
        if let left = left.real, let right = right.real { return .number(left * right) }
        if let count = right.integer { return try repeated(left, count, right) }
        if let count = left.integer { return try repeated(right, count, left) }
        throw mismatch("*", left, right)
    }

    private func repeated(
        _ value: RuntimeValue, _ count: Int, _ other: RuntimeValue
    ) throws(TemplateError) -> RuntimeValue {
        let count = max(0, count)
        switch value {
        case .string(let text): return .string(try repeated(text, count))
        case .markup(let text): return .markup(try repeated(text, count))
        case .list(let items), .tuple(let items):
            let (total, overflow) = items.items.count.multipliedReportingOverflow(by: count)
            try charge(overflow ? limits.maximumSteps : total)
            var result: [RuntimeValue] = []
            result.reserveCapacity(total)
            for _ in 0..<(items.items.isEmpty ? 0 : count) { result += items.items }
            if case .list = value { return try list(result) }
            return try tuple(result)
        default: throw mismatch("*", value, other)
        }
    }

    /// A text so many times.
    func repeated(_ text: String, _ count: Int) throws(TemplateError) -> String {
        let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
        try charge(bytes: overflow ? Int.max : bytes)
        return text.isEmpty ? "" : String(repeating: text, count: max(0, count))
    }

    private func integral(
        _ symbol: TemplateToken.Symbol, _ left: Int, _ right: Int
    ) throws(TemplateError) -> RuntimeValue {
        switch symbol {
        case .subtract: return try checked(left.subtractingReportingOverflow(right))
        case .divide:
            guard right != 0 else { throw failure("division by zero") }
            return .number(Double(left) / Double(right))
        case .floorDivide, .modulo:
            guard right != 0 else { throw failure("integer division or modulo by zero") }
            let (quotient, overflow) = left.dividedReportingOverflow(by: right)
            guard !overflow else {
                if symbol == .modulo { return .integer(0) }
                throw failure("an integer grew beyond 64 bits")
            }
            let remainder = left - quotient * right
            let isShort = remainder != 0 && (remainder < 0) != (right < 0)
            return .integer(
                symbol == .modulo
                    ? (isShort ? remainder + right : remainder)
                    : (isShort ? quotient - 1 : quotient))
        case .power:
            guard right >= 0 else {
                guard left != 0 else { throw failure("0 cannot be raised to a negative power") }
                return .number(pow(Double(left), Double(right)))
            }
            return try power(left, right)
        default: throw failure("unknown operator \(symbol.rawValue)")
        }
    }

    private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> RuntimeValue {
        if base == 0 || base == 1 || exponent == 0 { return .integer(exponent == 0 ? 1 : base) }
        if base == -1 { return .integer(exponent % 2 == 0 ? 1 : -1) }
        guard exponent < 64 else { throw failure("an integer grew beyond 64 bits") }
        var result = 1
        for _ in 0..<exponent {
            let (next, overflow) = result.multipliedReportingOverflow(by: base)
            guard !overflow else { throw failure("an integer grew beyond 64 bits") }
            result = next
        }
        return .integer(result)
    }

    private func real(
        _ symbol: TemplateToken.Symbol, _ left: Double, _ right: Double
    ) throws(TemplateError) -> RuntimeValue {
        switch symbol {
        case .subtract: return .number(left - right)
        case .power:
            guard left != 0 || right >= 0 else {
                throw failure("0.0 cannot be raised to a negative power")
            }
            let result = pow(left, right)
            guard !result.isNaN || left.isNaN || right.isNaN else {
                throw failure("complex numbers are not supported")
            }
            guard !result.isInfinite || left.isInfinite || right.isInfinite else {
                throw failure("numerical result out of range")
            }
            return .number(result)
        default: break
        }
        guard right != 0 else { throw failure("float division by zero") }
        if symbol == .divide { return .number(left / right) }
        var remainder = left.truncatingRemainder(dividingBy: right)
        if remainder != 0, (remainder < 0) != (right < 0) { remainder += right }
        if remainder == 0 { remainder = right < 0 ? -0.0 : 0.0 }
        if symbol == .modulo { return .number(remainder) }
        return .number(((left - remainder) / right).rounded(.toNearestOrEven))
    }

    func negative(_ value: RuntimeValue, line: Int) throws(TemplateError) -> RuntimeValue {
        self.line = line
        try require(value)
        if let integer = value.integer {
            return try checked((0).subtractingReportingOverflow(integer))
        }
        guard case .number(let number) = value else {
            throw failure("bad operand type for unary -: '\(value.typeName)'")
        }
        return .number(-number)
    }

    func positive(_ value: RuntimeValue, line: Int) throws(TemplateError) -> RuntimeValue {
        self.line = line
        try require(value)
        if let integer = value.integer { return .integer(integer) }
        guard case .number = value else {
            throw failure("bad operand type for unary +: '\(value.typeName)'")
        }
        return value
    }

    // MARK: Comparison

    func holds(
        _ relation: TemplateExpression.Relation, _ left: RuntimeValue, _ right: RuntimeValue
    ) throws(TemplateError) -> Bool {
        switch relation {
        case .equal: try equal(left, right)
        case .notEqual: !(try equal(left, right))
        case .less: try less(left, right, "<")
        case .lessOrEqual: try lessOrEqual(left, right, "<=")
        case .greater: try less(right, left, ">", isSwapped: true)
        case .greaterOrEqual: try lessOrEqual(right, left, ">=", isSwapped: true)
        case .contained: try contains(right, left)
        case .notContained: !(try contains(right, left))
        }
    }

    func equal(_ left: RuntimeValue, _ right: RuntimeValue) throws(TemplateError) -> Bool {
        let (left, right) = (left.plain, right.plain)
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)): return PythonText.equal(left, right)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            guard left.items.count == right.items.count else { return false }
            for (left, right) in zip(left.items, right.items) {
                try charge(1)
                guard try equal(left, right) else { return false }
            }
            return true
        case (.dictionary(let left), .dictionary(let right)):
            guard left.count == right.count else { return false }
            for (key, value) in zip(left.keys, left.values) {
                try charge(1)
                guard let other = right[key], try equal(value, other) else { return false }
            }
            return true
        case (.range(let left), .range(let right)):
            return left.count == right.count
                && (left.count == 0
                    || (left.start == right.start && (left.count == 1 || left.step == right.step)))
        default: break
        }
        if let left = left.integer, let right = right.integer { return left == right }
        if let left = left.real, let right = right.real { return left == right }
        switch (left, right) {
        case (.string, _), (_, .string), (.list, _), (_, .list), (.tuple, _), (_, .tuple),
            (.dictionary, _), (_, .dictionary), (.range, _), (_, .range), (.view, _), (_, .view):
            return false
        default:
            guard let left = RuntimeDictionary.key(left), let right = RuntimeDictionary.key(right)
            else { return false }
            return left == right
        }
    }

    private func incomparable(
        _ operation: String, _ left: RuntimeValue, _ right: RuntimeValue, isSwapped: Bool
    ) throws(TemplateError) -> TemplateError {
        try require(left)
        try require(right)
        let (first, second) = isSwapped ? (right, left) : (left, right)
        return failure(
            "'\(operation)' not supported between instances of '\(first.typeName)' and "
                + "'\(second.typeName)'")
    }

    /// Whether `left < right`; `operation` is what the template wrote.
    func less(
        _ left: RuntimeValue, _ right: RuntimeValue, _ operation: String = "<",
        isSwapped: Bool = false
    ) throws(TemplateError) -> Bool {
        let (left, right) = (left.plain, right.plain)
        if let left = left.integer, let right = right.integer { return left < right }
        if let left = left.real, let right = right.real { return left < right }
        switch (left, right) {
        case (.string(let left), .string(let right)): return PythonText.precedes(left, right)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            for (left, right) in zip(left.items, right.items) {
                try charge(1)
                guard try equal(left, right) else {
                    return try less(left, right, operation, isSwapped: isSwapped)
                }
            }
            return left.items.count < right.items.count
        default:
            throw try incomparable(operation, left, right, isSwapped: isSwapped)
        }
    }

    private func lessOrEqual(
        _ left: RuntimeValue, _ right: RuntimeValue, _ operation: String, isSwapped: Bool = false
    ) throws(TemplateError) -> Bool {
        if case .number(let left) = left, left.isNaN { return false }
        if case .number(let right) = right, right.isNaN { return false }
        return !(try less(right, left, operation, isSwapped: !isSwapped))
    }

    /// Whether `value in container`.
    func contains(
        _ container: RuntimeValue, _ value: RuntimeValue
    ) throws(TemplateError) -> Bool {
        switch container.plain {
        case .string(let text):
            guard case .string(let needle) = value.plain else {
                throw failure(
                    "'in <string>' requires string as left operand, not \(value.typeName)")
            }
            try charge(bytes: text.utf8.count)
            return PythonText.contains(text, needle)
        case .dictionary(let dictionary):
            guard RuntimeDictionary.key(value) != nil else {
                throw failure("unhashable type: '\(value.typeName)'")
            }
            return dictionary[value] != nil
        case .generator(let generator):
            while let item = generator.next() {
                try charge(1)
                if try equal(item, value) { return true }
            }
            return false
        default:
            for item in try iterate(container) {
                try charge(1)
                if try equal(item, value) { return true }
            }
            return false
        }
    }
}
