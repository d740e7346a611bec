import Evaluation
import Testing

@Suite("Grading rules")
struct GradingRulesTests {
    private let grader = Grader()

    @Test(
        "Answers that mean the same are equal in both directions",
        arguments: [
            (#"\frac{14}{3}"#, "14/3"), (#"\frac43"#, #"\dfrac{4}{3}"#), (#"\frac 59"#, "5/9"),
            (#"\frac9{19}"#, "9/19"), (#"\frac{270}7\text{ degrees}"#, "270/7"),
            (#"\left( 3, \frac{\pi}{2} \right)"#, "(3, pi/2)"), (#"3\sqrt{13}"#, "sqrt(117)"),
            (#"90^\circ"#, "90"), (#"90^{\circ}"#, "90°"), (#"10,\!080"#, "10080"),
            (#"11,\! 111,\! 111,\! 100"#, "11111111100"), ("58,500", "58500"),
            (#"\$32,\!348"#, "32348"), (#"\$18.90"#, "18.9"), (#".35625"#, "0.35625"),
            (#"5.4 \text{ cents}"#, "5.4"), (#"15\mbox{ cm}^2"#, "15"),
            (#"864 \mbox{ inches}^2"#, "864 square inches"), ("15 cm", "15"),
            (#"1\frac{4}{5}"#, "9/5"), (#"137 \frac{1}{2}"#, "137.5"), ("2 1/2", "2.5"),
            (#"1 \pm \sqrt{19}"#, #"1+\sqrt{19}, 1-\sqrt{19}"#),
            (#"\{1\pm\sqrt{5},-2\}"#, #"-2, 1-\sqrt5, 1+\sqrt5"#), ("1,-2", "-2, 1"),
            (#"x \in [-2,7]"#, "[-2,7]"), (#"[-2,7]"#, #"-2 \le x \le 7"#),
            (#"(5,\infty)"#, "x > 5"), (#"(-\infty, 0]"#, #"x \leq 0"#), ("x=5", "5"),
            (#"(0,9) \cup (9,36)"#, "(9,36) U (0,9)"), ("y = 2x + 3", "2x+3"),
            ("y = 2x + 3", "2x - y + 3 = 0"), ("5x - 7y + 11z + 4 = 0", "-10x+14y-22z=8"),
            ("4210_{5}", "4210_5"), ("52_8", "52"), (#"\text{(C)}"#, "C"), (#"\text{(C)}"#, "(c)"),
            (#"\text{Evelyn}"#, "Evelyn"), (#"\text{even}"#, "Even"), ("12", "twelve"),
            ("(a+5)(b+2)", "ab + 2a + 5b + 10"), (#"\frac{11+9a}{20}"#, "0.45a + 11/20"),
            ("x^5 - x^4 + x^3 - x^2 + x - 1", "(x^6-1)/(x+1)"), ("3R^2", "3r^2".uppercased()),
            (#"\cot x"#, #"\frac{\cos x}{\sin x}"#), ("6 - 5i", "-5i+6"),
            (#"\frac{\sqrt{3}}{3}"#, #"\frac{1}{\sqrt{3}}"#), (#"50\%"#, "0.5"), ("50", #"50\%"#),
            (#"\frac{1}{3}"#, "0.33333"), (#"\pi"#, "3.14159"), ("2^{100}", "4^{50}"),
            (
                #"\begin{pmatrix} -1/3 \\ 2/3 \end{pmatrix}"#,
                #"\begin{bmatrix}-\frac13\\\frac23\end{bmatrix}"#
            ),
            (
                #"\begin{pmatrix} 1 & 0 \\ 0 & -1 \end{pmatrix}"#,
                #"\begin{array}{cc}1&0\\0&-1\end{array}"#
            ),
            (#"\binom{5}{2}"#, "10"), ("5!", "120"), (#"\log_2 8"#, "3"), (#"\sqrt[3]{-8}"#, "-2"),
            (#"\sin 30^\circ"#, #"\frac12"#), (#"0.1\overline{6}"#, "1/6"),
            ("|x|", #"\lvert x \rvert"#),
            (#"\frac{1}{1+\sqrt2}"#, #"\sqrt2 - 1"#), ("1.2e3", "1200"),
            (#"\mathbb{R}"#, #"(-\infty,\infty)"#),
            (#"\sin^2 x + \cos^2 x"#, "1"), (#"e^{i\pi}"#, "-1"), ("x^{1/2}", #"\sqrt{x}"#),
            (#"\frac{x^2-1}{x-1}"#, "x+1"), ("3:4", "3/4"), (#"12.5\%"#, #"\frac18"#),
            (#"33\frac{1}{3}\%"#, #"\frac13"#),
            (#"x = 2 \text{ or } x = -3"#, "-3, 2"), ("(2,3)", "x = 2, y = 3"),
            (#"(-\infty,-1)\cup(1,\infty)"#, #"x<-1 \text{ or } x>1"#),
            (#"(-\infty,3)\cup(3,\infty)"#, #"x \ne 3"#), ("(x,y) = (1,2)", "(1,2)"),
            (#"f^{-1}(x) = 2x"#, "2x"), (#"\frac{x}{2} + \frac{y}{3} = 1"#, "3x+2y=6"),
            (#"60\text{ km/h}"#, "60"), ("60 km/h", "60"), (#"5\text{ m}"#, "5"),
            ("1.5 million", "1500000"),
            ("50 percent", #"50\%"#), (#"2\mathrm{i}"#, "2i"), (#"\sqrt[3]{4}"#, "2^{2/3}"),
            (#"\frac{\sqrt[3]{2}}{2}"#, "2^{-2/3}"), (#"x = \pm 3"#, "3, -3"),
            (#"\pm 3"#, #"\{-3,3\}"#),
            (
                #"\frac{1}{2}\begin{pmatrix}1\\3\end{pmatrix}"#,
                #"\begin{pmatrix}1/2\\1.5\end{pmatrix}"#
            ),
            (#"\{x \mid x > 2\}"#, #"(2,\infty)"#), (#"\{x : x > 2\}"#, #"(2,\infty)"#),
            (#"2.5 \times 10^{-4}"#, "0.00025"),
            (#"\langle 1,2,3\rangle"#, "(1,2,3)"), (#"2e^{i\pi/3}"#, #"1+i\sqrt3"#),
            ("||x|-1|", "|1-|x||"),
            (#"\sec^2(y)"#, #"\tan^2(y)+1"#), ("= 5", "5"), ("1:2:3", "2:4:6"),
            (#"\{1,2,3\}"#, "{3,1,2}"), ("A", "(A) 15"), ("5 m", "5"),
            (#"\begin{bmatrix}1&2\\3&4\end{bmatrix}"#, "[[1,2],[3,4]]"), ("21", "twenty-one"),
            (#"5\\"#, "5"),
            (#"\mathbb{R} \setminus \{0\}"#, #"(-\infty,0)\cup(0,\infty)"#),
            (#"\sqrt{2}+\sqrt{3}"#, #"\sqrt{5+2\sqrt{6}}"#),
            ("100!", #"99!\cdot 100"#), (#"\binom{n}{2}"#, #"\frac{n(n-1)}{2}"#),
            ("(x+1)^{20}", "(x^2+2x+1)^{10}"),
            (#"y=\frac{1}{2}x+3"#, "x - 2y + 6 = 0"), ("1/2x", #"\frac{x}{2}"#),
            ("2^{n+1}", #"2 \cdot 2^n"#), (#"\text{Answer: } 5"#, "5"), ("about 0.5", #"\frac12"#),
            ("minus five", "-5"), ("negative 5", "-5"),
            (#"\text{Area} = 25\pi"#, #"25\pi \text{ cm}^2"#),
            ("6:30 PM", #"6:30 \text{ p.m.}"#), (#".\overline{3}"#, #"\frac{1}{3}"#),
            (#"\{5\}"#, "5"),
        ])
    func equal(gold: String, other: String) {
        #expect(grader.grade(other, against: gold).isEqual)
        #expect(grader.grade(gold, against: other).isEqual)
    }

    @Test(
        "Answers that differ are told apart in both directions",
        arguments: [
            ("2", "3"), ("20001", "20000"), (#"\frac{14}{3}"#, "3/14"), ("50", "0.5"), ("2", "200"),
            (#"3\sqrt{13}"#, #"13\sqrt{3}"#), ("(3,4]", "(3,4)"), ("(3,4]", "[3,4]"),
            ("(-2,1)", "(1,-2)"), ("1,-2", "1,2"), ("3, 5, 7", "3, 5"), ("52_8", "52_7"),
            (#"\text{(C)}"#, "(D)"), (#"\text{east}"#, "west"), ("y = 2x + 3", "y = 2x - 3"),
            ("|x|", "x"), ("x^2", "x^3"), (#"\pi"#, "3.14"), ("6 - 5i", "6+5i"), ("11,-1", "11"),
            ("2^{100}", "2^{100}-1"), ("(2,3)", #"\{2,3\}"#), ("12", "1,2"), ("x > 5", #"x \ge 5"#),
            (#"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"#, #"\begin{pmatrix} 2 \\ 1 \end{pmatrix}"#),
            (#"1 \pm \sqrt{19}"#, #"1 + \sqrt{19}"#), ("(x+1)^{20}", "(x+1)^{21}"), (#"50\%"#, "5"),
            (#"\text{Evelyn}"#, "Navin"), ("a = 1, b = 2", "a = 2, b = 1"), ("2i", "2"),
            ("1:2:3", "2:4:5"), ("45^\\circ", #"\frac{\pi}{4}"#), ("10^{50}", "10^{50}+1"),
            (#"(1,2)\cup(3,4)"#, "(1,2),(3,4)"),
            (#"\frac{a}{b+c}"#, "a/b+c"), ("3+4i", "(3,4)"), (#"[0,1)"#, #"0 \le x \le 1"#),
            (#"x \ne 3"#, #"x \ne 4"#),
            ("x < 3", "x > 3"), ("1.5 million", "1.5"), ("2k", "2k+2"),
            (#"\frac{x}{y}"#, #"\frac{y}{x}"#),
        ])
    func different(gold: String, other: String) {
        #expect(!grader.grade(other, against: gold).isEqual)
        #expect(!grader.grade(gold, against: other).isEqual)
    }

    @Test("The reference policy takes percentages and rounding everywhere")
    func referencePolicy() {
        let lenient = Grader(policy: .reference)
        #expect(lenient.grade("0.5", against: "50") == .equal(by: .percentage))
        #expect(lenient.grade("5000", against: "50") == .equal(by: .percentage))
        #expect(lenient.grade("20001", against: "20000") == .equal(by: .approximate))
        #expect(!lenient.grade("20003", against: "20000").isEqual)
    }
}
