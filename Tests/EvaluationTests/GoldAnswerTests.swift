import Evaluation
import Testing

@Suite("Right answers in rows of data sets")
struct GoldAnswerTests {
    @Test(
        "An answer column holds the answer, a boxed one, or GSM8K's solution",
        arguments: [
            (" 42 ", "42"), (#"\frac{1}{2}"#, #"\frac{1}{2}"#), (#"$\boxed{12}$"#, "12"),
            ("He has 3 * 4 = 12.\n#### 1,200", "1,200"),
        ])
    func answer(text: String, answer: String) {
        #expect(GoldAnswer.inAnswer(text) == answer)
    }

    @Test(
        "A solution column is searched for the box, the hashes, then as responses are",
        arguments: [
            (#"So \boxed{3}, or rather \boxed{x^2}."#, "x^2"), ("… #### 7", "7"),
            ("so the answer is 12.", "12"),
        ])
    func solution(text: String, answer: String) {
        #expect(GoldAnswer.inSolution(text) == answer)
    }

    @Test("Where there is no answer none is made up", arguments: ["", " \n", "####", "#### "])
    func none(text: String) {
        #expect(GoldAnswer.inSolution(text) == nil)
    }
}
