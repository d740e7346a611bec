extension TemplateParser {
    /// An expression, conditional unless `allowsConditional` is false.
    mutating func expression(
        allowsConditional: Bool = true
    ) throws(TemplateError) -> Parsed {
        try descend()
        defer { ascend() }
        guard allowsConditional else { return try disjunction() }
        let outerUnknown = unknownName
        defer { unknownName = outerUnknown ?? unknownName }
        var node = try disjunction()
        while skip(name: "if") {
            defer { unknownName = outerUnknown }
            let condition = try disjunction()
            var otherwise: Parsed?
            if skip(name: "else") { otherwise = try expression() }
            node = try make(
                .conditional(condition.node, then: node.node, else: otherwise?.node),
                over: max(node.depth, condition.depth, otherwise?.depth ?? 0))
        }
        return node
    }

    /// Expressions with commas between them: a tuple unless there is one and no comma.
    mutating func tuple(
        allowsConditional: Bool = true, endName: String? = nil, isParenthesized: Bool = false
    ) throws(TemplateError) -> Parsed {
        var items: [TemplateExpression] = []
        var depth = 0
        var hasComma = false
        while !isTupleEnd(endName) {
            let item = try expression(allowsConditional: allowsConditional)
            depth = max(depth, item.depth)
            items.append(item.node)
            guard skip(.comma) else { break }
            hasComma = true
        }
        if !hasComma {
            if let item = items.first { return Parsed(node: item, depth: depth) }
            guard isParenthesized else { throw unexpected("an expression") }
        }
        return try make(.tuple(items), over: depth)
    }

    private func isTupleEnd(_ endName: String?) -> Bool {
        switch current.kind {
        case .outputEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == endName
        default: false
        }
    }

    private mutating func disjunction() throws(TemplateError) -> Parsed {
        let first = try conjunction()
        guard isAt(name: "or") else { return first }
        var nodes = [first.node]
        var depth = first.depth
        while skip(name: "or") {
            let next = try conjunction()
            nodes.append(next.node)
            depth = max(depth, next.depth)
        }
        return try make(.or(nodes), over: depth)
    }

    private mutating func conjunction() throws(TemplateError) -> Parsed {
        let first = try negation()
        guard isAt(name: "and") else { return first }
        var nodes = [first.node]
        var depth = first.depth
        while skip(name: "and") {
            let next = try negation()
            nodes.append(next.node)
            depth = max(depth, next.depth)
        }
        return try make(.and(nodes), over: depth)
    }

    private mutating func negation() throws(TemplateError) -> Parsed {
        var count = 0
        while skip(name: "not") { count += 1 }
        var node = try comparison()
        for _ in 0..<count { node = try make(.not(node.node), over: node.depth) }
        return node
    }

    private mutating func comparison() throws(TemplateError) -> Parsed {
        let line = current.line
        let first = try arithmetic(atLeast: 0)
        var comparisons: [TemplateExpression.Comparison] = []
        var depth = first.depth
        while let relation = relation() {
            let operand = try arithmetic(atLeast: 0)
            depth = max(depth, operand.depth)
            comparisons.append(.init(relation: relation, operand: operand.node))
        }
        guard !comparisons.isEmpty else { return first }
        return try make(.comparison(first.node, comparisons, line: line), over: depth)
    }

    private mutating func relation() -> TemplateExpression.Relation? {
        let relation: TemplateExpression.Relation
        switch current.kind {
        case .symbol(.equal): relation = .equal
        case .symbol(.notEqual): relation = .notEqual
        case .symbol(.less): relation = .less
        case .symbol(.lessOrEqual): relation = .lessOrEqual
        case .symbol(.greater): relation = .greater
        case .symbol(.greaterOrEqual): relation = .greaterOrEqual
        case .name("in"): relation = .contained
        case .name("not") where following.kind == .name("in"):
            advance()
            relation = .notContained
        default: return nil
        }
        advance()
        return relation
    }

    /// How tightly an operator binds; `~` stands between sums and products.
    private func precedence(_ token: TemplateToken) -> Int? {
        guard case .symbol(let symbol) = token.kind else { return nil }
        return switch symbol {
        case .add, .subtract: 0
        case .tilde: 1
        case .multiply, .divide, .floorDivide, .modulo: 2
        case .power: 3
        default: nil
        }
    }

    private mutating func arithmetic(atLeast minimum: Int) throws(TemplateError) -> Parsed {
        var left = try unary()
        while let level = precedence(current), level >= minimum {
            left = try chain(left, level)
        }
        return left
    }

    /// Everything that operators of one precedence join to `first`, as one flat node.
    private mutating func chain(_ first: Parsed, _ level: Int) throws(TemplateError) -> Parsed {
        var operations: [TemplateExpression.Operation] = []
        var depth = first.depth
        let line = current.line
        while precedence(current) == level, case .symbol(let symbol) = current.kind {
            let line = current.line
            advance()
            let operand = level == 3 ? try unary() : try arithmetic(atLeast: level + 1)
            depth = max(depth, operand.depth)
            operations.append(.init(symbol: symbol, operand: operand.node, line: line))
        }
        guard level == 1 else { return try make(.arithmetic(first.node, operations), over: depth) }
        return try make(
            .concatenation([first.node] + operations.map(\.operand), line: line), over: depth)
    }

    private mutating func unary(allowsFilters: Bool = true) throws(TemplateError) -> Parsed {
        let line = current.line
        var node: Parsed
        if isAt(.subtract) || isAt(.add) {
            try descend()
            defer { ascend() }
            let isNegative = isAt(.subtract)
            advance()
            let operand = try unary(allowsFilters: false)
            node = try make(
                isNegative
                    ? .negative(operand.node, line: line) : .positive(operand.node, line: line),
                over: operand.depth)
        } else {
            node = try primary()
        }
        node = try postfix(node)
        return allowsFilters ? try filtersAndTests(node) : node
    }

    mutating func primary() throws(TemplateError) -> Parsed {
        let token = current
        switch token.kind {
        case .name(let name):
            advance()
            return Parsed(node: constant(name) ?? .name(read(name), line: token.line), depth: 1)
        case .string(var text):
            advance()
            while case .string(let more) = current.kind {
                text += more
                advance()
            }
            return Parsed(node: .string(text), depth: 1)
        case .integer(let value):
            advance()
            return Parsed(node: .integer(value), depth: 1)
        case .number(let value):
            advance()
            return Parsed(node: .number(value), depth: 1)
        case .symbol(.leftParenthesis):
            advance()
            let node = try tuple(isParenthesized: true)
            try expect(.rightParenthesis)
            return node
        case .symbol(.leftBracket):
            return try list()
        case .symbol(.leftBrace):
            return try dictionary()
        default:
            throw unexpected("an expression")
        }
    }

    private func constant(_ name: String) -> TemplateExpression? {
        switch name {
        case "true", "True": .boolean(true)
        case "false", "False": .boolean(false)
        case "none", "None": TemplateExpression.none
        default: nil
        }
    }

    private mutating func list() throws(TemplateError) -> Parsed {
        try expect(.leftBracket)
        var items: [TemplateExpression] = []
        var depth = 0
        while !isAt(.rightBracket) {
            if !items.isEmpty {
                try expect(.comma)
                if isAt(.rightBracket) { break }
            }
            let item = try expression()
            depth = max(depth, item.depth)
            items.append(item.node)
        }
        try expect(.rightBracket)
        return try make(.list(items), over: depth)
    }

    private mutating func dictionary() throws(TemplateError) -> Parsed {
        let line = current.line
        try expect(.leftBrace)
        var entries: [TemplateExpression.Entry] = []
        var depth = 0
        while !isAt(.rightBrace) {
            if !entries.isEmpty {
                try expect(.comma)
                if isAt(.rightBrace) { break }
            }
            let key = try expression()
            try expect(.colon)
            let value = try expression()
            depth = max(depth, key.depth, value.depth)
            entries.append(.init(key: key.node, value: value.node))
        }
        try expect(.rightBrace)
        return try make(.dictionary(entries, line: line), over: depth)
    }
}
