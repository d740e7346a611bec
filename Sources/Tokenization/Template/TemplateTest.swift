/// What can be asked with `is`.
enum TemplateTest: String {
    case odd, even, divisibleby, defined, undefined, filter, test, none, boolean, integer, float
    case isFalse = "false"
    case isTrue = "true"
    case lower, upper, string, mapping, number, sequence, iterable, callable, sameas, escaped
    case contained = "in"
    case equal = "=="
    case eq, equalto
    case notEqual = "!="
    case ne
    case greater = ">"
    case gt, greaterthan
    case greaterOrEqual = ">="
    case ge
    case less = "<"
    case lt, lessthan
    case lessOrEqual = "<="
    case le

    /// The comparison that the test is a name for.
    fileprivate var relation: TemplateExpression.Relation? {
        switch self {
        case .contained: .contained
        case .equal, .eq, .equalto: .equal
        case .notEqual, .ne: .notEqual
        case .greater, .gt, .greaterthan: .greater
        case .greaterOrEqual, .ge: .greaterOrEqual
        case .less, .lt, .lessthan: .less
        case .lessOrEqual, .le: .lessOrEqual
        default: nil
        }
    }
}

extension TemplateEvaluator {
    /// Whether `value is test(arguments)`.
    func check(
        _ test: TemplateTest, _ value: RuntimeValue, _ arguments: TemplateCallArguments
    ) throws(TemplateError) -> Bool {
        let name = test.rawValue
        if test == .escaped {
            if case .markup = value { return true }
            return false
        }
        let value = value.plain
        if let relation = test.relation {
            let values = try arguments.bound(to: ["other"], required: 1, of: name, line: line)
            return try holds(relation, value, values[0] ?? .none)
        }
        switch test {
        case .divisibleby:
            let values = try arguments.bound(to: ["num"], required: 1, of: name, line: line)
            return try remainder(value, values[0] ?? .none) == 0
        case .sameas:
            let values = try arguments.bound(to: ["other"], required: 1, of: name, line: line)
            return try isSame(value, values[0] ?? .none)
        default: break
        }
        _ = try arguments.bound(to: [], of: name, line: line)
        switch test {
        case .odd: return try remainder(value, .integer(2)) == 1
        case .even: return try remainder(value, .integer(2)) == 0
        case .defined: return !value.isUndefined
        case .undefined: return value.isUndefined
        case .filter:
            guard case .string(let text) = value else { return false }
            return TemplateFilter(rawValue: text) != nil
        case .test:
            guard case .string(let text) = value else { return false }
            return TemplateTest(rawValue: text) != nil
        case .none: return value.isNone
        case .lower: return PythonText.isLowercase(try text(of: value))
        case .upper: return PythonText.isUppercase(try text(of: value))
        default: return isOf(test, value)
        }
    }

    /// Whether the value is of the kind that the test names.
    private func isOf(_ test: TemplateTest, _ value: RuntimeValue) -> Bool {
        switch (test, value) {
        case (.boolean, .boolean), (.integer, .integer), (.float, .number), (.string, .string),
            (.mapping, .dictionary), (.number, .integer), (.number, .number),
            (.number, .boolean):
            true
        case (.isTrue, .boolean(let value)): value
        case (.isFalse, .boolean(let value)): !value
        case (.sequence, .string), (.sequence, .list), (.sequence, .tuple),
            (.sequence, .dictionary), (.sequence, .range), (.sequence, .undefined):
            true
        case (.iterable, .string), (.iterable, .list), (.iterable, .tuple),
            (.iterable, .dictionary), (.iterable, .range), (.iterable, .undefined),
            (.iterable, .view), (.iterable, .generator), (.iterable, .loop):
            true
        case (.callable, .macro), (.callable, .method), (.callable, .function),
            (.callable, .joiner), (.callable, .loop), (.callable, .undefined):
            true
        default: false
        }
    }

    private func remainder(
        _ value: RuntimeValue, _ divisor: RuntimeValue
    ) throws(TemplateError) -> Double {
        try require(value)
        try require(divisor)
        if let value = value.integer, let divisor = divisor.integer {
            guard divisor != 0 else { throw failure("integer modulo by zero") }
            if divisor == -1 { return 0 }
            let remainder = value % divisor
            return Double(
                remainder != 0 && (remainder < 0) != (divisor < 0)
                    ? remainder + divisor : remainder)
        }
        guard let value = value.real, let divisor = divisor.real else {
            throw failure("unsupported operand types for %")
        }
        guard divisor != 0 else { throw failure("float modulo") }
        let remainder = value.truncatingRemainder(dividingBy: divisor)
        return remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder
    }

    /// Python's `is`, as far as values have an identity here.
    private func isSame(
        _ left: RuntimeValue, _ right: RuntimeValue
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)): PythonText.equal(left, right)
        case (.number(let left), .number(let right)): left == right
        case (.none, .none): true
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            left === right
        case (.dictionary(let left), .dictionary(let right)): left === right
        case (.namespace(let left), .namespace(let right)): left === right
        default: false
        }
    }
}
