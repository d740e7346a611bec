extension TemplateEvaluator {
    /// Unsets the names that live in `body` before anything is set there.
    func enter(_ body: TemplateBody, _ scope: RuntimeScope) {
        for number in program.unsetNames[body.scope] {
            scope.set(number, undefined(name: program.names[number]))
        }
    }

    func execute(
        _ statements: [TemplateStatement], in scope: RuntimeScope
    ) throws(TemplateError) -> Flow {
        try descend()
        defer { ascend() }
        for statement in statements {
            try charge(1)
            let flow = try execute(statement, in: scope)
            guard case .next = flow else { return flow }
        }
        return .next
    }

    private func execute(
        _ statement: TemplateStatement, in scope: RuntimeScope
    ) throws(TemplateError) -> Flow {
        switch statement {
        case .text(let text): try write(text)
        case .output(let expression, let line):
            self.line = line
            try write(try text(of: try evaluate(expression, in: scope)))
        case .assign(let target, let expression, let line):
            try assign(target, expression, in: scope, line: line)
        case .assignBlock(let target, let filter, let body, let line):
            try assign(target, filter: filter, body, in: scope, line: line)
        case .loop(let loop): return try execute(loop, in: scope)
        case .conditional(let branches, let otherwise):
            return try execute(branches, otherwise: otherwise, in: scope)
        case .macro(let macro):
            if let number = macro.nameID { scope.set(number, .macro(self.macro(macro, in: scope))) }
        case .callBlock(let target, let arguments, let caller, let line):
            try execute(target, arguments, caller: caller, in: scope, line: line)
        case .filterBlock(let filter, let body):
            let inner = RuntimeScope(in: scope)
            let (text, flow) = try capture(body, in: inner)
            guard case .next = flow else { return flow }
            try write(try self.text(of: try apply(filter, toText: text, in: inner)))
        case .with(let bindings, let body, let line):
            return try execute(bindings, body, in: scope, line: line)
        case .scope(let body):
            let inner = RuntimeScope(in: scope)
            enter(body, inner)
            return try execute(body.statements, in: inner)
        case .block(let body):
            let inner = RuntimeScope(in: outermost(scope))
            enter(body, inner)
            return try execute(body.statements, in: inner)
        case .exitLoop: return .exitLoop
        case .continueLoop: return .continueLoop
        }
        return .next
    }

    /// The scope of the template itself, inside that of the render variables.
    private func outermost(_ scope: RuntimeScope) -> RuntimeScope {
        var scope = scope
        while let parent = scope.parent, parent.parent != nil { scope = parent }
        return scope
    }

    /// What `body` renders, kept out of the output.
    func capture(
        _ body: TemplateBody, in scope: RuntimeScope
    ) throws(TemplateError) -> (String, Flow) {
        let outer = output
        output = ""
        enter(body, scope)
        let flow = try execute(body.statements, in: scope)
        let text = output
        output = outer
        return (text, flow)
    }

    // MARK: Assignment

    private func assign(
        _ target: TemplateTarget, _ expression: TemplateExpression, in scope: RuntimeScope,
        line: Int
    ) throws(TemplateError) {
        self.line = line
        try checkNamespaces(target, in: scope)
        try assign(target, try evaluate(expression, in: scope), in: scope)
    }

    private func assign(
        _ target: TemplateTarget, filter: TemplateExpression?, _ body: TemplateBody,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) {
        self.line = line
        let inner = RuntimeScope(in: scope)
        let (text, _) = try capture(body, in: inner)
        var value = RuntimeValue.string(text)
        if let filter { value = try apply(filter, toText: text, in: inner) }
        try assign(target, value, in: scope)
    }

    private func checkNamespaces(
        _ target: TemplateTarget, in scope: RuntimeScope
    ) throws(TemplateError) {
        switch target {
        case .name: break
        case .attribute(let number, _, let line):
            guard case .namespace? = scope.value(number) else {
                throw .evaluation(
                    line: line, message: "cannot assign attribute on non-namespace object")
            }
        case .tuple(let targets, _):
            for target in targets { try checkNamespaces(target, in: scope) }
        }
    }

    func assign(
        _ target: TemplateTarget, _ value: RuntimeValue, in scope: RuntimeScope
    ) throws(TemplateError) {
        switch target {
        case .name(let number):
            scope.set(number, value)
        case .attribute(let number, let name, let line):
            guard case .namespace(let namespace)? = scope.value(number) else {
                throw .evaluation(
                    line: line, message: "cannot assign attribute on non-namespace object")
            }
            try checkAttribute(name)
            namespace[name] = value
        case .tuple(let targets, let line):
            self.line = line
            let items = try iterate(value)
            guard items.count == targets.count else {
                throw failure(
                    items.count > targets.count
                        ? "too many values to unpack (expected \(targets.count))"
                        : "not enough values to unpack (expected \(targets.count), got "
                            + "\(items.count))")
            }
            for (target, item) in zip(targets, items) { try assign(target, item, in: scope) }
        }
    }

    /// Refuses names that namespaces must not have.
    func checkAttribute(_ name: String) throws(TemplateError) {
        guard !name.hasPrefix("_") else {
            throw .security(
                line: line, message: "namespace attribute '\(name)' starts with an underscore")
        }
    }

    private func execute(
        _ bindings: [(target: TemplateTarget, value: TemplateExpression)], _ body: TemplateBody,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) -> Flow {
        self.line = line
        let inner = RuntimeScope(in: scope)
        enter(body, inner)
        for binding in bindings {
            try assign(binding.target, try evaluate(binding.value, in: scope), in: inner)
        }
        return try execute(body.statements, in: inner)
    }

    // MARK: Control

    private func execute(
        _ branches: [TemplateStatement.Branch], otherwise: [TemplateStatement],
        in scope: RuntimeScope
    ) throws(TemplateError) -> Flow {
        for branch in branches {
            line = branch.line
            if try evaluate(branch.condition, in: scope).isTrue {
                return try execute(branch.body, in: scope)
            }
        }
        return otherwise.isEmpty ? .next : try execute(otherwise, in: scope)
    }

    private func execute(
        _ loop: TemplateLoop, in scope: RuntimeScope
    ) throws(TemplateError) -> Flow {
        line = loop.line
        let value = try evaluate(loop.iterable, in: scope)
        return try run(loop, over: value, in: scope, depth: 0)
    }

    /// Runs a loop's body for each item, or what stands after `else`.
    func run(
        _ loop: TemplateLoop, over value: RuntimeValue, in scope: RuntimeScope, depth: Int
    ) throws(TemplateError) -> Flow {
        var items = try iterate(value)
        if let condition = loop.condition {
            items = try filter(items, by: condition, of: loop, in: scope)
        }
        let state = RuntimeLoop(
            items, depth0: depth, recursion: loop.isRecursive ? (loop, scope) : nil)
        defer { state.items = [] }
        var isComplete = false
        for item in items {
            try charge(1)
            state.index0 += 1
            let inner = RuntimeScope(in: scope)
            enter(loop.body, inner)
            if let loopNumber { inner.set(loopNumber, .loop(state)) }
            try assign(loop.target, item, in: inner)
            switch try execute(loop.body.statements, in: inner) {
            case .next:
                isComplete = true
                continue
            case .continueLoop: continue
            case .exitLoop: break
            }
            break
        }
        guard !isComplete, let otherwise = loop.otherwise else { return .next }
        let inner = RuntimeScope(in: scope)
        enter(otherwise, inner)
        return try execute(otherwise.statements, in: inner)
    }

    private func filter(
        _ items: [RuntimeValue], by condition: TemplateExpression, of loop: TemplateLoop,
        in scope: RuntimeScope
    ) throws(TemplateError) -> [RuntimeValue] {
        var kept: [RuntimeValue] = []
        for item in items {
            try charge(1)
            let inner = RuntimeScope(in: scope)
            try assign(loop.target, item, in: inner)
            if try evaluate(condition, in: inner).isTrue { kept.append(item) }
        }
        return kept
    }

    private func execute(
        _ target: TemplateExpression, _ arguments: TemplateArguments, caller: TemplateMacro,
        in scope: RuntimeScope, line: Int
    ) throws(TemplateError) {
        self.line = line
        let callee = try evaluate(target, in: scope)
        var values = try evaluate(arguments, in: scope)
        values.named.append(("caller", .macro(macro(caller, in: scope))))
        self.line = line
        try write(try text(of: try call(callee, values)))
    }
}
