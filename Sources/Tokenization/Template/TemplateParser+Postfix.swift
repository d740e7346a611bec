/// What follows an operand.
extension TemplateParser {
    mutating func postfix(_ operand: Parsed) throws(TemplateError) -> Parsed {
        var node = operand
        while true {
            switch current.kind {
            case .symbol(.dot): node = try attribute(node)
            case .symbol(.leftBracket): node = try subscription(node)
            case .symbol(.leftParenthesis): node = try call(node)
            default: return node
            }
        }
    }

    private mutating func attribute(_ operand: Parsed) throws(TemplateError) -> Parsed {
        let line = current.line
        advance()
        switch current.kind {
        case .name(let name):
            advance()
            return try make(.attribute(operand.node, name, line: line), over: operand.depth)
        case .integer(let index):
            advance()
            return try make(
                .item(operand.node, .integer(index), line: line), over: operand.depth)
        default:
            throw unexpected("a name or number")
        }
    }

    private mutating func subscription(_ operand: Parsed) throws(TemplateError) -> Parsed {
        let line = current.line
        advance()
        var items: [TemplateExpression] = []
        var depth = operand.depth
        while !isAt(.rightBracket) {
            if !items.isEmpty { try expect(.comma) }
            var start: Parsed?
            if !isAt(.colon) { start = try expression() }
            depth = max(depth, start?.depth ?? 0)
            if skip(.colon) {
                var bounds = TemplateExpression.Bounds(start: start?.node)
                if !isAt(.colon), !isAt(.rightBracket) {
                    let stop = try expression()
                    depth = max(depth, stop.depth)
                    bounds.stop = stop.node
                }
                if skip(.colon), !isAt(.rightBracket) {
                    let step = try expression()
                    depth = max(depth, step.depth)
                    bounds.step = step.node
                }
                try expect(.rightBracket)
                return try make(.slice(operand.node, bounds, line: line), over: depth)
            }
            if let start { items.append(start.node) }
        }
        try expect(.rightBracket)
        guard let first = items.first else { throw unexpected("an expression") }
        return try make(
            .item(operand.node, items.count == 1 ? first : .tuple(items), line: line),
            over: depth + (items.count == 1 ? 0 : 1))
    }

    private mutating func call(_ operand: Parsed) throws(TemplateError) -> Parsed {
        let line = current.line
        let (arguments, depth) = try arguments()
        return try make(
            .call(operand.node, arguments, line: line), over: max(operand.depth, depth))
    }

    /// The arguments in parentheses, and the depth of the deepest.
    mutating func arguments() throws(TemplateError) -> (TemplateArguments, depth: Int) {
        let line = current.line
        try expect(.leftParenthesis)
        var arguments = TemplateArguments()
        var depth = 0
        var isFirst = true
        func require(_ condition: Bool) throws(TemplateError) {
            guard condition else { throw .syntax(line: line, message: "invalid call arguments") }
        }
        while !isAt(.rightParenthesis) {
            if !isFirst {
                try expect(.comma)
                if isAt(.rightParenthesis) { break }
            }
            isFirst = false
            if skip(.multiply) {
                try require(arguments.variadic == nil && arguments.keywords == nil)
                let value = try expression()
                arguments.variadic = value.node
                depth = max(depth, value.depth)
            } else if skip(.power) {
                try require(arguments.keywords == nil)
                let value = try expression()
                arguments.keywords = value.node
                depth = max(depth, value.depth)
            } else if case .name(let name) = current.kind, following.kind == .symbol(.assign) {
                try require(arguments.keywords == nil)
                advance()
                advance()
                let value = try expression()
                arguments.named.append((name, value.node))
                depth = max(depth, value.depth)
            } else {
                try require(
                    arguments.variadic == nil && arguments.keywords == nil
                        && arguments.named.isEmpty)
                let value = try expression()
                arguments.positional.append(value.node)
                depth = max(depth, value.depth)
            }
        }
        try expect(.rightParenthesis)
        return (arguments, depth)
    }

    mutating func filtersAndTests(_ operand: Parsed) throws(TemplateError) -> Parsed {
        var node = operand
        while true {
            if isAt(.pipe) {
                advance()
                node = try filter(node)
            } else if isAt(name: "is") {
                node = try test(node)
            } else if isAt(.leftParenthesis) {
                node = try call(node)
            } else {
                return node
            }
        }
    }

    /// Notes a name that only a part of the template that is never reached may use.
    private mutating func noteUnknown(_ kind: String, _ name: String, _ line: Int) {
        guard !isConditional, unknownName == nil else { return }
        unknownName = .syntax(line: line, message: "no \(kind) named '\(name)'")
    }

    private mutating func dottedName() throws(TemplateError) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }

    /// The filter whose name comes next, on `operand` or on a block's text.
    mutating func filter(_ operand: Parsed?) throws(TemplateError) -> Parsed {
        let line = current.line
        let name = try dottedName()
        if TemplateFilter(rawValue: name) == nil { noteUnknown("filter", name, line) }
        var arguments = TemplateArguments()
        var depth = operand?.depth ?? 0
        if isAt(.leftParenthesis) {
            let parsed = try self.arguments()
            arguments = parsed.0
            depth = max(depth, parsed.depth)
        }
        return try make(.filter(operand?.node, name, arguments, line: line), over: depth)
    }

    /// The filters of a block, applied to its text from left to right.
    mutating func blockFilters() throws(TemplateError) -> Parsed {
        var node = try filter(nil)
        while skip(.pipe) { node = try filter(node) }
        return node
    }

    private mutating func test(_ operand: Parsed) throws(TemplateError) -> Parsed {
        let line = current.line
        advance()
        let isNegated = skip(name: "not")
        let name = try dottedName()
        if TemplateTest(rawValue: name) == nil { noteUnknown("test", name, line) }
        var arguments = TemplateArguments()
        var depth = operand.depth
        if isAt(.leftParenthesis) {
            let parsed = try self.arguments()
            arguments = parsed.0
            depth = max(depth, parsed.depth)
        } else if startsArgument() {
            if isAt(name: "is") {
                throw .syntax(line: line, message: "tests cannot be chained with 'is'")
            }
            let argument = try postfix(try primary())
            arguments.positional = [argument.node]
            depth = max(depth, argument.depth)
        }
        let node = try make(.test(operand.node, name, arguments, line: line), over: depth)
        return isNegated ? try make(.not(node.node), over: node.depth) : node
    }

    private func startsArgument() -> Bool {
        switch current.kind {
        case .name(let name): name != "else" && name != "or" && name != "and"
        case .string, .integer, .number: true
        case .symbol(.leftBracket), .symbol(.leftBrace): true
        default: false
        }
    }
}
