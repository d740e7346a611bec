import Evaluation
import Testing

@Suite("Ends of decoded texts")
struct EndOfSequenceTests {
    @Test(
        "A mark at the end ends a text, padding and blanks put aside",
        arguments: [
            "x<｜end▁of▁sentence｜>", "x<|im_end|>", "x<|im_end|><|endoftext|><|endoftext|>",
            "x</s> \n", "x<|eot_id|><|finetune_right_pad_id|>\n<pad>", "<pad><pad>x<eos>",
        ])
    func finished(text: String) {
        let (content, isFinished) = EndOfSequence().parting(text)
        #expect(content == "x")
        #expect(isFinished)
    }

    @Test(
        "A text without a mark, or with one inside only, was cut off",
        arguments: [
            "", "x", "x\n", "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nx",
            "x<|im_end|> y",
        ])
    func cutOff(text: String) {
        #expect(EndOfSequence().parting(text) == (text, false))
    }

    @Test("Padding alone is no end")
    func padding() {
        #expect(EndOfSequence().parting("x<pad>") == ("x", false))
    }

    @Test("The text's own blanks stay")
    func blanks() {
        #expect(EndOfSequence().parting("x \n</s>").content == "x \n")
    }

    @Test("Marks of one's own replace the common ones")
    func own() {
        let ending = EndOfSequence(marks: ["[STOP]", ""])
        #expect(ending.parting("x[STOP]") == ("x", true))
        #expect(ending.parting("x</s>") == ("x</s>", false))
    }
}
