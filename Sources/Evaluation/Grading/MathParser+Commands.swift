extension MathParser {
    /// What a command that was just taken stands for.
    mutating func command(_ name: String) throws(MathFailure) -> MathNode {
        switch name {
        case "pi", "infty": .symbol(name)
        case "emptyset": .set([])
        case "frac": try fraction()
        case "sqrt": try root()
        case "binom": .function("binom", [try argument(), try argument()])
        case "overline": .function("overline", [try argument()])
        case "lfloor": try enclosed(by: "rfloor", as: "floor")
        case "lceil": try enclosed(by: "rceil", as: "ceil")
        case "log": try logarithm()
        default: try function(name)
        }
    }

    private mutating func fraction() throws(MathFailure) -> MathNode {
        if case .number(let literal) = token, literal.scale == 0, literal.digits.count > 1 {
            return try digitFraction(literal)
        }
        let above = try argument()
        if case .number(let literal) = token, literal.scale == 0, literal.digits.count > 1 {
            // `\frac{a}12` is a/1 times 2 in TeX, and a twelfth of a to whoever writes it.
            index += 1
            return .quotient(above, .number(literal))
        }
        return .quotient(above, try argument())
    }

    /// `\frac12` and `\frac123`: one digit above, one below, the rest a factor.
    private mutating func digitFraction(_ literal: NumberLiteral) throws(MathFailure) -> MathNode {
        index += 1
        let digits = literal.digits
        let half = MathNode.quotient(
            .number(NumberLiteral(whole: [digits[0]])), .number(NumberLiteral(whole: [digits[1]])))
        if digits.count == 2, token == .openGroup, lexemes[index].isSpaced == false {
            return .quotient(.number(literal), try argument())
        }
        guard digits.count > 2 else { return half }
        return .product([half, .number(NumberLiteral(whole: Array(digits[2...])))])
    }

    private mutating func root() throws(MathFailure) -> MathNode {
        var degree = MathNode.number(NumberLiteral(whole: [0x32]))
        if token == .sign("["), hasClosingBracketBeforeGroup {
            index += 1
            degree = try sum()
            try expect(.sign("]"))
        }
        if case .number(let literal) = token {
            // The reference lineage reads `\sqrt13` as the root of 13, as its writers mean it.
            index += 1
            return .root(index: degree, of: .number(literal))
        }
        return .root(index: degree, of: try argument())
    }

    private var hasClosingBracketBeforeGroup: Bool {
        for lexeme in lexemes[index...].prefix(8) {
            if lexeme.token == .sign("]") { return true }
            if lexeme.token == .openGroup { return false }
        }
        return false
    }

    private mutating func enclosed(by closer: String, as name: String) throws(MathFailure)
        -> MathNode
    {
        try deepen()
        defer { depth -= 1 }
        let node = try sum()
        try expect(.command(closer))
        return .function(name, [node])
    }

    private mutating func logarithm() throws(MathFailure) -> MathNode {
        guard takeSign(of: ["_"]) != nil else { return try function("log") }
        let base: MathNode
        if case .number(let literal) = token {
            index += 1
            base = .number(literal)
        } else {
            base = try argument()
        }
        guard case .function(_, let parts) = try function("ln") else { throw .unreadable }
        return .quotient(.function("ln", parts), .function("ln", [base]))
    }

    /// A function with a power before its argument, and an argument with or without brackets.
    private mutating func function(_ name: String) throws(MathFailure) -> MathNode {
        guard MathSpelling.functions.contains(name) || name == "log" else { throw .unreadable }
        try deepen()
        defer { depth -= 1 }
        var power: MathNode?
        if takeSign(of: ["^"]) != nil {
            power = token == .openGroup ? try argument() : try signedFactor()
        }
        let outer = isInFunction
        isInFunction = true
        defer { isInFunction = outer }
        let operand: MathNode
        if token == .sign("(") || token == .openGroup {
            operand = try primary()
        } else {
            operand = try bareOperand()
        }
        guard let power else { return .function(name, [operand]) }
        if case .negative(.number(let literal)) = power, literal.digits == [0x31] {
            return .function("arc" + name, [operand])
        }
        return .power(.function(name, [operand]), power)
    }

    /// `\sin 2x`: factors up to a sign or the next function.
    private mutating func bareOperand() throws(MathFailure) -> MathNode {
        var factors = [try signedFactor()]
        while true {
            switch token {
            case .number, .letter, .command("pi"), .command("frac"), .command("sqrt"):
                factors.append(try factor())
            case .sign("/"):
                guard case .number = token(at: 1) else {
                    return factors.count == 1 ? factors[0] : .product(factors)
                }
                index += 1
                let numerator = factors.count == 1 ? factors[0] : MathNode.product(factors)
                factors = [.quotient(numerator, try factor())]
                try deepen()
            default: return factors.count == 1 ? factors[0] : .product(factors)
            }
        }
    }
}
