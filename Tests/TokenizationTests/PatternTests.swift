import TestSupport
import Testing

@testable import Tokenization

/// The general engine agrees with the scanners, keeps its time, and refuses what it cannot do.
@Suite struct PatternTests {
    static let rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    static let known = [
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + rest,
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}" + rest,
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
            + "|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*"
            + "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
    ]

    private func matches(_ splitter: Splitter, _ text: String) -> [Range<Int>] {
        let bytes = Array(text.utf8)
        var memory = Pattern.Memory()
        var walk = MatchWalk(0..<bytes.count)
        var result: [Range<Int>] = []
        while let match = walk.next(splitter, bytes.span, memory: &memory) { result.append(match) }
        return result
    }

    private func texts(_ pattern: String, _ text: String) throws -> [String] {
        let bytes = Array(text.utf8)
        return matches(.pattern(try Pattern(pattern)), text).map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
    }

    @Test(arguments: known)
    func aScannerFindsWhatItsPatternFinds(_ pattern: String) throws {
        let scanner = try #require(WordScanner(pattern: pattern))
        let general = try Pattern(pattern)
        var generator = SeededGenerator(seed: 2)
        let alphabet: [Unicode.Scalar] = [
            "a", "Z", "s", "L", "l", "'", "1", "٣", " ", " ", "\n", "\r", "\t", "\u{A0}",
            "\u{3000}",
            ".", "-", "é", "界", "\u{301}", "\u{17F}", "$", "\u{200D}", "\u{0}", "😀", "½",
        ]
        for _ in 0..<500 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...16, using: &generator) {
                text.append(alphabet.randomElement(using: &generator) ?? "a")
            }
            let string = String(text)
            #expect(
                matches(.scanner(scanner), string) == matches(.pattern(general), string),
                "\(string.debugDescription)")
        }
    }

    @Test(
        arguments: [
            ("a{2,3}", "aaaaaaa", ["aaa", "aaa"]), ("a{2}?", "aaa", ["aa", ""]),
            ("a+?", "aaa", ["a", "a", "a"]), ("a*?b", "aab", ["aab"]),
            ("(a|ab)(c|bcd)", "abcd", ["abcd"]),
            ("(?>a+)ab", "aaab", []), ("a++b", "aab", ["aab"]), ("(?<=x)y", "yxy", ["y"]),
            ("(?<!x)y", "yxy", ["y"]), ("^a|b$", "a\nab", ["a", "a", "b"]),
            ("\\Aa|b\\z", "a\nab", ["a", "b"]),
            ("[^a-c]", "abcd", ["d"]), ("[a&&b]|c", "abc", ["c"]),
            ("[\\p{Lu}&&[^A]]", "ABa", ["B"]),
            ("(?i)stra[sz]e", "STRAſE", ["STRAſE"]), ("\\bfoo\\b", "foo food", ["foo"]),
            ("x*", "axb", ["", "x", ""]),
            ("[a\\-z]", "b-z", ["-", "z"]), ("{", "{", ["{"]), ("a{,2}b", "aaab", ["aab"]),
            ("(?:a*)*b", "aaab", ["aaab"]), ("[[:digit:]]+", "a12", ["12"]),
            ("\\h+", "xfF0", ["fF0"]),
            ("\\u00e9|\\x{4E00}", "é一", ["é", "一"]), ("(?#note)a", "a", ["a"]),
            ("\\p{^L}", "a1", ["1"]),
            ("a(?=b)", "abac", ["a"]), ("\\R", "\r\n\n", ["\r\n", "\n"]), ("(?m:.)", "\n", ["\n"]),
        ] as [(String, String, [String])])
    func matchesLikeTheReferencesEngine(
        _ pattern: String, _ text: String, _ expected: [String]
    ) throws {
        #expect(try texts(pattern, text) == expected)
    }

    @Test(arguments: [
        "(", ")", "[", "a**?(", "*", "\\", "(?<n", "\\1", "(?P=x)", "\\p{Nonsense}", "[b-a]",
        "a{3,2}",
        "a{99999}", "(?<=a+)b", "\\X", "(?i)straße", "[[:nope:]]", "\\x{110000}", "\\x{D800}",
        "(?x:a)",
        "[a-\\d]",
        "(((a{1000}){1000}){1000})",
    ])
    func refusesWhatItCannotDo(_ pattern: String) {
        #expect(throws: TokenizationError.self) { try Pattern(pattern) }
    }

    @Test func deepNestingIsRefusedAndNotFollowed() {
        let deep = String(repeating: "(", count: 100_000)
        #expect(throws: TokenizationError.self) { try Pattern(deep) }
        #expect(throws: TokenizationError.self) {
            try Pattern(String(repeating: "[", count: 100_000))
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "(a*)*b", "(a|a)*b", "(a+)+$b", "\\s+$", "(?:a?){30}a{30}b", "(a|aa)+b",
            "(?:\\s|a)*\\z.",
        ])
    func hostilePatternsTakeTimeLinearInTheText(_ pattern: String) throws {
        let compiled = try Pattern(pattern)
        for unit in ["a", " "] {
            let text = String(repeating: unit, count: 1_500) + "c"
            #expect(matches(.pattern(compiled), text).isEmpty)
        }
    }
}
