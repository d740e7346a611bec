/// Reads a pattern in the syntax of the reference's engine (Oniguruma with Ruby's rules).
struct PatternParser {
    private static let maximumDepth = 40
    private static let maximumRepeat = 1000

    private let pattern: String
    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0
    private var ignoresCase = false
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

    private func invalid(_ reason: String) -> TokenizationError {
        .invalidPattern(pattern: pattern.quoted, offset: offset, reason: reason)
    }

    private var next: Unicode.Scalar? {
        offset < scalars.count ? scalars[offset] : nil
    }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        offset + distance < scalars.count ? scalars[offset + distance] : nil
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool {
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

    /// An escape that stands for code points, inside or outside brackets.
    private mutating func classEscape() throws(TokenizationError) -> ScalarClass {
        offset += 1
        guard let scalar = next else { throw invalid("a backslash at the end") }
        offset += 1
        switch scalar {
        case "d": return .categories(UnicodeClasses.decimalDigits)
        case "D": return .complement(.categories(UnicodeClasses.decimalDigits))
        case "s": return .categories(UnicodeClasses.whiteSpace)
        case "S": return .complement(.categories(UnicodeClasses.whiteSpace))
        case "w": return .word
        case "W": return .complement(.word)
        case "h", "H":
            let digits = ScalarClass.ranges(
                ScalarSet(bounds: [0x30, 0x3A, 0x41, 0x47, 0x61, 0x67]))
            return scalar == "h" ? digits : .complement(digits)
        case "p", "P": return try property(negated: scalar == "P")
        case "n": return .scalar(0x0A)
        case "t": return .scalar(0x09)
        case "r": return .scalar(0x0D)
        case "f": return .scalar(0x0C)
        case "v": return .scalar(0x0B)
        case "a": return .scalar(0x07)
        case "e": return .scalar(0x1B)
        case "x":
            if take("{") {
                let value = try hexadecimal(1...8)
                guard take("}") else { throw invalid("a code point without its '}'") }
                return value
            }
            return try hexadecimal(1...2)
        case "u": return try hexadecimal(4...4)
        case "0"..."9", "k", "g":
            guard scalar == "0" else {
                offset -= 1
                throw invalid("a back-reference, which is not supported")
            }
            return .scalar(0)
        case let other where other.isASCII && other.properties.isAlphabetic:
            offset -= 1
            throw invalid("the escape \\\(other), which is not supported")
        default:
            return .scalar(scalar.value)
        }
    }

    private mutating func hexadecimal(
        _ digits: ClosedRange<Int>
    ) throws(TokenizationError) -> ScalarClass {
        var value: UInt32 = 0
        var count = 0
        while count < digits.upperBound, let scalar = next, scalar.isASCII,
            let digit = hexadecimalValue(UInt8(truncatingIfNeeded: scalar.value))
        {
            value = value << 4 | UInt32(digit)
            count += 1
            offset += 1
        }
        guard digits.contains(count), Unicode.Scalar(value) != nil else {
            throw invalid("the number of a code point")
        }
        if count <= 2, value > 0x7F {
            throw invalid("a byte above 7F, which is not supported; write \\x{...}")
        }
        return .scalar(value)
    }

    private mutating func property(negated: Bool) throws(TokenizationError) -> ScalarClass {
        guard take("{") else { throw invalid("\\p without '{'") }
        let inverted = take("^")
        var name = ""
        while let scalar = next, scalar != "}" {
            name.unicodeScalars.append(scalar)
            offset += 1
        }
        guard take("}") else { throw invalid("\\p{ without '}'") }
        guard let found = Self.property(named: name) else {
            throw invalid("the property \(name.quoted), which is not known")
        }
        return negated != inverted ? .complement(found) : found
    }

    private static func property(named name: String) -> ScalarClass? {
        if let set = UnicodeClasses.categories(named: name) { return .categories(set) }
        if let set = UnicodeScripts.set(named: name) { return .ranges(set) }
        let plain = String(name.lowercased().filter { !" _-".contains($0) })
        switch plain {
        case "space": return .categories(UnicodeClasses.whiteSpace)
        case "digit", "decimalnumber": return .categories(UnicodeClasses.decimalDigits)
        case "word": return .word
        case "xdigit": return .ranges(ScalarSet(bounds: [0x30, 0x3A, 0x41, 0x47, 0x61, 0x67]))
        case "ascii": return .ranges(ScalarSet(bounds: [0, 0x80]))
        default:
            let long = [
                "letter": "L", "mark": "M", "number": "N", "punctuation": "P", "symbol": "S",
                "separator": "Z", "other": "C", "any": "Any", "uppercaseletter": "Lu",
                "lowercaseletter": "Ll", "titlecaseletter": "Lt", "modifierletter": "Lm",
                "otherletter": "Lo", "nonspacingmark": "Mn", "spacingmark": "Mc",
                "enclosingmark": "Me", "letternumber": "Nl", "othernumber": "No",
            ]
            if let short = long[plain] {
                return UnicodeClasses.categories(named: short).map { .categories($0) }
            }
            let candidates = UnicodeClasses.names + ["L", "M", "N", "P", "S", "Z", "C"]
            return candidates.first { $0.lowercased() == plain }
                .flatMap { UnicodeClasses.categories(named: $0) }.map { .categories($0) }
        }
    }

    /// The rest of a bracket after `[`.
    private mutating func bracket() throws(TokenizationError) -> ScalarClass {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw invalid("brackets nested too deeply") }
        let negated = take("^")
        var conjuncts: [ScalarClass] = []
        var members: [ScalarClass] = []
        var bounds: [UInt32] = []
        var isFirst = true
        while true {
            guard let scalar = next else { throw invalid("a '[' without its ']'") }
            if scalar == "]", !isFirst {
                offset += 1
                break
            }
            isFirst = false
            if take("&&") {
                conjuncts.append(Self.union(&members, &bounds))
                continue
            }
            if take("[:") {
                members.append(try posixClass())
                continue
            }
            if take("[") {
                members.append(try bracket())
                continue
            }
            let item: ScalarClass
            if scalar == "\\" {
                if peek(1) == "b" {
                    offset += 2
                    item = .scalar(0x08)
                } else {
                    item = try classEscape()
                }
            } else {
                offset += 1
                item = .scalar(scalar.value)
            }
            guard case .ranges(let set) = item, set.bounds.count == 2,
                set.bounds[1] == set.bounds[0] + 1
            else {
                members.append(item)
                continue
            }
            let low = set.bounds[0]
            guard next == "-", let after = peek(1), after != "]" else {
                bounds += [low, low + 1]
                continue
            }
            offset += 1
            let high: UInt32
            if after == "\\" {
                guard case .ranges(let end) = try classEscape(), end.bounds.count == 2,
                    end.bounds[1] == end.bounds[0] + 1
                else { throw invalid("a range that ends in a class") }
                high = end.bounds[0]
            } else if after == "[" {
                // a hyphen before a nested class stands for itself
                bounds += [low, low + 1, 0x2D, 0x2E]
                continue
            } else {
                offset += 1
                high = after.value
            }
            guard low <= high else { throw invalid("a range that is out of order") }
            bounds += [low, high + 1]
        }
        conjuncts.append(Self.union(&members, &bounds))
        let set = conjuncts.count == 1 ? conjuncts[0] : .intersection(conjuncts)
        guard negated else { return set }
        return .complement(ignoresCase ? .anyCase(set) : set)
    }

    private mutating func posixClass() throws(TokenizationError) -> ScalarClass {
        let negated = take("^")
        var name = ""
        while let scalar = next, scalar.isASCII, scalar.properties.isAlphabetic {
            name.unicodeScalars.append(scalar)
            offset += 1
        }
        guard take(":]"), let found = Self.property(named: name) else {
            throw invalid("the class [:\(name):], which is not supported")
        }
        return negated ? .complement(found) : found
    }

    private static func union(
        _ members: inout [ScalarClass], _ bounds: inout [UInt32]
    ) -> ScalarClass {
        defer {
            members = []
            bounds = []
        }
        if !bounds.isEmpty { members.append(.ranges(ScalarSet(merging: bounds))) }
        return members.count == 1 ? members[0] : .union(members)
    }
}

extension ScalarSet {
    /// The union of half-open ranges in any order.
    init(merging flat: [UInt32]) {
        let ranges = stride(from: 0, to: flat.count, by: 2).map { (flat[$0], flat[$0 + 1]) }
            .sorted { $0 < $1 }
        var bounds: [UInt32] = []
        for (low, high) in ranges {
            if let last = bounds.last, low <= last {
                bounds[bounds.count - 1] = max(last, high)
            } else {
                bounds += [low, high]
            }
        }
        self.init(bounds: bounds)
    }
}
