import TestSupport
import Testing

@testable import Inference

@Suite struct ReasoningSplitterTests {
    private let single = ReasoningTags(open: [100], close: [101])
    private let several = ReasoningTags(open: [1, 2, 3], close: [1, 2, 4])

    private func split(
        _ ids: [Int32], tags: ReasoningTags?, startsInReasoning: Bool
    ) -> [ReasoningSplitter.Part] {
        var splitter = ReasoningSplitter(tags: tags, startsInReasoning: startsInReasoning)
        var parts: [ReasoningSplitter.Part] = []
        var seen: [Int32] = []
        for id in ids {
            for decided in splitter.append(id) {
                seen.append(decided.id)
                parts.append(decided.part)
            }
        }
        for decided in splitter.flush() {
            seen.append(decided.id)
            parts.append(decided.part)
        }
        #expect(seen == ids)
        return parts
    }

    @Test func bothTemplateFormsGiveTheSameThought() {
        #expect(
            split([5, 6, 101, 7], tags: single, startsInReasoning: true)
                == [.reasoning, .reasoning, .closeTag, .answer])
        #expect(
            split([100, 5, 6, 101, 7], tags: single, startsInReasoning: false)
                == [.openTag, .reasoning, .reasoning, .closeTag, .answer])
    }

    @Test func aThoughtOpenedAgainIsThoughtAgain() {
        #expect(
            split([5, 101, 7, 100, 8], tags: single, startsInReasoning: true)
                == [.reasoning, .closeTag, .answer, .openTag, .reasoning])
    }

    @Test func aThoughtThatNeverClosesIsNotAnAnswer() {
        #expect(
            split([5, 6], tags: single, startsInReasoning: true) == [.reasoning, .reasoning])
    }

    @Test func aBrokenTagOfSeveralIDsIsText() {
        #expect(
            split([1, 2, 9, 1, 1, 2, 4, 1, 2], tags: several, startsInReasoning: true)
                == [
                    .reasoning, .reasoning, .reasoning, .reasoning,
                    .closeTag, .closeTag, .closeTag, .answer, .answer,
                ])
    }

    @Test func withoutTagsEverythingIsAnswer() {
        #expect(
            split([1, 100, 101], tags: nil, startsInReasoning: true) == [.answer, .answer, .answer])
    }

    @Test func noIDIsLostWhateverTheOrder() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<2000 {
            let ids = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                Int32.random(in: 1...5, using: &generator)
            }
            let parts = split(
                ids, tags: several, startsInReasoning: Bool.random(using: &generator))
            #expect(parts.count == ids.count)
        }
    }
}
