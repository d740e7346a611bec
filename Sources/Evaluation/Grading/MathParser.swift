/// Reads the tokens of an answer into a tree.
///
/// Recursive descent with a limit on its depth:
/// ```
/// answer   = relation {("," | ";") relation}
/// relation = union {("=" | "<" | …) union}
/// union    = sum {("∪" | "∩" | "∖") sum}
/// sum      = ["+" | "-" | "±"] product {("+" | "-" | "±") product}
/// product  = factor {["*" | "/"] factor}
/// factor   = primary {"^" exponent | "_" subscript | "!" | "%" | "°"}
/// ```
struct MathParser {
    let lexemes: [Lexeme]
    let maximumNesting: Int
    var index = 0
    var depth = 0

    /// Whether `|` ends what is being read: within `|…|` and before the condition of a set.
    var barEnds = false

    /// Whether degrees are angles to be converted, as in the argument of a sine.
    var isInFunction = false

    /// The tree of a whole answer.
    static func parse(
        _ lexemes: [Lexeme], limits: GradingLimits, meter: inout WorkMeter
    ) throws(MathFailure) -> MathNode {
        try meter.spend(lexemes.count * 4)
        var parser = MathParser(lexemes: lexemes, maximumNesting: limits.maximumNesting)
        parser.skipIntroduction()
        let node = try parser.answer()
        while parser.take(.rowBreak) {}
        guard parser.index == lexemes.count else { throw .unreadable }
        return node
    }

    /// Passes over what says no more than that an answer follows: `=`, "Answer:", "about".
    private mutating func skipIntroduction() {
        let colon = lexemes.firstIndex { lexeme in
            switch lexeme.token {
            case .word, .letter: false
            default: true
            }
        }
        if let colon, colon > 0, colon <= 6, case .word = lexemes[colon - 1].token,
            lexemes[colon].token == .sign(":"), colon + 1 < lexemes.count
        {
            index = colon + 1
        }
        if case .word(let word) = token, MathSpelling.introductions.contains(word) { index += 1 }
        _ = take(.sign("="))
    }

    var token: MathToken? {
        index < lexemes.count ? lexemes[index].token : nil
    }

    func token(at offset: Int) -> MathToken? {
        index + offset < lexemes.count ? lexemes[index + offset].token : nil
    }

    mutating func take(_ expected: MathToken) -> Bool {
        guard token == expected else { return false }
        index += 1
        return true
    }

    mutating func expect(_ expected: MathToken) throws(MathFailure) {
        guard take(expected) else { throw .unreadable }
    }

    mutating func takeSign(of signs: [Unicode.Scalar]) -> Unicode.Scalar? {
        guard case .sign(let sign) = token, signs.contains(sign) else { return nil }
        index += 1
        return sign
    }

    /// Every way down the grammar passes here, so that no input can exhaust the stack.
    mutating func deepen() throws(MathFailure) {
        depth += 1
        guard depth <= maximumNesting else { throw .tooMuchWork }
    }

    // MARK: Grammar

    mutating func answer() throws(MathFailure) -> MathNode {
        let elements = try elements()
        guard let only = elements.first, elements.count == 1 else { return .list(elements) }
        return only
    }

    mutating func elements() throws(MathFailure) -> [MathNode] {
        try deepen()
        defer { depth -= 1 }
        var elements = [try relation()]
        while takeSign(of: [",", ";"]) != nil {
            // A trailing separator, or the comma before "and", separates nothing.
            guard token != nil, token != .sign(","), token != .sign("…") else { continue }
            elements.append(try relation())
        }
        return elements
    }

    mutating func relation() throws(MathFailure) -> MathNode {
        var sides = [try union()]
        var signs: [Unicode.Scalar] = []
        while let sign = takeSign(of: ["=", "<", ">", "≤", "≥", "≠", "∈"]) {
            signs.append(sign)
            sides.append(try union())
        }
        return signs.isEmpty ? sides[0] : .relation(sides: sides, signs: signs)
    }

    mutating func union() throws(MathFailure) -> MathNode {
        var node = try sum()
        var parts = [node]
        while true {
            let isLetterUnion = token == .letter("U") && isBracketed(parts.last)
            if isLetterUnion || token == .sign("∪") {
                index += 1
                parts.append(try sum())
                node = .union(parts)
            } else if let sign = takeSign(of: ["∩", "∖"]) {
                try deepen()
                node = .setOperation(sign, node, try sum())
                parts = [node]
            } else {
                return node
            }
        }
    }

    private func isBracketed(_ node: MathNode?) -> Bool {
        switch node {
        case .tuple, .set: true
        default: false
        }
    }

    mutating func sum() throws(MathFailure) -> MathNode {
        var terms: [MathNode] = []
        repeat {
            let sign = takeSigns()
            let term = try product()
            switch sign {
            case "-": terms.append(.negative(term))
            case "±": terms.append(.plusMinus(term, startsPositive: true))
            case "∓": terms.append(.plusMinus(term, startsPositive: false))
            default: terms.append(term)
            }
        } while isAdditive(token)
        return terms.count == 1 ? terms[0] : .sum(terms)
    }

    private func isAdditive(_ token: MathToken?) -> Bool {
        guard case .sign(let sign) = token else { return false }
        return ["+", "-", "±", "∓"].contains(sign)
    }

    /// What a run of signs comes to.
    private mutating func takeSigns() -> Unicode.Scalar {
        var result: Unicode.Scalar = "+"
        while let sign = takeSign(of: ["+", "-", "±", "∓"]) {
            switch (sign, result) {
            case ("-", "+"): result = "-"
            case ("-", "-"): result = "+"
            case ("±", _), ("∓", _): result = sign
            default: break
            }
        }
        return result
    }

    mutating func product() throws(MathFailure) -> MathNode {
        var above = [try factor()]
        var below: [MathNode] = []
        while true {
            if takeSign(of: ["*"]) != nil {
                above.append(try signedFactor())
            } else if takeSign(of: barEnds ? ["/"] : ["/", ":"]) != nil {
                if skipUnit() { continue }
                below.append(try signedFactor())
                if !barEnds, below.count == 1, token == .sign(":") {
                    return try ratio(above: above, second: below[0])
                }
            } else if case .command("over") = token {
                index += 1
                below.append(try product())
            } else if let scale = takeScale() {
                above.append(scale)
            } else if skipModulus() || skipUnit() {
                continue
            } else if let mixed = try mixedNumber(after: above, isWhole: below.isEmpty) {
                above = [mixed]
            } else if startsFactor {
                above.append(try factor())
            } else {
                break
            }
        }
        let numerator = above.count == 1 ? above[0] : .product(above)
        guard let divisor = below.first else { return numerator }
        return .quotient(numerator, below.count == 1 ? divisor : .product(below))
    }

    /// A ratio of more than two parts: a point whose last coordinate is one.
    private mutating func ratio(
        above: [MathNode], second: MathNode
    ) throws(MathFailure) -> MathNode {
        var parts = [above.count == 1 ? above[0] : .product(above), second]
        while takeSign(of: [":"]) != nil { parts.append(try signedFactor()) }
        let last = parts[parts.count - 1]
        return .tuple(open: "(", parts.map { .quotient($0, last) }, close: ")")
    }

    mutating func signedFactor() throws(MathFailure) -> MathNode {
        var isNegative = false
        while let sign = takeSign(of: ["+", "-"]) {
            if sign == "-" { isNegative.toggle() }
        }
        let node = try factor()
        return isNegative ? .negative(node) : node
    }

    /// Whether the next token can follow a factor as another one, without a sign between.
    private var startsFactor: Bool {
        switch token {
        case .number, .word, .openGroup, .openSet, .beginMatrix, .sign("("), .sign("["): true
        case .letter(let name): name != "U" || token(at: 1) != .sign("(")
        case .command(let name): !["rfloor", "rceil", "over"].contains(name)
        case .sign("|"): !barEnds
        default: false
        }
    }

    /// The power of ten of a word such as "million" behind a value.
    private mutating func takeScale() -> MathNode? {
        guard case .word(let name) = token,
            let zeros = ["thousand": 3, "million": 6, "billion": 9][name]
        else { return nil }
        index += 1
        return .number(NumberLiteral(whole: [0x31] + Array(repeating: 0x30, count: zeros)))
    }

    /// Passes over a unit behind a value, with its power.
    private mutating func skipUnit() -> Bool {
        guard index > 0, case .word = token else { return false }
        index += 1
        guard token == .sign("^") else { return true }
        index += 1
        if take(.openGroup) {
            while token != nil, token != .closeGroup { index += 1 }
        }
        index += 1
        index = min(index, lexemes.count)
        return true
    }

    /// Passes over `\pmod{n}` behind a residue.
    private mutating func skipModulus() -> Bool {
        guard token == .command("pmod") || token == .command("bmod") else { return false }
        while token != nil, token != .closeGroup { index += 1 }
        index = min(index + 1, lexemes.count)
        return true
    }

    /// A whole number with a fraction behind it is a sum, though it is written as a product.
    private mutating func mixedNumber(
        after factors: [MathNode], isWhole: Bool
    ) throws(MathFailure) -> MathNode? {
        guard isWhole, factors.count == 1, case .number(let whole) = factors[0], whole.scale == 0
        else { return nil }
        if token == .command("frac") {
            let start = index
            var fraction = try factor()
            let isPercent = AnswerShape.withoutPercent(fraction) != nil
            fraction = AnswerShape.withoutPercent(fraction) ?? fraction
            guard case .quotient(.number(let above), .number(let below)) = fraction,
                above.scale == 0, below.scale == 0
            else {
                index = start
                return nil
            }
            let mixed = MathNode.sum([factors[0], fraction])
            return isPercent ? .percent(mixed) : mixed
        }
        guard case .number(let above) = token, lexemes[index].isSpaced,
            token(at: 1) == .sign("/"), case .number(let below) = token(at: 2)
        else { return nil }
        index += 3
        return .sum([factors[0], .quotient(.number(above), .number(below))])
    }
}
