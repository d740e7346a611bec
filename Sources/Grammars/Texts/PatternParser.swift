/// Reads a regular expression of ECMA-262 with the flag `u`, without what looks around or back.
///
/// As in Annex B there, a brace or bracket that closes nothing, or that opens no repetition, is
/// itself. Characters are code points; `\d`, `\w` and `\s` mean what they mean there: ASCII digits,
/// ASCII letters with digits and `_`, Unicode white space.
struct PatternParser {
    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    /// Characters of a pattern at most.
    private static let lengthLimit = 4096
    /// Groups inside each other at most.
    private static let depthLimit = 48
    /// The highest bound of a repetition.
    private static let repetitionLimit = 4096

    private init(_ pattern: String) {
        text = Array(pattern.unicodeScalars)
    }

    /// The tree of a pattern.
    static func parse(_ pattern: String) throws(TextAutomaton.Failure) -> PatternNode {
        var parser = PatternParser(pattern)
        guard parser.text.count <= lengthLimit else {
            throw parser.wrong("it is longer than \(lengthLimit) characters")
        }
        let node = try parser.alternatives()
        guard parser.position == parser.text.count else { throw parser.wrong("')' closes nothing") }
        return node
    }

    var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    func wrong(_ reason: String) -> TextAutomaton.Failure {
        .syntax(reason, offset: position)
    }

    /// Passes over `expected` if it comes next.
    mutating func skip(_ expected: String) -> Bool {
        guard text[position...].starts(with: expected.unicodeScalars) else { return false }
        position += expected.unicodeScalars.count
        return true
    }

    /// Takes a character, if there is one.
    mutating func take() -> Unicode.Scalar? {
        defer { position += position < text.count ? 1 : 0 }
        return next
    }

    private mutating func alternatives() throws(TextAutomaton.Failure) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw wrong("groups lie more than \(Self.depthLimit) deep")
        }
        var ways = [try sequence()]
        while skip("|") { ways.append(try sequence()) }
        return ways.count == 1 ? ways[0] : .either(ways)
    }

    private mutating func sequence() throws(TextAutomaton.Failure) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if skip("^") {
                parts.append(.start)
            } else if skip("$") {
                parts.append(.finish)
            } else {
                let atom = try atom()
                parts.append(try repetition(of: atom))
                continue
            }
            guard try bounds() == nil else { throw wrong("an anchor cannot be repeated") }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(TextAutomaton.Failure) -> PatternNode {
        if let construct = Self.refused.first(where: { skip($0.key) }) {
            throw .unsupported(construct: "\(construct.value) ('\(construct.key)')")
        }
        if skip("(?:") || skip("(?<") {
            if text[position - 1] == "<" {
                while let scalar = take(), scalar != ">" {}
            }
            return try group()
        }
        if skip("(?") { throw .unsupported(construct: "flags in a pattern ('(?')") }
        if skip("(") { return try group() }
        if skip("[") { return .character(try characterClass()) }
        if skip(".") { return .character(Self.lineBreaks.inverted) }
        if skip("\\") { return .character(try escape()) }
        if let quantifier = ["*", "+", "?"].first(where: { skip($0) }) {
            throw wrong("'\(quantifier)' has nothing to repeat")
        }
        guard try bounds() == nil else { throw wrong("a repetition has nothing to repeat") }
        return .character(CodePointSet(take().map { [$0.value...$0.value] } ?? []))
    }

    private mutating func group() throws(TextAutomaton.Failure) -> PatternNode {
        let node = try alternatives()
        guard skip(")") else { throw wrong("a group is not closed by ')'") }
        return node
    }

    private mutating func repetition(
        of node: PatternNode
    ) throws(TextAutomaton.Failure) -> PatternNode {
        guard let (least, most) = try bounds() else { return node }
        // Whether a repetition takes as much or as little as it can changes no language.
        _ = skip("?")
        return .repeated(node, least: least, most: most)
    }

    /// A quantifier, if one comes next.
    private mutating func bounds() throws(TextAutomaton.Failure) -> (Int, Int?)? {
        if skip("*") { return (0, nil) }
        if skip("+") { return (1, nil) }
        if skip("?") { return (0, 1) }
        let start = position
        guard skip("{"), let least = number() else {
            position = start
            return nil
        }
        var most: Int? = least
        if skip(",") { most = number() }
        guard skip("}") else {
            position = start
            return nil
        }
        guard max(least, most ?? 0) <= Self.repetitionLimit else {
            throw wrong("a repetition is bounded by more than \(Self.repetitionLimit)")
        }
        guard least <= most ?? .max else { throw wrong("the bounds of a repetition are swapped") }
        return (least, most)
    }

    /// Decimal digits; one above every limit for a number that is too large to hold.
    private mutating func number() -> Int? {
        let digits = text[position...].prefix { ("0"..."9").contains($0) }
        position += digits.count
        guard !digits.isEmpty else { return nil }
        return Int(String(String.UnicodeScalarView(digits))) ?? .max
    }

    /// What begins a construct that is not read, and its name.
    private static let refused = [
        "(?=": "a lookahead", "(?!": "a lookahead", "(?<=": "a lookbehind",
        "(?<!": "a lookbehind",
    ]
}
