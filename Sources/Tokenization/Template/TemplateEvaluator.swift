/// One rendering of a program.
final class TemplateEvaluator {
    /// What comes after a statement.
    enum Flow {
        case next, exitLoop, continueLoop
    }

    let program: TemplateProgram
    let limits: TemplateLimits
    let clock: @Sendable () -> TemplateTime
    /// The text rendered so far, or the text of the innermost block that is captured.
    var output = ""
    /// The line of the node that is being evaluated.
    var line = 1
    private var steps = 0
    private var depth = 0
    private let stack = StackGauge()
    /// Everything that can hold on to itself, to be taken apart when the rendering is over.
    private var macros: [RuntimeMacro] = []
    private var namespaces: [RuntimeNamespace] = []
    private var loops: [RuntimeLoop] = []
    let loopNumber: Int?
    let callerNumber: Int?
    let keywordsNumber: Int?
    let variadicNumber: Int?

    init(
        _ program: TemplateProgram, limits: TemplateLimits,
        clock: @escaping @Sendable () -> TemplateTime
    ) {
        self.program = program
        self.limits = limits
        self.clock = clock
        loopNumber = program.names.firstIndex(of: "loop")
        callerNumber = program.names.firstIndex(of: "caller")
        keywordsNumber = program.names.firstIndex(of: "kwargs")
        variadicNumber = program.names.firstIndex(of: "varargs")
    }

    deinit {
        for macro in macros { macro.scope = nil }
        for namespace in namespaces { namespace.attributes = [] }
        for loop in loops { loop.changed = nil }
    }

    /// The text of the program with these variables.
    func render(_ variables: [String: TemplateValue]) throws(TemplateError) -> String {
        let root = RuntimeScope(in: nil)
        for (number, name) in program.names.enumerated() {
            guard let value = variables[name], value != .undefined else { continue }
            root.set(number, try runtimeValue(value, depth: 0))
        }
        let scope = RuntimeScope(in: root)
        enter(program.body, scope)
        _ = try execute(program.body.statements, in: scope)
        scope.clear()
        root.clear()
        return output
    }

    // MARK: Limits

    /// Counts work, measured in steps.
    func charge(_ count: Int) throws(TemplateError) {
        steps += count
        guard steps <= limits.maximumSteps else {
            throw .limit(.steps, line: line, maximum: limits.maximumSteps)
        }
    }

    /// Counts the making of a text before it is made.
    func charge(bytes: Int) throws(TemplateError) {
        guard bytes <= limits.maximumOutputBytes else {
            throw .limit(.outputBytes, line: line, maximum: limits.maximumOutputBytes)
        }
        try charge(bytes >> 6)
    }

    /// Counts the growth of a text before it grows.
    func check(bytes: Int, adding count: Int) throws(TemplateError) {
        guard bytes + count <= limits.maximumOutputBytes else {
            throw .limit(.outputBytes, line: line, maximum: limits.maximumOutputBytes)
        }
        try charge(count >> 6)
    }

    /// Goes one call deeper; `ascend` goes back.
    func descend() throws(TemplateError) {
        depth += 1
        guard depth <= limits.maximumNesting * 8, stack.hasRoom else {
            throw .limit(.nesting, line: line, maximum: limits.maximumNesting)
        }
    }

    func ascend() {
        depth -= 1
    }

    func write(_ text: String) throws(TemplateError) {
        try charge(text.utf8.count >> 6)
        guard output.utf8.count + text.utf8.count <= limits.maximumOutputBytes else {
            throw .limit(.outputBytes, line: line, maximum: limits.maximumOutputBytes)
        }
        output += text
    }

    // MARK: Errors

    func failure(_ message: String) -> TemplateError {
        .evaluation(line: line, message: message)
    }

    func failure(_ undefined: UndefinedValue) -> TemplateError {
        undefined.isUnsafe
            ? .security(line: line, message: undefined.message)
            : .undefinedValue(line: line, message: undefined.message)
    }

    /// Refuses a value that was never set.
    func require(_ value: RuntimeValue) throws(TemplateError) {
        if case .undefined(let undefined) = value { throw failure(undefined) }
    }

    // MARK: Making values

    func checkDepth(_ depth: Int) throws(TemplateError) {
        guard depth <= limits.maximumNesting else {
            throw .limit(.nesting, line: line, maximum: limits.maximumNesting)
        }
    }

    func items(_ items: [RuntimeValue]) throws(TemplateError) -> RuntimeList {
        try charge(items.count)
        let list = RuntimeList(items)
        try checkDepth(list.depth)
        return list
    }

    func list(_ items: [RuntimeValue]) throws(TemplateError) -> RuntimeValue {
        .list(try self.items(items))
    }

    func tuple(_ items: [RuntimeValue]) throws(TemplateError) -> RuntimeValue {
        .tuple(try self.items(items))
    }

    func generator(_ items: [RuntimeValue], _ name: String) throws(TemplateError) -> RuntimeValue {
        .generator(RuntimeGenerator(try self.items(items), name: name))
    }

    func strings(_ parts: [String]) throws(TemplateError) -> RuntimeValue {
        try list(parts.map { .string($0) })
    }

    func insert(
        _ key: RuntimeValue, _ value: RuntimeValue, into dictionary: RuntimeDictionary
    ) throws(TemplateError) {
        try charge(1)
        guard dictionary.insert(key, value) else {
            throw failure("unhashable type: '\(key.typeName)'")
        }
        try checkDepth(dictionary.depth)
    }

    func method(_ receiver: RuntimeValue, _ name: String) throws(TemplateError) -> RuntimeValue {
        let method = RuntimeMethod(receiver, name)
        try checkDepth(method.depth)
        return .method(method)
    }

    func macro(_ macro: TemplateMacro, in scope: RuntimeScope) -> RuntimeMacro {
        let value = RuntimeMacro(macro, scope: scope)
        macros.append(value)
        return value
    }

    func namespace(
        _ attributes: [(name: String, value: RuntimeValue)]
    ) -> RuntimeValue {
        let value = RuntimeNamespace(attributes)
        namespaces.append(value)
        return .namespace(value)
    }

    func keep(_ loop: RuntimeLoop) {
        loops.append(loop)
    }

    func undefined(name: String) -> RuntimeValue {
        .undefined(UndefinedValue("'\(name)' is undefined"))
    }

    private func runtimeValue(
        _ value: TemplateValue, depth: Int
    ) throws(TemplateError) -> RuntimeValue {
        try charge(1)
        try checkDepth(depth)
        switch value {
        case .undefined: return .undefined(UndefinedValue("the value is undefined"))
        case .null: return .none
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .string(let text): return .string(text)
        case .array(let values):
            var items: [RuntimeValue] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try runtimeValue(value, depth: depth + 1)) }
            return .list(RuntimeList(items))
        case .object(let pairs):
            let dictionary = RuntimeDictionary()
            for pair in pairs {
                let value = try runtimeValue(pair.value, depth: depth + 1)
                _ = dictionary.insert(.string(pair.key), value)
            }
            return .dictionary(dictionary)
        }
    }
}
