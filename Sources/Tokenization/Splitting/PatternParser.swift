/// Reads a pattern in the syntax of the reference's engine (Oniguruma with Ruby's rules).
struct PatternParser {
    static let maximumDepth = 40
    private static let maximumRepeat = 1000

    private let pattern: String
    private let scalars: [Unicode.Scalar]
    var offset = 0
    var depth = 0
    var ignoresCase = false
    private var dotMatchesNewline = false

    init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// The tree of the whole pattern.
    mutating func parse() throws(TokenizationError) -> PatternNode {
        let node = try alternation()
        guard offset == scalars.count else { throw invalid("a ')' without its '('") }
        return node
    }

    func invalid(_ reason: String) -> TokenizationError {
        .invalidPattern(pattern: pattern.quoted, offset: offset, reason: reason)
    }

    var next: Unicode.Scalar? {
        offset < scalars.count ? scalars[offset] : nil
    }

    func peek(_ distance: Int) -> Unicode.Scalar? {
        offset + distance < scalars.count ? scalars[offset + distance] : nil
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        offset += 1
        return true
    }

    mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[offset...].starts(with: wanted) else { return false }
        offset += wanted.count
        return true
    }

    private mutating func alternation() throws(TokenizationError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw invalid("groups nested too deeply") }
        // an option like (?i) holds to the end of its group
        let saved = (ignoresCase, dotMatchesNewline)
        defer { (ignoresCase, dotMatchesNewline) = saved }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func sequence() throws(TokenizationError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let part = try atom() else { continue }
            parts.append(try quantified(part))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private func set(_ source: ScalarClass) -> PatternNode {
        .set(ignoresCase ? .anyCase(source) : source)
    }

    /// One item without its quantifier; `nil` for an option or a comment.
    private mutating func atom() throws(TokenizationError) -> PatternNode? {
        guard let scalar = next else { throw invalid("the end of the pattern") }
        switch scalar {
        case "(": return try group()
        case "[":
            offset += 1
            return set(try bracket())
        case ".":
            offset += 1
            return .set(dotMatchesNewline ? .any : .complement(.scalar(0x0A)))
        case "^":
            offset += 1
            return .assertion(.lineStart)
        case "$":
            offset += 1
            return .assertion(.lineEnd)
        case "*", "+", "?": throw invalid("nothing to repeat")
        case "\\": return try escape()
        default:
            // the reference would match the several letters that this one folds to
            if ignoresCase, scalar.properties.uppercaseMapping.unicodeScalars.count > 1 {
                throw invalid("\(scalar) in any case, which is not supported")
            }
            offset += 1
            return set(.scalar(scalar.value))
        }
    }

    private mutating func group() throws(TokenizationError) -> PatternNode? {
        offset += 1
        guard take("?") else { return try closed { $0 } }
        if take("#") {
            while let scalar = next, scalar != ")" {
                offset += scalar == "\\" ? 2 : 1
            }
            guard take(")") else { throw invalid("a comment without its end") }
            return nil
        }
        if take(":") { return try closed { $0 } }
        if take("=") { return try closed { .look($0, negative: false) } }
        if take("!") { return try closed { .look($0, negative: true) } }
        if take(">") { return try closed { .atomic($0) } }
        if take("<=") { return try lookBehind(negative: false) }
        if take("<!") { return try lookBehind(negative: true) }
        if take("<") {
            while let scalar = next, scalar != ">" {
                guard
                    scalar.properties.isAlphabetic || scalar == "_"
                        || scalar.properties.numericType != nil
                else { throw invalid("a group name") }
                offset += 1
            }
            guard take(">") else { throw invalid("a group name without its end") }
            return try closed { $0 }
        }
        return try options()
    }

    private mutating func closed(
        _ wrap: (PatternNode) -> PatternNode
    ) throws(TokenizationError) -> PatternNode {
        let body = try alternation()
        guard take(")") else { throw invalid("a '(' without its ')'") }
        return wrap(body)
    }

    private mutating func lookBehind(negative: Bool) throws(TokenizationError) -> PatternNode {
        let body = try closed { $0 }
        let branches: [PatternNode]
        if case .alternation(let parts) = body { branches = parts } else { branches = [body] }
        guard branches.allSatisfy({ $0.fixedLength != nil }) else {
            throw invalid("a look-behind of varying length")
        }
        return .lookBehind(body, negative: negative)
    }

    /// `(?i)`, `(?i:...)`, `(?m-i:...)`.
    private mutating func options() throws(TokenizationError) -> PatternNode? {
        let saved = (ignoresCase, dotMatchesNewline)
        var value = true
        while let scalar = next {
            offset += 1
            switch scalar {
            case "-": value = false
            case "i": ignoresCase = value
            case "m": dotMatchesNewline = value
            case ")": return nil
            case ":":
                let body = try closed { $0 }
                (ignoresCase, dotMatchesNewline) = saved
                return body
            default:
                offset -= 1
                throw invalid("a group of an unsupported kind")
            }
        }
        throw invalid("a '(' without its ')'")
    }

    private mutating func quantified(_ atom: PatternNode) throws(TokenizationError) -> PatternNode {
        var node = atom
        var loops = 0
        while let scalar = next {
            var minimum = 0
            var maximum: Int?
            var isInterval = false
            switch scalar {
            case "*": offset += 1
            case "+":
                offset += 1
                minimum = 1
            case "?":
                offset += 1
                maximum = 1
            case "{":
                guard let interval = try self.interval() else { return node }
                (minimum, maximum) = interval
                isInterval = true
            default:
                return node
            }
            var mode = PatternNode.Mode.greedy
            if isInterval, minimum == maximum, next == "?" {
                // Ruby reads {n}? as (?:...{n})?
                offset += 1
                node = .loop(node, minimum: minimum, maximum: maximum, mode: .greedy)
                (minimum, maximum) = (0, 1)
            } else if take("?") {
                mode = .lazy
            } else if !isInterval, take("+") {
                mode = .possessive
            }
            node = .loop(node, minimum: minimum, maximum: maximum, mode: mode)
            loops += 1
            guard loops <= 8 else { throw invalid("too many quantifiers on one item") }
        }
        return node
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; `nil`, with nothing read, when the brace is literal.
    private mutating func interval() throws(TokenizationError) -> (Int, Int?)? {
        let start = offset
        offset += 1
        let minimum = try number()
        var maximum = minimum
        if take(",") { maximum = try number() } else if minimum == nil { offset = start }
        guard offset > start, minimum != nil || maximum != nil, take("}") else {
            offset = start
            // the brace stands for itself
            guard next == "{" else { return nil }
            return nil
        }
        if let low = minimum, let high = maximum, low > high {
            throw invalid("a repeat count that is out of order")
        }
        return (minimum ?? 0, maximum)
    }

    private mutating func number() throws(TokenizationError) -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            guard (value ?? 0) <= Self.maximumRepeat else {
                throw invalid("a repeat count above \(Self.maximumRepeat)")
            }
            offset += 1
        }
        return value
    }

    private mutating func escape() throws(TokenizationError) -> PatternNode {
        guard let scalar = peek(1) else { throw invalid("a backslash at the end") }
        let assertion: PatternNode.Assertion
        switch scalar {
        case "b": assertion = .wordBoundary
        case "B": assertion = .notWordBoundary
        case "A": assertion = .textStart
        case "z": assertion = .textEnd
        case "Z": assertion = .textEndOrLastLine
        case "R":
            offset += 2
            let breaks = ScalarSet(bounds: [0x0A, 0x0E, 0x85, 0x86, 0x2028, 0x202A])
            return .atomic(
                .alternation([
                    .sequence([.set(.scalar(0x0D)), .set(.scalar(0x0A))]), .set(.ranges(breaks)),
                ]))
        default:
            return set(try classEscape())
        }
        offset += 2
        return .assertion(assertion)
    }
}
