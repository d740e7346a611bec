import Routing
import TestSupport
import Testing

@Suite struct PromptFeaturesTests {
    @Test func `a text is counted`() {
        let values = PromptFeatures.values(of: "Jack has 47 stickers. He buys 6 bags of 10.")
        #expect(values.count == PromptFeatures.names.count)
        #expect(values[3] == 3)
        #expect(values[4] == 2)
        #expect(values[5] == 5)
        #expect(values[6] == 2)
    }

    @Test func `an instruction about the answer's form changes nothing`() {
        let question = "Jack has 4.5 bags. He buys 6 more!\nHow many has he now?"
        let bare = PromptFeatures.values(of: question)
        let put = PromptFeatures.values(
            of: "Please reason step by step, and put your final answer within \\boxed{}. "
                + question)
        // A sentence brings the space before it.
        #expect(zip(bare, put).allSatisfy { abs($0 - $1) < 0.05 })
        #expect(bare[3] == 3 && bare[4] == 2)
    }

    @Test func `any bytes give finite numbers`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(PromptFeatures.values(of: text).allSatisfy { $0.isFinite })
        }
        let digits = String(repeating: "9", count: 5000)
        #expect(PromptFeatures.values(of: digits).allSatisfy { $0.isFinite })
    }
}
