extension TemplateParser {
    /// Statements up to a tag named in `ends`, at whose name the parser then is, or to the end.
    mutating func statements(
        until ends: [String]
    ) throws(TemplateError) -> [TemplateStatement] {
        try descend()
        defer { ascend() }
        var statements: [TemplateStatement] = []
        let start = current.line
        while true {
            let line = current.line
            switch current.kind {
            case .data(let text):
                advance()
                statements.append(.text(text))
            case .outputBegin:
                advance()
                statements.append(.output(try tuple().node, line: line))
                try expect(.outputEnd, "'}}'")
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return statements }
                if let statement = try statement() { statements.append(contentsOf: statement) }
                try expect(.blockEnd, "'%}'")
            case .end:
                guard ends.isEmpty else {
                    throw .syntax(
                        line: current.line,
                        message: "the template ends before "
                            + ends.map { "'\($0)'" }.joined(separator: " or ")
                            + " for the tag of line \(start)")
                }
                return statements
            default:
                throw unexpected("a tag")
            }
        }
    }

    /// The statements after a tag's head, up to one of `ends`.
    private mutating func body(until ends: [String]) throws(TemplateError) -> [TemplateStatement] {
        _ = skip(.colon)
        try expect(.blockEnd, "'%}'")
        return try statements(until: ends)
    }

    /// The statements after a tag's head, up to and past `end`.
    private mutating func body(through end: String) throws(TemplateError) -> [TemplateStatement] {
        let statements = try body(until: [end])
        advance()
        return statements
    }

    private mutating func statement() throws(TemplateError) -> [TemplateStatement]? {
        let line = current.line
        guard case .name(let name) = current.kind else { throw unexpected("a tag name") }
        advance()
        switch name {
        case "set": return [try assignment(line)]
        case "for": return [try loop(line)]
        case "if": return [try conditional(line)]
        case "macro": return [try macro(line)]
        case "call": return [try callBlock(line)]
        case "filter": return [try filterBlock()]
        case "with": return [try with(line)]
        case "print": return try print(line)
        case "block": return [try block()]
        case "autoescape": return [try autoescape(line)]
        case "generation":
            // The reference renders this body as a caller, hence a scope that loops cannot leave
            let outerLoops = loopDepth
            loopDepth = 0
            defer { loopDepth = outerLoops }
            return [.scope(try scope(through: "endgeneration"))]
        case "break", "continue":
            guard loopDepth > 0 else {
                throw .syntax(line: line, message: "'\(name)' outside a loop")
            }
            return [name == "break" ? .exitLoop : .continueLoop]
        case "include", "import", "from", "extends":
            throw .security(line: line, message: "templates cannot load others with '\(name)'")
        default:
            throw .syntax(line: line, message: "unknown tag '\(name)'")
        }
    }

    /// A body with a scope of its own, which nothing is declared in.
    private mutating func scope(through end: String) throws(TemplateError) -> TemplateBody {
        let scope = scopes.open()
        defer { scopes.close() }
        let wasConditional = isConditional
        isConditional = false
        defer { isConditional = wasConditional }
        return TemplateBody(statements: try body(through: end), scope: scope)
    }

    // MARK: Assignment

    private mutating func targetItem(
        allowsAttributes: Bool
    ) throws(TemplateError) -> TemplateTarget {
        let line = current.line
        if skip(.leftParenthesis) {
            try descend()
            defer { ascend() }
            let target = try target(allowsAttributes: false)
            try expect(.rightParenthesis)
            return target
        }
        let name = try expectName()
        guard !["true", "True", "false", "False", "none", "None"].contains(name) else {
            throw .syntax(line: line, message: "cannot assign to \(name)")
        }
        if allowsAttributes, skip(.dot) {
            return .attribute(number(of: name), try expectName(), line: line)
        }
        guard name != "loop" || namedLoopDepth == 0 else {
            throw .syntax(line: line, message: "cannot assign to the special name 'loop' in a loop")
        }
        return .name(number(of: name))
    }

    /// What stands left of `=` or `in`.
    private mutating func target(allowsAttributes: Bool) throws(TemplateError) -> TemplateTarget {
        let line = current.line
        var items = [try targetItem(allowsAttributes: allowsAttributes)]
        var hasComma = false
        while skip(.comma) {
            hasComma = true
            switch current.kind {
            case .name("in"), .symbol(.assign), .symbol(.rightParenthesis), .blockEnd: break
            default: items.append(try targetItem(allowsAttributes: allowsAttributes))
            }
        }
        return hasComma ? .tuple(items, line: line) : items[0]
    }

    private mutating func assignment(_ line: Int) throws(TemplateError) -> TemplateStatement {
        let target = try target(allowsAttributes: true)
        if skip(.assign) {
            let value = try tuple()
            store(target)
            return .assign(target, value.node, line: line)
        }
        store(target)
        let filter = skip(.pipe) ? try blockFilters().node : nil
        return .assignBlock(
            target, filter: filter, try scope(through: "endset"), line: line)
    }

    private mutating func with(_ line: Int) throws(TemplateError) -> TemplateStatement {
        var bindings: [(target: TemplateTarget, value: TemplateExpression)] = []
        while current.kind != .blockEnd, !isAt(.colon) {
            if !bindings.isEmpty { try expect(.comma) }
            let target = try targetItem(allowsAttributes: false)
            try expect(.assign)
            bindings.append((target, try expression().node))
        }
        let scope = scopes.open()
        defer { scopes.close() }
        for binding in bindings { declare(binding.target) }
        let wasConditional = isConditional
        isConditional = false
        defer { isConditional = wasConditional }
        return .with(
            bindings, TemplateBody(statements: try body(through: "endwith"), scope: scope),
            line: line)
    }

    // MARK: Control

    private mutating func loop(_ line: Int) throws(TemplateError) -> TemplateStatement {
        namedLoopDepth += 1
        defer { namedLoopDepth -= 1 }
        let target = try target(allowsAttributes: false)
        try expect(name: "in")
        let iterable = try tuple(allowsConditional: false, endName: "recursive")
        let wasConditional = isConditional
        isConditional = false
        defer { isConditional = wasConditional }
        let scope = scopes.open()
        declare(target)
        scopes.declare(number(of: "loop"))
        var condition: Parsed?
        if skip(name: "if") { condition = try expression() }
        let isRecursive = skip(name: "recursive")
        loopDepth += 1
        let statements = try body(until: ["endfor", "else"])
        loopDepth -= 1
        scopes.close()
        var otherwise: TemplateBody?
        if skip(name: "else") {
            let scope = scopes.open()
            otherwise = TemplateBody(statements: try body(through: "endfor"), scope: scope)
            scopes.close()
        } else {
            advance()
        }
        return .loop(
            TemplateLoop(
                target: target, iterable: iterable.node, condition: condition?.node,
                isRecursive: isRecursive, body: TemplateBody(statements: statements, scope: scope),
                otherwise: otherwise, line: line))
    }

    private mutating func conditional(_ line: Int) throws(TemplateError) -> TemplateStatement {
        let wasConditional = isConditional
        isConditional = true
        defer { isConditional = wasConditional }
        var branches: [TemplateStatement.Branch] = []
        var line = line
        while true {
            let condition = try tuple(allowsConditional: false)
            scopes.enterBranch()
            let statements = try body(until: ["elif", "else", "endif"])
            scopes.leaveBranch()
            branches.append(.init(condition: condition.node, body: statements, line: line))
            line = current.line
            if skip(name: "elif") { continue }
            if skip(name: "else") {
                scopes.enterBranch()
                defer { scopes.leaveBranch() }
                return .conditional(branches, otherwise: try body(through: "endif"))
            }
            advance()
            return .conditional(branches, otherwise: [])
        }
    }

    private mutating func print(_ line: Int) throws(TemplateError) -> [TemplateStatement] {
        var statements: [TemplateStatement] = []
        while current.kind != .blockEnd {
            if !statements.isEmpty { try expect(.comma) }
            statements.append(.output(try expression().node, line: line))
        }
        return statements
    }

    private mutating func block() throws(TemplateError) -> TemplateStatement {
        let name = try expectName()
        _ = skip(name: "scoped")
        _ = skip(name: "required")
        let outerLoops = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoops }
        let body = try scope(through: "endblock")
        _ = skip(name: name)
        return .block(body)
    }

    private mutating func autoescape(_ line: Int) throws(TemplateError) -> TemplateStatement {
        guard case .boolean(false) = try expression().node else {
            throw .syntax(line: line, message: "escaping cannot be turned on")
        }
        return .scope(try scope(through: "endautoescape"))
    }

    // MARK: Macros

    private mutating func signature() throws(TemplateError) -> [TemplateMacro.Parameter] {
        try expect(.leftParenthesis)
        var parameters: [TemplateMacro.Parameter] = []
        while !isAt(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let line = current.line
            let name = try expectName()
            var value: TemplateExpression?
            if skip(.assign) {
                value = try expression().node
            } else if parameters.last?.value != nil {
                throw .syntax(line: line, message: "parameter without default after one with")
            }
            let number = number(of: name)
            scopes.declare(number)
            parameters.append(.init(name: number, text: name, value: value))
        }
        try expect(.rightParenthesis)
        return parameters
    }

    private mutating func macroBody(
        named name: String?, through end: String, line: Int,
        head: (inout TemplateParser) throws(TemplateError) -> Void = { _ throws(TemplateError) in }
    ) throws(TemplateError) -> TemplateMacro {
        let scope = scopes.open()
        defer { scopes.close() }
        let outerLoops = loopDepth
        loopDepth = 0
        defer { loopDepth = outerLoops }
        let wasConditional = isConditional
        isConditional = false
        defer { isConditional = wasConditional }
        let parameters = isAt(.leftParenthesis) ? try signature() : []
        try head(&self)
        for special in ["caller", "kwargs", "varargs"] { scopes.declare(number(of: special)) }
        macros.append(TemplateMacroUse())
        let statements = try body(through: end)
        let used = macros.removeLast().used
        let explicit = Set(parameters.map(\.text))
        if used.contains("caller"),
            let caller = parameters.first(where: { $0.text == "caller" }), caller.value == nil
        {
            throw .syntax(line: line, message: "the parameter 'caller' needs a default")
        }
        return TemplateMacro(
            nameID: name.map { number(of: $0) }, name: name, parameters: parameters,
            body: TemplateBody(statements: statements, scope: scope),
            usesCaller: used.contains("caller") && !explicit.contains("caller"),
            usesKeywords: used.contains("kwargs") && !explicit.contains("kwargs"),
            usesVariadic: used.contains("varargs") && !explicit.contains("varargs"), line: line)
    }

    private mutating func macro(_ line: Int) throws(TemplateError) -> TemplateStatement {
        let name = try expectName()
        guard isAt(.leftParenthesis) else { throw unexpected("'('") }
        store(.name(number(of: name)))
        return .macro(try macroBody(named: name, through: "endmacro", line: line))
    }

    private mutating func callBlock(_ line: Int) throws(TemplateError) -> TemplateStatement {
        var target: TemplateExpression?
        var arguments = TemplateArguments()
        let caller = try macroBody(named: nil, through: "endcall", line: line) {
            parser throws(TemplateError) in
            guard case .call(let callee, let given, _) = try parser.expression().node else {
                throw .syntax(line: line, message: "expected a call")
            }
            target = callee
            arguments = given
        }
        guard let target else { throw .syntax(line: line, message: "expected a call") }
        return .callBlock(target, arguments, caller: caller, line: line)
    }

    private mutating func filterBlock() throws(TemplateError) -> TemplateStatement {
        let filters = try blockFilters()
        return .filterBlock(filters.node, try scope(through: "endfilter"))
    }
}
