extension MathParser {
    /// A primary with its powers, subscripts, factorials, percent and degree signs.
    mutating func factor() throws(MathFailure) -> MathNode {
        try deepen()
        defer { depth -= 1 }
        var node = try primary()
        if take(.word("percent")) { node = .percent(node) }
        var suffixCount = 0
        while case .sign(let sign) = token {
            guard suffixCount <= 4 else { throw .unreadable }
            suffixCount += 1
            switch sign {
            case "^":
                index += 1
                node = .power(node, try exponent())
            case "_":
                index += 1
                node = try subscripted(node)
            case "!":
                index += 1
                node = .function("factorial", [node])
            case "%":
                index += 1
                node = .percent(node)
            case "°":
                index += 1
                if token == .letter("C") || token == .letter("F") { index += 1 }
                if isInFunction {
                    let straight = MathNode.number(NumberLiteral(whole: Array("180".utf8)))
                    node = .quotient(.product([node, .symbol("pi")]), straight)
                }
            default: return node
            }
        }
        return node
    }

    private mutating func exponent() throws(MathFailure) -> MathNode {
        if token == .openGroup { return try argument() }
        return try signedFactorWithoutSuffix()
    }

    /// An exponent without braces: in TeX one token, in plain text a signed factor.
    private mutating func signedFactorWithoutSuffix() throws(MathFailure) -> MathNode {
        try deepen()
        defer { depth -= 1 }
        var isNegative = false
        while let sign = takeSign(of: ["+", "-"]) {
            if sign == "-" { isNegative.toggle() }
        }
        var node = try primary()
        if takeSign(of: ["^"]) != nil {
            node = .power(node, try exponent())
        }
        return isNegative ? .negative(node) : node
    }

    /// A base behind a number, or a part of a name.
    private mutating func subscripted(_ node: MathNode) throws(MathFailure) -> MathNode {
        let subscripted = try argument()
        switch (node, subscripted) {
        case (.number(let digits), .number(let base)):
            guard digits.scale == 0, base.scale == 0, base.digits.count <= 2 else {
                throw .unreadable
            }
            return .based(digits: digits, base: base.digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        case (.number, .word(let name)):
            let bases = ["two": 2, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9]
            guard case .number(let digits) = node, let base = bases[name] else { return node }
            return .based(digits: digits, base: base)
        case (.symbol(let name), .number(let part)):
            return .symbol(name + "_" + String(decoding: part.digits, as: UTF8.self))
        case (.symbol(let name), .symbol(let part)), (.symbol(let name), .word(let part)):
            return .symbol(name + "_" + part)
        default: throw .unreadable
        }
    }

    /// What a command applies to: a group, or the one sign that follows.
    mutating func argument() throws(MathFailure) -> MathNode {
        try deepen()
        defer { depth -= 1 }
        if take(.openGroup) {
            let outer = barEnds
            barEnds = false
            defer { barEnds = outer }
            if take(.closeGroup) { throw .unreadable }
            let elements = try elements()
            try expect(.closeGroup)
            // Plain text writes a set without the backslash before its brace.
            return elements.count == 1 ? elements[0] : .set(elements)
        }
        // `\frac12` is one half: a bare argument is one digit of a number.
        if case .number(let literal) = token, literal.scale == 0, literal.repetend.isEmpty,
            literal.digits.count > 1
        {
            throw .unreadable
        }
        if take(.sign("-")) { return .negative(try primary()) }
        return try primary()
    }

    mutating func primary() throws(MathFailure) -> MathNode {
        guard let token else { throw .unreadable }
        index += 1
        switch token {
        case .number(let literal): return .number(literal)
        case .letter(let name): return .symbol(name)
        case .word(let name): return .word(name)
        case .openGroup:
            index -= 1
            return try argument()
        case .openSet: return try braces()
        case .beginMatrix: return try matrix()
        case .sign("("), .sign("["):
            return try brackets()
        case .sign("|"):
            let outer = barEnds
            barEnds = true
            defer { barEnds = outer }
            try deepen()
            defer { depth -= 1 }
            let node = try sum()
            try expect(.sign("|"))
            return .function("abs", [node])
        case .command(let name): return try command(name)
        default: throw .unreadable
        }
    }

    private mutating func brackets() throws(MathFailure) -> MathNode {
        guard case .sign(let open) = lexemes[index - 1].token else { throw .unreadable }
        let outer = (barEnds, isInFunction)
        barEnds = false
        defer { (barEnds, isInFunction) = outer }
        let elements = try elements()
        guard let close = takeSign(of: [")", "]"]) else { throw .unreadable }
        if elements.count == 1, (open == "(") == (close == ")") {
            return elements[0]
        }
        return .tuple(open: open, elements, close: close)
    }

    private mutating func braces() throws(MathFailure) -> MathNode {
        if take(.closeSet) { return .set([]) }
        let outer = barEnds
        barEnds = true
        defer { barEnds = outer }
        let elements = try elements()
        if takeSign(of: ["|", ":"]) != nil {
            barEnds = false
            let condition = try relation()
            try expect(.closeSet)
            return condition
        }
        try expect(.closeSet)
        return .set(elements)
    }

    private mutating func matrix() throws(MathFailure) -> MathNode {
        try deepen()
        defer { depth -= 1 }
        let outer = barEnds
        barEnds = false
        defer { barEnds = outer }
        var rows: [[MathNode]] = [[]]
        while token != .endMatrix {
            if take(.rowBreak) {
                rows.append([])
            } else if take(.sign("&")) {
                continue
            } else {
                rows[rows.count - 1].append(try relation())
                guard [.rowBreak, .sign("&"), .endMatrix].contains(token) else {
                    throw .unreadable
                }
            }
        }
        index += 1
        if rows.last?.isEmpty == true { rows.removeLast() }
        guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width })
        else { throw .unreadable }
        return .matrix(rows)
    }
}
