/// Classes of code points, escapes among them.
extension PatternParser {
    /// An escape that stands for code points, inside or outside brackets.
    mutating func classEscape() throws(TokenizationError) -> ScalarClass {
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

    mutating func hexadecimal(
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
    mutating func bracket() throws(TokenizationError) -> ScalarClass {
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
