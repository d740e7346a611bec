import TestSupport
import Testing

@testable import Grammars

/// Laws of patterns: what they find, and that none takes long.
@Suite struct PatternTests {
    /// Characters on which this reading of patterns and Swift's agree.
    private static let alphabet = Array("abcXYZ019_ -.\"\\/é日😀".unicodeScalars)

    private static func automaton(_ pattern: String) throws -> TextAutomaton {
        var allowance = TextAutomaton.Allowance()
        return try TextAutomaton(pattern: pattern, paidBy: &allowance)
    }

    /// The same pattern for Swift, its classes written out: those of Swift's are Unicode's.
    private static func reference(_ pattern: String) throws -> Regex<AnyRegexOutput> {
        let plain = pattern.replacing(#"[\d_]"#, with: "[0-9_]")
            .replacing(#"\d"#, with: "[0-9]").replacing(#"\D"#, with: "[^0-9]")
            .replacing(#"\w"#, with: "[A-Za-z0-9_]")
        return try Regex(plain).matchingSemantics(.unicodeScalar)
    }

    @Test(arguments: 0..<200)
    func `a pattern finds what Swift's reading of it finds, and what is drawn from it`(
        seed: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let pattern = RandomPattern.make(using: &generator)
        let automaton = try Self.automaton(pattern)
        let reference = try Self.reference(pattern)
        for _ in 0..<20 {
            var text = ""
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                let scalar = Self.alphabet.randomElement(using: &generator) ?? "a"
                text.unicodeScalars.append(scalar)
            }
            let isFound = text.firstMatch(of: reference) != nil
            #expect(automaton.accepts(text) == isFound, "\(pattern) in \(text)")
            guard let drawn = automaton.draw(from: Self.alphabet, using: &generator) else {
                continue
            }
            #expect(automaton.accepts(drawn))
            #expect(drawn.firstMatch(of: reference) != nil, "\(pattern) in \(drawn)")
        }
    }

    @Test(arguments: [
        (#"^\u0041\x42\u{43}\cJ\t$"#, ["ABC\n\t"], ["ABCJ\t", "ABC"]),
        (#"^\ud83d\ude00$"#, ["😀"], ["\u{FFFD}"]),
        (#"^[\]\-\\^]+$"#, ["]-\\^"], ["a", "["]), (#"^[]$"#, [], ["", "a"]),
        (#"^[^]$"#, ["\n", "a"], ["", "ab"]), (#"^[a-]$"#, ["a", "-"], ["b"]),
        (#"^.$"#, ["é", "\u{85}"], ["\n", "\r", "\u{2028}", "\u{2029}", ""]),
        (#"^\s$"#, ["\u{FEFF}", "\u{A0}", "\u{B}", "\u{3000}"], ["\u{200B}", "\u{85}"]),
        (#"^\w\d$"#, ["a0", "_9"], ["é0", "a٣"]), (#"^[\D\d]$"#, ["a", "1", "é"], [""]),
        (#"^{a}{,2}$"#, ["{a}{,2}"], ["a"]), (#"^a{2}}$"#, ["aa}"], ["aa"]),
        (#"^(?<year>\d{4})(?:-)?$"#, ["2024", "2024-"], ["24"]),
        (#"^a*?b+?c{1,2}?$"#, ["bc", "aabbcc"], ["ac", "bccc"]),
        (#"^(a|b$)"#, ["ab", "b"], ["ba", "c"]), (#"a^b"#, [], ["ab", "b"]),
        (#"(^a)*b$"#, ["b", "ab", "aab", "cb"], ["bc"]), ("", ["", "anything\n"], []),
        (#"^\/\@\ \"$"#, ["/@ \""], [""]), (#"^[\b]$"#, ["\u{8}"], ["b"]),
    ])
    func `constructs mean what ECMA-262 says`(
        pattern: String, found: [String], others: [String]
    ) throws {
        let automaton = try Self.automaton(pattern)
        for text in found { #expect(automaton.accepts(text), "\(text.debugDescription)") }
        for text in others { #expect(!automaton.accepts(text), "\(text.debugDescription)") }
    }

    @Test(arguments: [
        ("(?=a)", "lookahead"), ("a(?!b)", "lookahead"), ("(?<=a)b", "lookbehind"),
        ("(?<!a)", "lookbehind"), (#"(a)\1"#, "backreference"), (#"\k<n>"#, "backreference"),
        (#"\bword"#, "word boundary"), (#"\p{L}"#, "Unicode"), ("(?i)a", "flags"),
    ])
    func `a construct that is not read is named`(pattern: String, name: String) {
        let error = #expect(throws: TextAutomaton.Failure.self) { try Self.automaton(pattern) }
        guard case .unsupported(let construct) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(construct.contains(name))
    }

    @Test(arguments: [
        "(", ")", "a)", "[a", "*a", "a**", "a{2}{3}", "{2}", "^*", "a{3,2}", "a{5000}", "[b-a]",
        #"[\d-z]"#.replacing(#"\d-z"#, with: #"a-\d"#), #"\"#, #"\u12"#, #"\u{110000}"#,
        #"\ud800"#, #"\c1"#, #"\q"#, #"\01"#, "(?<n", String(repeating: "a", count: 5000),
        String(repeating: "(", count: 100) + String(repeating: ")", count: 100),
        "a{99999999999999999999}",
    ])
    func `what is no pattern is refused with a reason and a place`(pattern: String) {
        let error = #expect(throws: TextAutomaton.Failure.self) { try Self.automaton(pattern) }
        guard case .syntax(let reason, let offset) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty && offset <= pattern.unicodeScalars.count)
    }

    @Test(arguments: [
        "a.{40}$", "(a|b)*a(a|b){30}$", "(((a{4096}){4096}){4096}){4096}",
        "((){4096}){4096}", "(((a*)*)*)*{4096}".replacing("*{", with: "{"), "(x+x+)+y.{30}z",
        "(.{0,4096}){0,4096}", "(a?){4096}a{4096}",
        String(repeating: "(a|b|c)?", count: 500) + ".{30}",
        (0..<400).map { "[\(Unicode.Scalar(UInt8(97 + $0 % 26)))-\\u\(1000 + $0)]" }.joined()
            + ".*x",
    ])
    func `a hostile pattern is made or refused at once`(pattern: String) {
        let start = ContinuousClock.now
        do throws(TextAutomaton.Failure) {
            var allowance = TextAutomaton.Allowance()
            _ = try TextAutomaton(pattern: pattern, paidBy: &allowance)
        } catch {
            #expect(error == .tooLarge)
        }
        // Unoptimised, on a busy machine; optimised it is a tenth.
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test func `texts of both automata are the texts of their intersection`() throws {
        var allowance = TextAutomaton.Allowance()
        let letters = try Self.automaton("^[a-z]+$")
        let short = try TextAutomaton.lengths(from: 2, to: 3, paidBy: &allowance)
        let both = try letters.intersection(short, paidBy: &allowance)
        for text in ["ab", "abc"] { #expect(both.accepts(text)) }
        for text in ["", "a", "abcd", "a1", "日本"] { #expect(!both.accepts(text)) }
        let long = try TextAutomaton.lengths(from: 5, to: nil, paidBy: &allowance)
        #expect(long.accepts("日本日本日") && long.accepts("abcdefghi") && !long.accepts("abcd"))
        #expect(try both.intersection(long, paidBy: &allowance).isEmpty)
    }
}

extension TextAutomaton {
    /// Whether a text is one of its own.
    func accepts(_ text: String) -> Bool {
        var number = 0
        guard !states.isEmpty else { return false }
        for scalar in text.unicodeScalars {
            let edge = states[number].edges.first { edge in
                edge.characters.ranges.contains { $0.contains(scalar.value) }
            }
            guard let edge else { return false }
            number = edge.target
        }
        return states[number].accepts
    }

    /// A text of it over some characters; `nil` where the walk came to no end.
    func draw(
        from alphabet: [Unicode.Scalar], using generator: inout some RandomNumberGenerator
    ) -> String? {
        guard !states.isEmpty else { return nil }
        var (number, text) = (0, "")
        for _ in 0..<40 {
            if states[number].accepts, Bool.random(using: &generator) { return text }
            let ways = states[number].edges.flatMap { edge in
                alphabet.filter { scalar in
                    edge.characters.ranges.contains { $0.contains(scalar.value) }
                }.map { (scalar: $0, target: edge.target) }
            }
            guard let way = ways.randomElement(using: &generator) else {
                return states[number].accepts ? text : nil
            }
            text.unicodeScalars.append(way.scalar)
            number = way.target
        }
        return nil
    }
}
