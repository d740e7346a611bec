import Routing
import TestSupport
import Testing

@Suite struct PromptFeaturesTests {
    @Test func `a text is counted`() {
        let values = PromptFeatures.values(of: "Jack has 47 stickers. He buys 6 bags of 10.")
        #expect(values.count == PromptFeatures.names.count)
        #expect(Array(values.prefix(4)) == [1, 10, 2, 43])
        #expect(values[5] == 3)
        #expect(values[6] == 5)
        #expect(values[7] == 2)
        #expect(values[12] == 0)
    }

    @Test func `an instruction about the answer's form adds a constant and is marked`() {
        let instruction =
            "Please reason step by step, and put your final answer within \\boxed{}. Question: "
        let questions = ["Jack has 47 bags.", "He buys 6 more! How many has he now, and why?"]
        let added = questions.map { question in
            zip(
                PromptFeatures.values(of: instruction + question),
                PromptFeatures.values(of: question)
            ).map(-)
        }
        #expect(added[0] == added[1])
        #expect(added[0][12] == 1)
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
