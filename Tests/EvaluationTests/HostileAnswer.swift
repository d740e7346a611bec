import TestSupport

/// Answers made to cost time or to break a parser.
enum HostileAnswer {
    /// Deep, huge and malformed answers by hand.
    static var constructed: [String] {
        func times(_ text: String, _ count: Int) -> String {
            String(repeating: text, count: count)
        }
        return [
            "9^9^9^9", "9^{9^{9^{9^9}}}", times("9^", 1_000) + "9", "10^{100000}",
            "10^{10^{10}}", "0.1^{10^{9}}", "1" + times("0", 100_000), times("9", 4_000),
            "1e99999", "1e-99999", "1e999999999999999999999", times("(", 4_000),
            times("(", 2_000) + "1" + times(")", 2_000), times("{", 4_000), times("-", 4_000) + "1",
            times("\\frac{1}{", 400) + "2" + times("}", 400), times("\\sqrt{", 600) + "2",
            times("\\sqrt{1+", 40) + "2" + times("}", 40), times("\\sin ", 800) + "x",
            times("|", 4_000), times("!", 4_000), "5" + times("!", 4_000), "170!", "1000000!",
            "((((9!)!)!)!)", "(x+y+z+w)^{200}", "(x+1)^{1000000}", "(x+1)^{-999999999}",
            times("(a+b+c+d+f)", 300), times("(a+b)(c+d)(f+g)(h+k)", 50),
            "(\\sqrt{2}+\\sqrt{3}+\\sqrt{5}+\\sqrt{7}+\\sqrt{11}+\\sqrt{13})^{60}",
            "\\sqrt{170141183460469231731687303715884105727}",
            "\\sqrt[64]{170141183460469231731687303715884105727}", "\\sqrt[0]{2}", "\\sqrt[-3]{2}",
            "\\frac{1}{0}", "0^0", "0^{-1}", "\\frac{0}{0}", "\\log_1 5", "\\log 0", "\\ln(-1)",
            "\\binom{10000}{5000}", "\\binom{-1}{-1}", "\\binom{1}{99999999999}",
            times("1,", 2_000), "\\{" + times("x^2+1,", 600) + "1\\}",
            "\\begin{pmatrix}" + times("1&2\\\\", 500) + "\\end{pmatrix}", "\\begin{pmatrix}",
            "\\begin{pmatrix}&\\\\&\\end{pmatrix}", "\\begin{array}{" + times("c", 3_000),
            times("x_", 2_000), "52_{99}", "5_0", "1_1", "9_{8_{7_6}}", times("\\text{", 1_500),
            times("\\left(", 1_500), "\\", "\\\\", "^", "_", "^^", "{}", "$", "$$", "\\frac",
            "\\frac1", "\\frac{}{}", "\\sqrt", "\\sqrt[", "\\sqrt[3", "=", "==", "x=", "=x", ",",
            ",,", "1,,2", "()", "[]", "(,)", "\\{\\}", "\\{,\\}", "%", "\\%", "°", "^\\circ", "±",
            "\\pm\\pm", times("1\\pm", 1_000) + "1", times("1\\cup", 1_000) + "1",
            times("1<", 1_500) + "1", "0.\\overline{}", "0.\\overline{" + times("3", 3_000) + "}",
            "-170141183460469231731687303715884105728",
            "\\frac{-170141183460469231731687303715884105728}{-1}", "|\\infty|", "\\infty-\\infty",
            "\u{0}\u{1}\u{FFFF}", "٣", "🙂", "é", times("🙂", 1_000), "\\mathbb{", "\\text", "-",
            "e^{e^{e^{e^{9}}}}", "i^{i^{i^i}}", "\\sin(10^{300})", "\\tan 90^\\circ",
            times("(x+", 45) + "1" + times(")^2", 45),
            times("\\frac{x}{1+", 40) + "x" + times("}", 40),
            times("(1/3+1/7)*(x+1/11)*", 100) + "1", "\\lfloor 1e30 \\rfloor",
            "\\lceil -0.5 \\rceil",
            times("one hundred thousand million ", 100), "hundred hundred hundred hundred hundred",
            times("\\frac{1}{7}+\\frac{x}{11}+", 150) + "1", times("x^{0.5}+", 300) + "1",
            times("\\sqrt{x}+\\sqrt{y}+", 100) + "1", "x^{\\frac{1}{99999999999999}}",
        ]
    }

    /// A random sequence of fragments of LaTeX.
    static func random(using generator: inout SeededGenerator) -> String {
        let fragments = [
            "\\frac", "\\sqrt", "{", "}", "(", ")", "[", "]", "^", "_", "+", "-", "\\pm", "*", "/",
            "1", "2", "37", "0.5", "9999999999999", "x", "y", "i", "e", "\\pi", "\\sin", "\\log",
            "!", "%", "^\\circ", ",", "=", "<", "\\le", "\\in", "\\cup", "\\infty", "|", "\\{",
            "\\}", "\\text{cm}", "\\text{", " ", "\\begin{pmatrix}", "\\end{pmatrix}", "&", "\\\\",
            "\\binom", "\\left", "\\right", "$", "\\overline{3}", "0.", "two", "degrees", "\\%",
        ]
        let count = Int.random(in: 1...40, using: &generator)
        return (0..<count).map { _ in fragments.randomElement(using: &generator) ?? "" }.joined()
    }

    /// A random well-formed expression, which reaches further than garbage does.
    static func expression(depth: Int, using generator: inout SeededGenerator) -> String {
        let leaves = ["1", "2", "7", "12", "x", "y", "z", "\\pi", "i", "0.3", "\\sqrt{2}", "e"]
        guard depth > 0, Int.random(in: 0..<6, using: &generator) > 0 else {
            return leaves.randomElement(using: &generator) ?? "1"
        }
        func part() -> String { expression(depth: depth - 1, using: &generator) }
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: return "\\frac{\(part())}{\(part())}"
        case 1: return "(\(part())+\(part()))"
        case 2: return "(\(part())-\(part()))"
        case 3: return "\(part())\\cdot \(part())"
        case 4: return "(\(part()))^{\(Int.random(in: -4...40, using: &generator))}"
        case 5: return "\\sqrt{\(part())}"
        case 6: return "(\(part()))^{\(part())}"
        case 7: return "\\sin(\(part()))"
        default: return "(\(part())+\(part())+\(part()))"
        }
    }
}
