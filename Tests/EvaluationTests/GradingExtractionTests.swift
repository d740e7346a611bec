import Evaluation
import Testing

@Suite("Answer extraction")
struct GradingExtractionTests {
    @Test(
        "Each rule finds its answer, and an earlier rule wins",
        arguments: [
            (#"So \boxed{1} and then \boxed{\frac{1}{2}}."#, #"\frac{1}{2}"#),
            (#"Thus \boxed{ {a}{b} } and more"#, "{a}{b}"),
            (#"unfinished \boxed{12"#, "12"),
            (#"$\boxed 7$ is it"#, "7"),
            (#"The final answer is $x+1$. I hope it is right, \boxed{3}"#, "x+1"),
            ("First the answer is 3. Then the answer is: 4.", "4"),
            ("My final answer is 12/", "12"),
            ("答案是 5\n\nso it is", "5"),
            ("Janet sells 9 eggs.\n#### 70,000", "70000"),
            ("between 1.5 and -.25 units", "-.25"),
            ("counts 1.2.3", ".3"),
            ("it is 12.", "12"),
            ("the box \\boxed{1,\n   2}", "1,2"),
        ])
    func rules(text: String, answer: String) {
        #expect(AnswerExtractor.answer(in: text) == answer)
    }

    @Test("A text without an answer yields none", arguments: ["", "no idea", #"\boxed{}"#, "-."])
    func nothing(text: String) {
        #expect(AnswerExtractor.answer(in: text) == nil)
    }

    @Test("In training, one box after one closed thought is an answer")
    func training() {
        let text = "<think>\nmaybe \\boxed{3}\n</think>\nThe answer is \\boxed{12}."
        #expect(AnswerExtractor.answer(in: text, mode: .training) == "12")
    }

    @Test(
        "In training, nothing else is an answer",
        arguments: [
            #"\boxed{12}"#,
            #"<think>\boxed{12}</think> done"#,
            #"<think></think>\boxed{12}\boxed{13}"#,
            #"<think></think>\boxed{12} boxed"#,
            #"<think></think></think>\boxed{12}"#,
            #"<think></think>\boxed{12"#,
            #"<think></think>$\boxed 12$"#,
            #"<think></think>The answer is 12"#,
        ])
    func cheating(text: String) {
        #expect(AnswerExtractor.answer(in: text, mode: .training) == nil)
    }
}
