/// Texts of automata in JSON.
extension JSONPieces {
    /// A string that is one of an automaton's texts, the quotes included, and what follows.
    ///
    /// Each character is written in one way: as it is, or as the shortest of its escapes if JSON
    /// has it escaped.
    ///
    /// - Precondition: The automaton has a text.
    public mutating func string(
        of automaton: TextAutomaton, then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        let close = builder.literal("\"".utf8, then: next)
        return builder.literal("\"".utf8, then: text(of: automaton, then: close))
    }

    /// One of an automaton's texts as a string has it, without quotes, and what follows.
    ///
    /// - Precondition: The automaton has a text.
    public mutating func text(
        of automaton: TextAutomaton, then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        let places = automaton.states.map { _ in builder.reserve() }
        for (place, state) in zip(places, automaton.states) {
            var ways = state.accepts ? [next] : []
            for edge in state.edges {
                ways += self.ways(of: edge.characters, then: places[edge.target])
            }
            builder.fill(place, with: ways)
        }
        return places[0]
    }

    /// The ways to write one character of a set, and what follows.
    private mutating func ways(
        of characters: CodePointSet, then next: GrammarBuilder.Place
    ) -> [GrammarBuilder.Place] {
        var ways: [GrammarBuilder.Place] = []
        let narrow = characters.intersection(Self.narrow)
        let ascii = narrow.ranges.flatMap { $0.map { UInt8(truncatingIfNeeded: $0) } }
        let plain = ascii.filter { Self.escapes[$0] == nil }
        if !plain.isEmpty { ways.append(builder.byte(of: plain, then: next)) }
        let escapes = ascii.compactMap { Self.escapes[$0] }
        if !escapes.isEmpty {
            let rest = escapes.map { builder.literal($0.utf8, then: next) }
            ways.append(builder.literal("\\".utf8, then: builder.either(rest)))
        }
        let wide = characters.intersection(Self.narrow.inverted)
        if !wide.isEmpty { ways.append(builder.call(rule(of: wide), then: next)) }
        return ways
    }

    /// The code points of one byte.
    private static let narrow = CodePointSet([0...0x7F])

    /// What follows the backslash of characters that strings do not hold as they are.
    private static let escapes: [UInt8: String] = {
        var escapes: [UInt8: String] = [:]
        for control in UInt8(0)..<0x20 {
            let digits = String(control, radix: 16)
            escapes[control] = "u00" + (digits.count < 2 ? "0" : "") + digits
        }
        let letters: [(Character, String)] = [
            ("\"", "\""), ("\\", "\\"), ("\u{8}", "b"), ("\u{C}", "f"), ("\n", "n"), ("\r", "r"),
            ("\t", "t"),
        ]
        for (character, letter) in letters {
            if let byte = character.asciiValue { escapes[byte] = letter }
        }
        return escapes
    }()

    /// A character of a set without ASCII, in UTF-8.
    private mutating func rule(of wide: CodePointSet) -> GrammarBuilder.Rule {
        if let known = wideCharacters[wide] { return known }
        let rule = builder.declare()
        var ways: [GrammarBuilder.Place] = []
        let lengths: [ClosedRange<UInt32>] = [0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF]
        for range in wide.ranges {
            for length in lengths where length.overlaps(range) {
                let part = range.clamped(to: length)
                ways.append(
                    encodings(
                        Self.encoding(of: part.lowerBound)[...],
                        Self.encoding(of: part.upperBound)[...], then: builder.end))
            }
        }
        builder.define(rule, as: builder.either(ways))
        wideCharacters[wide] = rule
        return rule
    }

    private static func encoding(of value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(String($0).utf8) } ?? []
    }

    /// Encodings between two of the same length.
    private mutating func encodings(
        _ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>, then next: GrammarBuilder.Place
    ) -> GrammarBuilder.Place {
        guard let first = low.first, let last = high.first else { return next }
        let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
        if first == last {
            return builder.literal([first], then: encodings(lowRest, highRest, then: next))
        }
        let least = ArraySlice(repeatElement(UInt8(0x80), count: lowRest.count))
        let most = ArraySlice(repeatElement(UInt8(0xBF), count: lowRest.count))
        // First bytes behind which all others may follow; at most two are not among them.
        var (free, lastFree) = (first, last)
        var ways: [GrammarBuilder.Place] = []
        if !lowRest.elementsEqual(least) {
            ways.append(builder.literal([first], then: encodings(lowRest, most, then: next)))
            free += 1
        }
        if !highRest.elementsEqual(most) {
            ways.append(builder.literal([last], then: encodings(least, highRest, then: next)))
            lastFree -= 1
        }
        if free <= lastFree {
            let any = builder.repeated(0x80...0xBF, lowRest.count...lowRest.count, then: next)
            ways.append(builder.byte(of: free...lastFree, then: any))
        }
        return builder.either(ways)
    }
}
